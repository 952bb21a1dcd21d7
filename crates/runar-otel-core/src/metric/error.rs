//! What can be wrong with a declaration.

use std::panic::Location;

use super::InstrumentKind;

/// Why a metric was refused, or was not registered as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name breaks the syntax.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The unit breaks the syntax.
    #[error("metric `{name}`: {error}")]
    Unit {
        /// The metric.
        name: String,
        /// What is wrong with its unit.
        #[source]
        error: UnitError,
    },
    /// The bucket bounds are not usable.
    #[error("metric `{name}`: {error}")]
    Buckets {
        /// The metric.
        name: String,
        /// What is wrong with its bounds.
        #[source]
        error: BoundsError,
    },
    /// A label has no name.
    #[error("metric `{name}` has a label without a name: expected at least one character")]
    EmptyLabel {
        /// The metric.
        name: String,
    },
    /// A label has a name that the exposition needs for itself.
    #[error(
        "metric `{name}` has a label `{label}`, which every histogram has for its buckets: expected another name"
    )]
    ReservedLabel {
        /// The metric.
        name: String,
        /// The label.
        label: String,
    },
    /// The name is taken by a metric of another kind.
    #[error(
        "metric `{name}` at {at} is a {kind:?}, but {first_at} registered it as a {first:?}: expected one kind per name, the first one stays"
    )]
    Kind {
        /// The metric.
        name: String,
        /// What was asked for.
        kind: InstrumentKind,
        /// Where.
        at: &'static Location<'static>,
        /// What the name stands for.
        first: InstrumentKind,
        /// Where that was said.
        first_at: &'static Location<'static>,
    },
    /// The name is taken by a metric with another unit.
    #[error(
        "metric `{name}` at {at} has unit `{unit}`, but {first_at} registered it with `{first}`: expected one unit per name, the first one stays"
    )]
    UnitConflict {
        /// The metric.
        name: String,
        /// What was asked for.
        unit: String,
        /// Where.
        at: &'static Location<'static>,
        /// The unit of the name.
        first: String,
        /// Where that was said.
        first_at: &'static Location<'static>,
    },
}

/// Which rule a metric's name breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing there.
    #[error("metric name is empty: expected a letter first")]
    Empty,
    /// Does not start with a letter.
    #[error("metric name `{name}` starts with `{found}`: expected a letter")]
    FirstCharacter {
        /// The name.
        name: String,
        /// What it starts with.
        found: char,
    },
    /// Has a character that names cannot have.
    #[error(
        "metric name `{name}` has `{found}` at position {position}: expected letters, digits, `_`, `.`, `-` or `/`"
    )]
    Character {
        /// The name.
        name: String,
        /// The character.
        found: char,
        /// Its position in characters, from 0.
        position: usize,
    },
    /// Too long.
    #[error("metric name `{name}` has {length} characters: expected at most 255")]
    Length {
        /// The name.
        name: String,
        /// Its length.
        length: usize,
    },
}

/// Which rule a unit breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Not ASCII.
    #[error("unit `{unit}` is not ASCII: expected a UCUM code such as `s`, `By` or `{{request}}`")]
    Character {
        /// The unit.
        unit: String,
    },
    /// Too long.
    #[error("unit `{unit}` has {length} characters: expected at most 63")]
    Length {
        /// The unit.
        unit: String,
        /// Its length.
        length: usize,
    },
}

/// What is wrong with bucket bounds.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundsError {
    /// Not a number, or infinite.
    #[error("bucket bound {bound} is not finite: expected numbers (`+Inf` is implied at the end)")]
    NotFinite {
        /// The bound.
        bound: f64,
    },
    /// Not strictly ascending.
    #[error("bucket bounds must increase: {bound} follows {before}")]
    NotIncreasing {
        /// The bound.
        bound: f64,
        /// The one before it.
        before: f64,
    },
}

/// What contradicts itself in a view.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// Selects nothing.
    #[error("view has an empty pattern: expected a metric name, or `*` for all")]
    EmptyPattern,
    /// Would give several metrics one name.
    #[error(
        "view `{pattern}` renames, but its pattern can select several metrics: expected a name without `*` and `?`"
    )]
    RenamesMany {
        /// The pattern.
        pattern: String,
    },
    /// An unusable limit.
    #[error("view `{pattern}` has limit {limit}: expected 1 to 1000000")]
    Limit {
        /// The pattern.
        pattern: String,
        /// The limit.
        limit: usize,
    },
    /// Unusable bounds.
    #[error("view `{pattern}`: {error}")]
    Buckets {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        #[source]
        error: BoundsError,
    },
    /// Unusable parameters of an exponential histogram.
    #[error(
        "view `{pattern}` has an exponential histogram of size {max_size} and scale {max_scale}: expected a size of 2 or more and a scale of -10 to 20"
    )]
    Exponential {
        /// The pattern.
        pattern: String,
        /// Buckets per range.
        max_size: u32,
        /// The finest scale.
        max_scale: i8,
    },
}
