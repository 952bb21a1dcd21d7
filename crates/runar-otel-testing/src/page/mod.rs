//! The page that Prometheus scrapes, read back.

mod family;
mod line;
mod parse;
mod series;

pub use self::{
    family::{Family, PageExemplar, Sample},
    parse::ParseError,
};

use std::fmt;

use crate::{
    metrics::Metrics,
    series::{Labels, Series},
};

/// A page in OpenMetrics 1.0 or in the text format 0.0.4, read into families and samples.
///
/// # Examples
/// ```
/// use runar_otel_testing::Page;
///
/// let page = Page::parse(concat!(
///     "# TYPE duration_seconds histogram\n",
///     "# UNIT duration_seconds seconds\n",
///     "duration_seconds_bucket{le=\"0.5\"} 1 # {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 0.3\n",
///     "duration_seconds_bucket{le=\"+Inf\"} 1\n",
///     "duration_seconds_sum 0.3\n",
///     "duration_seconds_count 1\n",
///     "# EOF\n",
/// ))?;
/// assert_eq!(page.family("duration_seconds").unwrap().unit, "seconds");
/// let bucket = page.sample("duration_seconds_bucket", &[("le", "0.5")]).unwrap();
/// assert_eq!(bucket.value, 1.0);
/// assert_eq!(bucket.exemplar.as_ref().unwrap().value, 0.3);
/// # Ok::<(), runar_otel_testing::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    text: String,
    families: Vec<Family>,
}

impl Page {
    /// Reads a page. A page that ends with `# EOF` is OpenMetrics, any other the text format 0.0.4.
    ///
    /// # Errors
    /// When a line belongs to neither format; a counter in OpenMetrics whose sample lacks `_total` is such a line.
    pub fn parse(text: impl Into<String>) -> Result<Self, ParseError> {
        let text = text.into();
        let families = parse::families(&text)?;
        Ok(Self { text, families })
    }

    /// Returns the page as it was served.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the families, in the order of the page.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Returns the family of this name. In OpenMetrics the name for a counter lacks `_total`, in 0.0.4 it has it.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// Returns the first sample of this name, suffix included, that has at least these labels.
    #[must_use]
    pub fn sample(&self, name: &str, labels: &[(&str, &str)]) -> Option<&Sample> {
        let all = self.families.iter().flat_map(|family| &family.samples);
        let has = |there: &Labels, (name, value): &(&str, &str)| {
            there.get(*name).is_some_and(|there| there == value)
        };
        all.into_iter().find(|sample| {
            sample.name == name && labels.iter().all(|label| has(&sample.labels, label))
        })
    }
}

impl Metrics for Page {
    fn series(&self) -> Vec<Series> {
        self.families.iter().flat_map(series::of).collect()
    }
}

/// Writes the page as it was served.
impl fmt::Display for Page {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}
