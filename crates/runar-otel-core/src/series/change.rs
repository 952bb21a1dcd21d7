//! Changes of a series. Each kind of change has a usual kind of cell, which takes it without a call.

use super::{
    cell::{CellShape, Met},
    object::SeriesCell,
};
use crate::metric::number::{NumberKind, Value};

/// A change of a series.
pub(crate) trait Change: Copy {
    /// Changes the cell if it is of the usual kind, for which no call is needed.
    #[inline]
    fn apply_at_once(self, _: &SeriesCell, _: &CellShape) -> Option<Met> {
        None
    }

    /// Changes the cell if it is of any other kind.
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Met;

    /// Changes the cell.
    #[inline(always)]
    fn apply(self, cell: &SeriesCell, shape: &CellShape) -> Met {
        match self.apply_at_once(cell, shape) {
            Some(met) => met,
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
    fn made(self, number: NumberKind, met: Met) -> Made {
        Made {
            bits: self.bits(number),
            met,
            by: self.by(),
        }
    }
}

/// A change that was made, and its outcome.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    pub(super) bits: u64,
    pub(super) met: Met,
    /// The amount by which a level went up or down; `None` if the level was set.
    pub(super) by: Option<Value>,
}

/// A measurement, by the bits of its value; mostly of a sum.
#[derive(Clone, Copy)]
pub(crate) struct Recorded(pub(crate) u64);

impl Change for Recorded {
    #[inline(always)]
    fn apply_at_once(self, cell: &SeriesCell, shape: &CellShape) -> Option<Met> {
        cell.add_at_once(shape, self.0)
    }

    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Met {
        cell.record_otherwise(shape, self.0)
    }

    #[inline]
    fn bits(self, _: NumberKind) -> u64 {
        self.0
    }
}

/// A measurement, by the bits of its value; mostly of a histogram.
#[derive(Clone, Copy)]
pub(crate) struct Observed(pub(crate) u64);

impl Change for Observed {
    #[inline(always)]
    fn apply_at_once(self, cell: &SeriesCell, shape: &CellShape) -> Option<Met> {
        cell.observe_at_once(shape, self.0)
    }

    /// Records by the kind of the cell: a view can turn a histogram into an exponential one, or into a sum.
    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Met {
        cell.record(shape, self.0)
    }

    #[inline]
    fn bits(self, _: NumberKind) -> u64 {
        self.0
    }
}

/// A new value of a level, by its bits.
#[derive(Clone, Copy)]
pub(crate) struct Set(pub(crate) u64);

impl Change for Set {
    #[inline(always)]
    fn apply_at_once(self, cell: &SeriesCell, shape: &CellShape) -> Option<Met> {
        cell.set_at_once(shape, self.0)
    }

    /// Records by the kind of the cell: a view can turn a gauge into a sum.
    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Met {
        cell.record(shape, self.0)
    }

    #[inline]
    fn bits(self, _: NumberKind) -> u64 {
        self.0
    }
}

/// A value by which a level goes up or down.
#[derive(Clone, Copy)]
pub(crate) struct Adjusted(pub(crate) Value);

impl Change for Adjusted {
    #[inline]
    fn by(self) -> Option<Value> {
        Some(self.0)
    }

    #[inline]
    fn apply_otherwise(self, cell: &SeriesCell, shape: &CellShape) -> Met {
        cell.adjust(shape.number, self.0);
        Met::Nobody
    }

    #[inline]
    fn bits(self, number: NumberKind) -> u64 {
        self.0.bits(number)
    }
}
