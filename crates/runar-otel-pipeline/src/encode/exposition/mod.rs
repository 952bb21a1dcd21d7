//! The exposition for Prometheus: OpenMetrics 1.0 with exemplars, and the text format 0.0.4 without.
//!
//! Names, labels and types follow the OpenTelemetry specification, compatibility: *Prometheus and OpenMetrics*, with
//! the strategy *UnderscoreEscapingWithSuffixes*.

pub(crate) mod bucket;
pub(crate) mod collision;
mod exemplar;
pub(crate) mod family;
pub(crate) mod format;
mod header;
pub(crate) mod label;
mod label_hashes;
mod label_templates;
mod name;
mod number;
mod problem;
mod sample_writer;
mod sanitize;
mod template;
mod unit;
mod value;

pub use format::Options;
pub use problem::Problem;
pub(crate) use value::text_of;

use self::{
    family::{Families, TARGET_INFO},
    format::Dialect,
    label::LabelRules,
    sample_writer::SampleWriter,
};
use crate::{
    encode::pair::pairs,
    snapshot::{Resource, Snapshot},
};

/// The content type of [`openmetrics`].
pub const OPENMETRICS_CONTENT_TYPE: &str =
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";

/// The content type of [`text`].
pub const TEXT_CONTENT_TYPE: &str =
    "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// A snapshot in a Prometheus format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposition {
    /// The text of the page.
    pub body: String,
    /// The parts that were left out; report each once.
    pub problems: Vec<Problem>,
}

/// Writes a snapshot of cumulative values as OpenMetrics 1.0 text, exemplars included.
///
/// Exponential histograms become classic ones with powers of two as bounds; gauges and summaries lose their
/// exemplars, which the format has no place for.
#[must_use]
pub fn openmetrics(snapshot: &Snapshot) -> Exposition {
    openmetrics_with(snapshot, &Options::default())
}

/// Like [`openmetrics`], with a choice of contents.
#[must_use]
pub fn openmetrics_with(snapshot: &Snapshot, options: &Options) -> Exposition {
    render(snapshot, options, Dialect::OpenMetrics)
}

/// Writes a snapshot of cumulative values in the Prometheus text format 0.0.4, which has no exemplars.
#[must_use]
pub fn text(snapshot: &Snapshot) -> Exposition {
    text_with(snapshot, &Options::default())
}

/// Like [`text`], with a choice of contents.
#[must_use]
pub fn text_with(snapshot: &Snapshot, options: &Options) -> Exposition {
    render(snapshot, options, Dialect::Text)
}

fn render(snapshot: &Snapshot, options: &Options, dialect: Dialect) -> Exposition {
    let mut families = Families::of(snapshot, options, dialect);
    let mut problems = std::mem::take(&mut families.problems);
    let mut body = String::new();
    if options.target_info {
        target_info(&mut body, &snapshot.resource, dialect);
    }
    let mut samples = SampleWriter::new(&mut body, &mut problems, &families, dialect, options);
    for family in &families.list {
        header::write(samples.out(), family, dialect);
        samples.write(family);
    }
    if dialect == Dialect::OpenMetrics {
        body.push_str("# EOF\n");
    }
    Exposition { body, problems }
}

/// Writes the resource as an info metric: OpenTelemetry specification, compatibility: *Resource Attributes*.
fn target_info(out: &mut String, resource: &Resource, dialect: Dialect) {
    let mut labels = Vec::new();
    label::collect(
        &mut labels,
        pairs(&resource.attributes),
        &[],
        LabelRules::default(),
    );
    if labels.is_empty() {
        return;
    }
    out.push_str(match dialect {
        Dialect::OpenMetrics => "# TYPE target info\n# HELP target Target metadata\n",
        Dialect::Text => "# HELP target_info Target metadata\n# TYPE target_info gauge\n",
    });
    out.push_str(TARGET_INFO);
    out.push('{');
    label::write(out, &labels);
    out.push_str("} 1\n");
}

#[cfg(test)]
mod tests;
