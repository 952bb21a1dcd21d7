//! The parts of a snapshot that an exposition leaves out.

use std::{fmt, hash::Hash, mem};

/// A part of a snapshot that a Prometheus format cannot express; the rest is written.
///
/// A problem comes back with every scrape until its cause is gone: report each one once, by its [`key`](Self::key).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// A metric was dropped: a family of that name has another type.
    TypeConflict {
        /// The name of the family.
        family: String,
        /// The name of the dropped metric in OTLP.
        metric: String,
    },
    /// A metric was dropped: its samples would have the name of another family's samples.
    NameClash {
        /// The name of the family that stays.
        family: String,
        /// The name of the dropped metric in OTLP.
        metric: String,
    },
    /// A metric was dropped: it holds deltas, and Prometheus wants totals.
    Delta {
        /// The name of the dropped metric in OTLP.
        metric: String,
    },
    /// A description was dropped: the family has another one.
    HelpConflict {
        /// The name of the family.
        family: String,
    },
    /// A unit was dropped: the family has another one.
    UnitConflict {
        /// The name of the family.
        family: String,
    },
    /// Series were dropped: the family has their labels already. Values that count are added up, if one metric has
    /// them all and histograms have the same bounds.
    DuplicateSeries {
        /// The name of the family.
        family: String,
        /// The name of the metric in OTLP, whose other series are written.
        metric: String,
        /// The labels of the first series that was dropped, as on the page.
        labels: String,
    },
    /// Values were dropped: the format forbids negative values and NaN there.
    ForbiddenValue {
        /// The name of the family.
        family: String,
    },
}

impl Problem {
    /// Returns the part of the problem that stays the same from page to page: its kind, and the names of family and
    /// metric.
    #[must_use]
    pub fn key(&self) -> impl Hash + PartialEq + '_ {
        let (family, metric) = match self {
            Self::TypeConflict { family, metric }
            | Self::NameClash { family, metric }
            | Self::DuplicateSeries { family, metric, .. } => (family.as_str(), metric.as_str()),
            Self::Delta { metric } => ("", metric.as_str()),
            Self::HelpConflict { family }
            | Self::UnitConflict { family }
            | Self::ForbiddenValue { family } => (family.as_str(), ""),
        };
        (mem::discriminant(self), family, metric)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TypeConflict { family, metric } => write!(
                out,
                "metric `{metric}` dropped: expected the type of the family `{family}`"
            ),
            Self::NameClash { family, metric } => write!(
                out,
                "metric `{metric}` dropped: expected a name apart from the samples of the family `{family}`"
            ),
            Self::Delta { metric } => write!(
                out,
                "metric `{metric}` dropped: expected cumulative values, found deltas"
            ),
            Self::HelpConflict { family } => write!(
                out,
                "description dropped: expected one per family, `{family}` has another"
            ),
            Self::UnitConflict { family } => write!(
                out,
                "unit dropped: expected one per family, `{family}` has another"
            ),
            Self::DuplicateSeries {
                family,
                metric,
                labels,
            } => write!(
                out,
                "series `{{{labels}}}` of metric `{metric}` dropped: the family `{family}` has these labels already, \
                 expected values that add up"
            ),
            Self::ForbiddenValue { family } => write!(
                out,
                "value dropped: expected a number of zero or more in the family `{family}`"
            ),
        }
    }
}

/// Adds a problem unless one of its key is there.
pub(crate) fn add_once(problems: &mut Vec<Problem>, problem: Problem) {
    if !problems.iter().any(|known| known.key() == problem.key()) {
        problems.push(problem);
    }
}
