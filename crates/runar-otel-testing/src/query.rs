//! The query: a name and labels that select series.

use std::fmt;

use crate::series::{Labels, Series, write_labels};

/// The prefix of labels that name the origin of a series; `exactly` ignores these labels.
const ORIGIN: &str = "otel_scope_";

/// A name and labels that a series must have, all of its labels or only some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Name of the metric, compared as a whole.
    pub name: String,
    /// Labels that a series must have.
    pub labels: Labels,
    /// The rule for other labels, which are allowed by default.
    pub extent: Extent,
}

/// The rule for labels of a series that the query does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// Other labels are allowed, the default.
    #[default]
    AtLeast,
    /// Other labels are not allowed; labels that a page adds for the scope (`otel_scope_…`) do not count.
    Exactly,
}

impl Query {
    /// Makes a query for all series of a name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Requires a label with this value.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.labels.insert(name.into(), value.to_string());
        self
    }

    /// Requires several labels with their values.
    #[must_use]
    pub fn labels(self, labels: &[(&str, &str)]) -> Self {
        let labels = labels.iter();
        labels.fold(self, |query, (name, value)| query.label(*name, value))
    }

    /// Allows no other labels, see [`Extent::Exactly`].
    #[must_use]
    pub fn exactly(mut self) -> Self {
        self.extent = Extent::Exactly;
        self
    }

    /// True if a series has the name and labels of the query.
    #[must_use]
    pub fn matches(&self, series: &Series) -> bool {
        series.name == self.name && self.missed(series) == 0
    }

    /// Returns the number of labels that are missing, have another value, or are not allowed.
    pub(crate) fn missed(&self, series: &Series) -> usize {
        let there = |(name, value): &(&String, &String)| series.labels.get(*name) == Some(value);
        let missing = self.labels.iter().filter(|label| !there(label)).count();
        let foreign =
            |name: &&String| !name.starts_with(ORIGIN) && !self.labels.contains_key(*name);
        match self.extent {
            Extent::AtLeast => missing,
            Extent::Exactly => missing + series.labels.keys().filter(foreign).count(),
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        write_labels(out, &self.labels)?;
        match self.extent {
            Extent::AtLeast => Ok(()),
            Extent::Exactly if self.labels.is_empty() => out.write_str(" without labels"),
            Extent::Exactly => out.write_str(" without further labels"),
        }
    }
}
