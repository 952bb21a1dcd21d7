//! Changes of a series. Each kind of change has a usual kind of cell, which takes it without a call.

use super::{
    cell::{CellShape, Meeting},
    object::SeriesCell,
};
use crate::metric::number::{NumberKind, Value};

/// A change of a series.
pub(crate) trait Change: Copy {
    /// Changes the cell if it is of the usual kind, for which no call is needed (`tests/instructions`: *counter*, *gauge*,
    /// *histogram*).
    #[inline]
    fn apply_at_once(self, _: &SeriesCell, _: &CellShape) -> Option<Meeting> {
        None
    }

    /// Changes the cell if it is of any other kind.
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Meeting;

    /// Changes the cell. Inlined, so that the usual kind needs no call here either: a record with labels pays with a copy
    /// of the code per kind of change (`tests/instructions`, *counter labels*).
    #[inline(always)]
    fn apply(self, cell: &SeriesCell, shape: &CellShape) -> Meeting {
        match self.apply_at_once(cell, shape) {
            Some(meeting) => meeting,
            None => self.apply_otherwise(cell, shape),
        }
    }

    /// The bits of the value, in the number type of the stream.
    fn bits(self, number: NumberKind) -> u64;

    /// The amount by which a level goes up or down; `None` if the level is set.
    #[inline]
    fn by(self) -> Option<Value> {
        None
    }

    /// Returns the change with its outcome.
    #[inline]
    fn with_meeting(self, number: NumberKind, meeting: Meeting) -> AppliedChange {
        AppliedChange {
            bits: self.bits(number),
            meeting,
            by: self.by(),
        }
    }
}

/// A change that was made, and its outcome.
#[derive(Clone, Copy)]
pub(crate) struct AppliedChange {
    pub(super) bits: u64,
    pub(super) meeting: Meeting,
    /// The amount by which a level went up or down; `None` if the level was set.
    pub(super) by: Option<Value>,
}

/// A measurement, by the bits of its value; mostly of a sum.
#[derive(Clone, Copy)]
pub(crate) struct SumValue(pub(crate) u64);

impl Change for SumValue {
    #[inline(always)]
    fn apply_at_once(self, cell: &SeriesCell, shape: &CellShape) -> Option<Meeting> {
        cell.add_at_once(shape, self.0)
    }

    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Meeting {
        cell.update_otherwise(shape, self.0)
    }

    #[inline]
    fn bits(self, _: NumberKind) -> u64 {
        self.0
    }
}

/// A measurement, by the bits of its value; mostly of a histogram.
#[derive(Clone, Copy)]
pub(crate) struct HistogramValue(pub(crate) u64);

impl Change for HistogramValue {
    #[inline(always)]
    fn apply_at_once(self, cell: &SeriesCell, shape: &CellShape) -> Option<Meeting> {
        cell.observe_at_once(shape, self.0)
    }

    /// Records by the kind of the cell: a view can turn a histogram into an exponential one, or into a sum.
    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Meeting {
        cell.update(shape, self.0)
    }

    #[inline]
    fn bits(self, _: NumberKind) -> u64 {
        self.0
    }
}

/// A new value of a level, by its bits.
#[derive(Clone, Copy)]
pub(crate) struct LevelValue(pub(crate) u64);

impl Change for LevelValue {
    #[inline(always)]
    fn apply_at_once(self, cell: &SeriesCell, shape: &CellShape) -> Option<Meeting> {
        cell.set_at_once(shape, self.0)
    }

    /// Records by the kind of the cell: a view can turn a gauge into a sum.
    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Meeting {
        cell.update(shape, self.0)
    }

    #[inline]
    fn bits(self, _: NumberKind) -> u64 {
        self.0
    }
}

/// A value by which a level goes up or down.
#[derive(Clone, Copy)]
pub(crate) struct LevelStep(pub(crate) Value);

impl Change for LevelStep {
    #[inline]
    fn by(self) -> Option<Value> {
        Some(self.0)
    }

    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Meeting {
        cell.adjust(shape.number, self.0);
        Meeting::Nobody
    }

    #[inline]
    fn bits(self, number: NumberKind) -> u64 {
        self.0.bits(number)
    }
}
