//! A bound series: the record of a handle.

use std::sync::Arc;

use super::{
    cell::{CellKind, Meeting},
    change::{AppliedChange, Change, HistogramValue, LevelStep, LevelValue, SumValue},
    object::Series,
    stream::Stream,
};
use crate::{
    exemplar::{ExemplarFilter, MeasuredLabels, may_be_sampled},
    labels::LabelSet,
    metric::number::Value,
};

/// A series with its stream.
#[derive(Debug)]
pub(crate) struct BoundSeries {
    pub(crate) stream: Arc<Stream>,
    pub(crate) series: Arc<Series>,
}

impl BoundSeries {
    pub(crate) fn new(stream: &Arc<Stream>, labels: &LabelSet) -> Self {
        Self {
            series: stream.series(labels),
            stream: stream.clone(),
        }
    }

    /// Records a value by its bits, in the number type of the stream. `given` are the labels before any view, if they
    /// may differ from those of the series: exemplars keep them.
    ///
    /// Not inlined, like [`observe`](Self::observe) and [`set`](Self::set): each is one short function that all handles
    /// share, and the handle calls it last (`tests/instructions`: *counter*, *histogram*, *gauge*).
    #[inline(never)]
    pub(crate) fn record<'l>(&self, bits: u64, given: impl FnOnce() -> Option<&'l LabelSet>) {
        self.change(SumValue(bits), given);
    }

    /// Records a value that mostly goes into a histogram, see [`record`](Self::record).
    #[inline(never)]
    pub(crate) fn observe<'l>(&self, bits: u64, given: impl FnOnce() -> Option<&'l LabelSet>) {
        self.change(HistogramValue(bits), given);
    }

    /// Sets a value that mostly goes into a level, see [`record`](Self::record).
    #[inline(never)]
    pub(crate) fn set<'l>(&self, bits: u64, given: impl FnOnce() -> Option<&'l LabelSet>) {
        self.change(LevelValue(bits), given);
    }

    /// Records a value by the kind of the series.
    #[inline]
    pub(crate) fn measure(&self, bits: u64, given: Option<&LabelSet>) {
        match self.stream.shape.kind {
            CellKind::Counter | CellKind::UpDown => self.record(bits, || given),
            CellKind::Level => self.set(bits, || given),
            CellKind::Buckets | CellKind::Exponential => self.observe(bits, || given),
        }
    }

    /// Moves a level up or down.
    pub(crate) fn adjust(&self, by: Value) {
        self.change_otherwise(LevelStep(by), None);
    }

    /// Records in the usual case and nothing else: all the rest is behind one call, which is the last thing done, so
    /// that no register needs to be saved. The functions below are therefore not inlined; their cases cost a call
    /// (`benches/record`, *counter, handle*; `tests/instructions`, *counter* and *counter, sampled span*).
    #[inline(always)]
    fn change<'l>(&self, change: impl Change, given: impl FnOnce() -> Option<&'l LabelSet>) {
        let stream = &*self.stream;
        match change.apply_at_once(&self.series.cell, &stream.shape) {
            Some(Meeting::Nobody) if !self.series.is_special() => {
                let change = change.with_meeting(stream.rules.number, Meeting::Nobody);
                match stream.rules.exemplars {
                    ExemplarFilter::AlwaysOff => {}
                    ExemplarFilter::AlwaysOn => self.finish_change(change, given()),
                    ExemplarFilter::TraceBased => self.offer_in_span(change, given()),
                }
            }
            Some(meeting) => {
                self.finish_change(change.with_meeting(stream.rules.number, meeting), given());
            }
            None => self.change_otherwise(change, given()),
        }
    }

    #[inline(never)]
    fn offer_in_span(&self, change: AppliedChange, given: Option<&LabelSet>) {
        if may_be_sampled() {
            self.finish_change(change, given);
        }
    }

    #[inline(never)]
    fn change_otherwise(&self, change: impl Change, given: Option<&LabelSet>) {
        let stream = &*self.stream;
        let meeting = change.apply_otherwise(&self.series.cell, &stream.shape);
        if meeting == Meeting::Somebody || !stream.is_plain(&self.series) {
            self.finish_change(change.with_meeting(stream.rules.number, meeting), given);
        }
    }

    #[inline(never)]
    fn finish_change(&self, change: AppliedChange, given: Option<&LabelSet>) {
        let origin = MeasuredLabels::Set(given.unwrap_or_else(|| self.series.labels()));
        self.stream.finish_change(&self.series, change, origin);
    }
}
