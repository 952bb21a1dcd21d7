//! Walks: a consumer reads all series of a stream.

use std::{
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use super::{
    cell::CellKind,
    delivery::{CellValue, Reading},
    object::{Extras, Series},
    progress::Walk,
    stream::Stream,
    value::{ExponentialHistogram, Histogram, Number},
};
use crate::{exemplar::Exemplar, labels::LabelSet};

/// A consumer, as known to a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    /// The number of consumers that want deltas of the stream. May grow, never shrink.
    pub deltas: usize,
    /// The index of this consumer among those that want deltas; `None` for a consumer of totals.
    pub slot: Option<usize>,
}

impl Stream {
    /// Reads all sums or levels. New series may come meanwhile; they do not wait.
    pub fn numbers(
        &self,
        consumer: Consumer,
        time: SystemTime,
        each: impl FnMut(&LabelSet, Reading<Number>),
    ) {
        self.walk(consumer, time, each);
    }

    /// Reads all histograms with explicit buckets.
    pub fn histograms(
        &self,
        consumer: Consumer,
        time: SystemTime,
        each: impl FnMut(&LabelSet, Reading<Histogram>),
    ) {
        self.walk(consumer, time, each);
    }

    /// Reads all exponential histograms.
    pub fn exponentials(
        &self,
        consumer: Consumer,
        time: SystemTime,
        each: impl FnMut(&LabelSet, Reading<ExponentialHistogram>),
    ) {
        self.walk(consumer, time, each);
    }

    fn walk<V: CellValue>(
        &self,
        consumer: Consumer,
        time: SystemTime,
        mut each: impl FnMut(&LabelSet, Reading<V>),
    ) {
        let Some(mut walks) = self.lock_walks() else {
            return;
        };
        self.expect_deltas(consumer.deltas);
        let (all, departed) = {
            let inner = self.lock();
            let departed: Vec<Arc<Series>> = inner.departed.values().cloned().collect();
            (inner.members.all(), departed)
        };
        if !self.is_attached() {
            return;
        }
        let time = self.time_of(time);
        let walk = consumer.slot.map(|slot| walks.begin(slot, time));
        for series in all.iter().chain(self.overflow.get()) {
            if series.is_live()
                && let Some(reading) = self.read(series, (consumer.deltas, walk), time)
            {
                each(series.labels(), reading);
            }
        }
        let Some(walk) = walk else { return };
        for series in departed.iter().filter(|series| !series.is_live()) {
            let Some(extras) = series.extras() else {
                continue;
            };
            let mut deliveries = extras.lock();
            let delivery = V::delivery(&mut deliveries);
            let last = delivery.and_then(|delivery| delivery.hand_out_all(walk, &self.shape));
            if let Some(last) = last {
                each(series.labels(), last);
            }
        }
    }

    /// Collects the reservoir, then reads the cell, so that the value contains every collected exemplar. In the other
    /// order an exemplar could be newer than its point.
    fn read<V: CellValue>(
        &self,
        series: &Series,
        (deltas, walk): (usize, Option<Walk>),
        time: SystemTime,
    ) -> Option<Reading<V>> {
        let (cell, shape, start) = (&series.cell, &self.shape, series.start());
        let Some(extras) = self.extras_of(series, deltas) else {
            let value = V::read(cell, shape);
            series.note(value.fingerprint(), time);
            return Some(Reading {
                value,
                start,
                time: time.max(start),
                exemplars: Vec::new(),
            });
        };
        let collected = extras.reservoir.collect();
        let mut deliveries = extras.lock();
        let delivery = V::delivery(&mut deliveries)?;
        delivery.keep_exemplars(cell, shape, collected);
        let value = if deltas > 0 && self.is_taken() {
            delivery.take(cell, shape, deltas);
            // And what came since: counted there, taken with the next walk.
            let mut total = delivery.total().clone();
            total.absorb(&V::read(cell, shape), shape.max_size);
            total
        } else {
            delivery.open_windows(deltas);
            V::read(cell, shape)
        };
        series.note(value.fingerprint(), time);
        match walk {
            Some(walk) => delivery.hand_out(walk, shape),
            None => Some(delivery.cumulative(value, start, time)),
        }
    }

    /// Returns the extras of a series, which are made if the stream has consumers of deltas; `None` if it has no such
    /// consumer and the series no extras.
    fn extras_of<'s>(&self, series: &'s Series, deltas: usize) -> Option<&'s Extras> {
        if deltas > 0 {
            return Some(series.make_extras(&self.shape));
        }
        series.extras()
    }

    /// True if a consumer of deltas takes the cells: not those of a level, which have no deltas, and not the totals
    /// that callbacks observe.
    pub(super) fn is_taken(&self) -> bool {
        !self.is_level() && !self.is_observed()
    }

    /// True if the cells hold totals that callbacks observe.
    pub(super) fn is_observed(&self) -> bool {
        let sums = matches!(self.shape.kind, CellKind::Counter | CellKind::UpDown);
        self.rules.plan.kind.is_observable() && sums
    }

    /// Forgets the values that the last walk handed out to a consumer of deltas.
    pub fn acknowledge(&self, slot: usize) {
        let Some(mut walks) = self.lock_walks() else {
            return;
        };
        let walk = walks.acknowledge(slot);
        let has_debt = |series: &Series| {
            let Some(extras) = series.extras() else {
                return false;
            };
            let mut deliveries = extras.lock();
            deliveries.acknowledge(slot, walk);
            deliveries.has_debt()
        };
        // Under one lock: the debts of a set that comes back are in one of both.
        let (all, settled) = {
            let mut inner = self.lock();
            let settled = inner.departed.extract_if(|_, series| !has_debt(series));
            let settled: Vec<_> = settled.collect();
            (inner.members.all(), settled)
        };
        drop(settled);
        for series in all.iter().chain(self.overflow.get()) {
            if let Some(extras) = series.extras() {
                extras.lock().acknowledge(slot, walk);
            }
        }
    }

    /// Takes the exemplars that the reservoirs hold, per series.
    pub fn take_exemplars(&self) -> Vec<(LabelSet, Vec<Exemplar>)> {
        let Some(_alone) = self.lock_walks() else {
            return Vec::new();
        };
        let all = self.lock().members.all();
        let series = all.iter().chain(self.overflow.get());
        let collected = series.filter_map(|series: &Arc<Series>| {
            let exemplars = series.extras()?.reservoir.collect();
            (!exemplars.is_empty()).then(|| (series.labels().clone(), exemplars))
        });
        collected.collect()
    }

    /// The number of series, without the overflow series.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().members.len()
    }

    /// True if there is no series.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Extras {
    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, super::delivery::SeriesDelivery> {
        self.delivery.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider as _;

    use super::*;
    use crate::gate::{Gate, GateOptions, Streams};

    /// Windows of one consumer must not overlap, or a receiver counts a part of them twice.
    #[test]
    fn a_clock_that_goes_back_makes_no_overlapping_deltas() {
        let streams = Streams::new(GateOptions::default());
        let counter = Gate::new(streams.clone()).meter("tests");
        let counter = counter.u64_counter("m").build();
        let stream = streams.all().pop().unwrap();
        let consumer = Consumer {
            deltas: 1,
            slot: Some(0),
        };
        let began = SystemTime::now();
        let mut last = None;
        for second in [10, 5, 7, 12] {
            counter.add(1, &[]);
            let time = began + std::time::Duration::from_secs(second);
            let mut window = None;
            stream.numbers(consumer, time, |_, reading| {
                window = Some((reading.start, reading.time));
            });
            stream.acknowledge(0);
            let (start, end) = window.unwrap();
            assert!(start <= end, "{start:?} to {end:?}");
            if let Some(last) = last {
                assert_eq!(start, last, "at second {second}");
            }
            last = Some(end);
        }
        assert_eq!(last, Some(began + std::time::Duration::from_secs(12)));
    }
}
