//! The urgency of an export.

/// The urgency of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Urgency {
    /// The process runs on: attempts continue until the time is up.
    #[default]
    Calm,
    /// The process ends: a receiver to which there is no connection is given up at once.
    Last,
}
