//! Meetings: threads that write to one cell at the same time.

/// The meetings of threads between two collections that make a cell striped. A single meeting does not count: a
/// collection that takes a window looks like one.
pub(crate) const MEETINGS: u8 = 4;

/// The outcome of a write to a cell: another thread was met there, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Meeting {
    Nobody,
    /// A second thread wrote, and there are no stripes yet.
    Somebody,
}
