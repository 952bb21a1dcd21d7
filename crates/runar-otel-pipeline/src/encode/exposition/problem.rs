//! The parts of a snapshot that an exposition leaves out.

use std::fmt;

/// A part of a snapshot that a Prometheus format cannot express; the rest is written.
///
/// A problem comes back with every scrape until its cause is gone: report each one once. Problems name families, never
/// label sets, so that there are few.
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
    /// Series were dropped: the family has their label sets already.
    DuplicateSeries {
        /// The name of the family.
        family: String,
    },
    /// Values were dropped: the format forbids negative values and NaN there.
    ForbiddenValue {
        /// The name of the family.
        family: String,
    },
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
            Self::DuplicateSeries { family } => write!(
                out,
                "series dropped: expected each label set once in the family `{family}`"
            ),
            Self::ForbiddenValue { family } => write!(
                out,
                "value dropped: expected a number of zero or more in the family `{family}`"
            ),
        }
    }
}

/// Adds a problem that is not there yet.
pub(crate) fn add_once(problems: &mut Vec<Problem>, problem: Problem) {
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}
