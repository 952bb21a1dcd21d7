//! Meetings: threads that write to one cell at the same time.

/// A thread that meets another one so often between two collections makes the cell striped. One meeting is none: a
/// collection that takes a window looks like one.
pub(crate) const MEETINGS: u8 = 4;

/// The outcome of a write to a cell: another thread was met there, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Met {
    Nobody,
    /// Another thread, where there are no stripes yet.
    Somebody,
}
