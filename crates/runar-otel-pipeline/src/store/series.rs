//! One series: its total, and for each delta consumer what it has not acknowledged.

use std::time::SystemTime;

use runar_otel_core::{attributes::Attributes, exemplar::Exemplar};

use super::{
    accumulate::{Accumulate, Rule},
    exemplars,
    observed::Observation,
};
use crate::snapshot::Point;

/// The window in which something was recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Its start.
    pub(super) start: SystemTime,
    /// The number of the collection that read it.
    pub(super) collection: u64,
}

/// One series.
#[derive(Debug)]
pub(super) struct Series<V> {
    total: V,
    start: SystemTime,
    /// `false` once it is gone and only still owes a consumer its last delta.
    live: bool,
    /// The collection that last saw it.
    seen: u64,
    /// The collection in which the SDK itself delivered exemplars.
    native: Option<u64>,
    exemplars: Vec<Exemplar>,
    pending: Vec<Pending<V>>,
}

/// What one delta consumer has not acknowledged.
#[derive(Debug)]
struct Pending<V> {
    /// The time of the point acknowledged last: where the next one starts, so that there is no gap.
    since: SystemTime,
    /// What was handed out and not acknowledged, and the time of that point.
    in_flight: Option<(V, SystemTime)>,
    /// What came after.
    newer: Option<V>,
}

impl<V: Accumulate> Series<V> {
    /// Begins a series for `consumers` delta consumers.
    pub(super) fn new(first: V, window: Window, consumers: usize) -> Self {
        let mut series = Self {
            total: first,
            start: window.start,
            live: true,
            seen: window.collection,
            native: None,
            exemplars: Vec::new(),
            pending: Vec::new(),
        };
        for _ in 0..consumers {
            series.owe_everything();
        }
        series
    }

    /// Adds a delta consumer, which gets the total so far as its first delta.
    pub(super) fn owe_everything(&mut self) {
        self.pending.push(Pending {
            since: self.start,
            in_flight: None,
            newer: self.live.then(|| self.total.clone()),
        });
    }

    /// Adds what was recorded in a window.
    pub(super) fn add(&mut self, delta: &V, window: Window, rule: &Rule) {
        self.seen = window.collection;
        if self.live {
            self.total.absorb(delta, rule);
            if delta.is_nothing() {
                return;
            }
        } else {
            self.begin_anew(delta.clone(), window);
        }
        self.owe(delta, rule);
    }

    /// Takes over the total that was observed in a window.
    pub(super) fn observe(&mut self, observed: Observation<V>, window: Window, rule: &Rule) {
        self.seen = window.collection;
        let Observation { total, delta } = observed;
        if self.live {
            if total.is_reset(&self.total, rule) {
                self.start = window.start;
            }
            self.total = total;
            if delta.is_nothing() {
                return;
            }
        } else {
            self.begin_anew(total, window);
        }
        self.owe(&delta, rule);
    }

    fn begin_anew(&mut self, total: V, window: Window) {
        self.live = true;
        self.start = window.start;
        self.total = total;
        self.exemplars.clear();
    }

    fn owe(&mut self, delta: &V, rule: &Rule) {
        for pending in &mut self.pending {
            match &mut pending.newer {
                Some(newer) => newer.absorb(delta, rule),
                None => pending.newer = Some(delta.clone()),
            }
        }
    }

    /// Takes exemplars from the SDK itself.
    pub(super) fn deliver_native(&mut self, delivered: Vec<Exemplar>, collection: u64) {
        if !delivered.is_empty() {
            self.native = Some(collection);
            self.total.keep(&mut self.exemplars, delivered);
        }
    }

    /// Takes exemplars from a reservoir, unless the SDK had some in the same collection.
    pub(super) fn deliver(&mut self, delivered: Vec<Exemplar>, collection: u64) {
        if !delivered.is_empty() && self.native != Some(collection) {
            self.total.keep(&mut self.exemplars, delivered);
        }
    }

    /// The total as it was observed last, `None` once the series has ended.
    pub(super) fn observed(&self) -> Option<&V> {
        self.live.then_some(&self.total)
    }

    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    pub(super) fn was_seen(&self, collection: u64) -> bool {
        self.seen == collection
    }

    /// Ends the series; what consumers have not acknowledged stays until they do.
    pub(super) fn depart(&mut self) {
        self.live = false;
    }

    /// Tells whether the entry is still needed.
    pub(super) fn is_needed(&self) -> bool {
        self.live
            || self
                .pending
                .iter()
                .any(|pending| pending.in_flight.is_some() || pending.newer.is_some())
    }

    /// The total, `None` once the series has ended.
    pub(super) fn total(&self, attributes: &Attributes, time: SystemTime) -> Option<Point<V>> {
        if !self.live {
            return None;
        }
        Some(Point {
            attributes: attributes.clone(),
            start: Some(self.start),
            time: time.max(self.start),
            value: self.total.clone(),
            exemplars: exemplars::of_point(&self.exemplars, Some(self.start), time, &self.total),
        })
    }

    /// What a delta consumer has not acknowledged, `None` if that is nothing.
    pub(super) fn hand_out(
        &mut self,
        slot: usize,
        attributes: &Attributes,
        time: SystemTime,
        rule: &Rule,
    ) -> Option<Point<V>> {
        let pending = self.pending.get_mut(slot)?;
        let value = match (pending.in_flight.take(), pending.newer.take()) {
            (Some((mut value, _)), Some(newer)) => {
                value.absorb(&newer, rule);
                value
            }
            // Nothing came after: the point goes out again exactly as it was.
            (Some((value, handed)), None) => {
                return Some(pending.lend(value, attributes, handed, &self.exemplars));
            }
            (None, newer) => newer?,
        };
        let time = time.max(pending.since);
        Some(pending.lend(value, attributes, time, &self.exemplars))
    }

    /// Forgets what was handed out to a consumer.
    pub(super) fn acknowledge(&mut self, slot: usize) {
        let Some(pending) = self.pending.get_mut(slot) else {
            return;
        };
        if let Some((_, handed)) = pending.in_flight.take() {
            pending.since = handed;
        }
    }
}

impl<V: Accumulate> Pending<V> {
    fn lend(
        &mut self,
        value: V,
        attributes: &Attributes,
        time: SystemTime,
        kept: &[Exemplar],
    ) -> Point<V> {
        let point = Point {
            attributes: attributes.clone(),
            start: Some(self.since),
            time,
            exemplars: exemplars::of_point(kept, Some(self.since), time, &value),
            value: value.clone(),
        };
        self.in_flight = Some((value, time));
        point
    }
}
