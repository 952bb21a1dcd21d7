//! Errors of registrations and views.

use std::panic::Location;

use super::InstrumentKind;

/// The reason that a metric was refused, or was not registered as requested.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name breaks the syntax.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The unit breaks the syntax.
    #[error("metric `{name}`: {error}")]
    Unit {
        /// Name of the metric.
        name: String,
        /// The rule that the unit breaks.
        #[source]
        error: UnitError,
    },
    /// The bucket bounds are not usable.
    #[error("metric `{name}`: {error}")]
    Buckets {
        /// Name of the metric.
        name: String,
        /// The rule that the bounds break.
        #[source]
        error: BoundsError,
    },
    /// A label has no name.
    #[error("metric `{name}` has a label without a name: expected at least one character")]
    EmptyLabel {
        /// Name of the metric.
        name: String,
    },
    /// A label has a name that the exposition needs for itself.
    #[error(
        "metric `{name}` has a label `{label}`, which every histogram has for its buckets: expected another name"
    )]
    ReservedLabel {
        /// Name of the metric.
        name: String,
        /// Name of the label.
        label: String,
    },
    /// The name is taken by a metric of another kind.
    #[error(
        "metric `{name}` at {at} is a {kind:?}, but {first_at} registered it as a {first:?}: expected one kind per name, the first one stays"
    )]
    Kind {
        /// Name of the metric.
        name: String,
        /// The requested kind.
        kind: InstrumentKind,
        /// The place of the request.
        at: &'static Location<'static>,
        /// The registered kind, which stays.
        first: InstrumentKind,
        /// The place of the first registration.
        first_at: &'static Location<'static>,
    },
    /// The name is taken by a metric with another unit.
    #[error(
        "metric `{name}` at {at} has unit `{unit}`, but {first_at} registered it with `{first}`: expected one unit per name, the first one stays"
    )]
    UnitConflict {
        /// Name of the metric.
        name: String,
        /// The requested unit.
        unit: String,
        /// The place of the request.
        at: &'static Location<'static>,
        /// The registered unit, which stays.
        first: String,
        /// The place of the first registration.
        first_at: &'static Location<'static>,
    },
}

/// The rule that the name of a metric breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name is empty.
    #[error("metric name is empty: expected a letter first")]
    Empty,
    /// The name does not start with a letter.
    #[error("metric name `{name}` starts with `{found}`: expected a letter")]
    FirstCharacter {
        /// The refused name.
        name: String,
        /// The first character.
        found: char,
    },
    /// The name has a character that is not allowed.
    #[error(
        "metric name `{name}` has `{found}` at position {position}: expected letters, digits, `_`, `.`, `-` or `/`"
    )]
    Character {
        /// The refused name.
        name: String,
        /// The first character that is not allowed.
        found: char,
        /// Position of the character in the name, from 0.
        position: usize,
    },
    /// More than 255 characters.
    #[error("metric name `{name}` has {length} characters: expected at most 255")]
    Length {
        /// The refused name.
        name: String,
        /// Length of the name in characters.
        length: usize,
    },
}

/// The rule that a unit breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// Characters beyond ASCII.
    #[error("unit `{unit}` is not ASCII: expected a UCUM code such as `s`, `By` or `{{request}}`")]
    Character {
        /// The refused unit.
        unit: String,
    },
    /// More than 63 characters.
    #[error("unit `{unit}` has {length} characters: expected at most 63")]
    Length {
        /// The refused unit.
        unit: String,
        /// Length of the unit in characters.
        length: usize,
    },
}

/// The rule that bucket bounds break.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoundsError {
    /// A bound is NaN or infinite.
    #[error("bucket bound {bound} is not finite: expected numbers (`+Inf` is implied at the end)")]
    NotFinite {
        /// The refused bound.
        bound: f64,
    },
    /// The bounds are not strictly ascending.
    #[error("bucket bounds must increase: {bound} follows {before}")]
    NotIncreasing {
        /// The first bound that is not greater than the one before.
        bound: f64,
        /// The bound before it.
        before: f64,
    },
}

/// The reason that a view is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The pattern is empty and selects nothing.
    #[error("view has an empty pattern: expected a metric name, or `*` for all")]
    EmptyPattern,
    /// The view would give several metrics one name.
    #[error(
        "view `{pattern}` renames, but its pattern can select several metrics: expected a name without `*` and `?`"
    )]
    RenamesMany {
        /// The pattern of the view.
        pattern: String,
    },
    /// An unusable limit.
    #[error("view `{pattern}` has limit {limit}: expected 1 to 1000000")]
    Limit {
        /// The pattern of the view.
        pattern: String,
        /// The refused limit, in label sets.
        limit: usize,
    },
    /// Unusable bucket bounds.
    #[error("view `{pattern}`: {error}")]
    Buckets {
        /// The pattern of the view.
        pattern: String,
        /// The rule that the bounds break.
        #[source]
        error: BoundsError,
    },
    /// Unusable parameters of an exponential histogram.
    #[error(
        "view `{pattern}` has an exponential histogram of size {max_size} and scale {max_scale}: expected a size of 2 or more and a scale of -10 to 20"
    )]
    Exponential {
        /// The pattern of the view.
        pattern: String,
        /// Buckets per range, 2 or more.
        max_size: u32,
        /// The finest scale, -10 to 20.
        max_scale: i8,
    },
}
