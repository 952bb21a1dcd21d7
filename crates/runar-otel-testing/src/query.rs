//! The query: which series are meant.

use std::fmt;

use crate::series::{Labels, Series, write_labels};

/// Labels that tell where a series comes from rather than what it counts; `exactly` looks past them.
const ORIGIN: &str = "otel_scope_";

/// A name and labels, all of them or only some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// The name.
    pub name: String,
    /// Labels that a series must have.
    pub labels: Labels,
    /// Whether it may have no others.
    pub extent: Extent,
}

/// Whether a series may have other labels than those that are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// It may.
    #[default]
    AtLeast,
    /// It may not; labels that a page adds to tell the scope (`otel_scope_…`) do not count.
    Exactly,
}

impl Query {
    /// Asks for all series of a name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Wants a label with this value.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.labels.insert(name.into(), value.to_string());
        self
    }

    /// Wants several labels.
    #[must_use]
    pub fn labels(self, labels: &[(&str, &str)]) -> Self {
        let labels = labels.iter();
        labels.fold(self, |query, (name, value)| query.label(*name, value))
    }

    /// Wants no other labels.
    #[must_use]
    pub fn exactly(mut self) -> Self {
        self.extent = Extent::Exactly;
        self
    }

    /// Tells whether a series is meant.
    #[must_use]
    pub fn matches(&self, series: &Series) -> bool {
        series.name == self.name && self.missed(series) == 0
    }

    /// How many labels of a series are not as they are wanted.
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
