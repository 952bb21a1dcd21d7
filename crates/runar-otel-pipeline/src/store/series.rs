//! One series: its total, and for each delta consumer what it has not acknowledged.

use std::{num::NonZeroU64, time::SystemTime};

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
    /// The collection that last saw it; `None` once it is gone and only still owes a consumer its last delta.
    seen: Option<NonZeroU64>,
    /// Most series have neither these nor consumers of deltas: each is a pointer then.
    exemplars: Option<Box<Kept>>,
    pending: Option<Box<Owed<V>>>,
}

/// The exemplars of a series.
#[derive(Debug, Default)]
struct Kept {
    /// The collection in which the SDK itself delivered some.
    native: Option<u64>,
    list: Vec<Exemplar>,
}

/// What the delta consumers have not acknowledged, by their slots.
#[derive(Debug)]
struct Owed<V>(Vec<Pending<V>>);

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
            seen: NonZeroU64::new(window.collection),
            exemplars: None,
            pending: None,
        };
        for _ in 0..consumers {
            series.owe_everything();
        }
        series
    }

    /// Adds a delta consumer, which gets the total so far as its first delta.
    pub(super) fn owe_everything(&mut self) {
        let pending = Pending {
            since: self.start,
            in_flight: None,
            newer: self.is_live().then(|| self.total.clone()),
        };
        match &mut self.pending {
            Some(owed) => owed.0.push(pending),
            None => self.pending = Some(Box::new(Owed(vec![pending]))),
        }
    }

    /// Adds what was recorded in a window.
    pub(super) fn add(&mut self, delta: &V, window: Window, rule: &Rule) {
        let live = self.see(window);
        if live {
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
        let live = self.see(window);
        let Observation { total, delta } = observed;
        if live {
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

    /// Notes that a collection has seen it; whether it lived before.
    fn see(&mut self, window: Window) -> bool {
        let live = self.is_live();
        self.seen = NonZeroU64::new(window.collection);
        live
    }

    fn begin_anew(&mut self, total: V, window: Window) {
        self.start = window.start;
        self.total = total;
        self.exemplars = None;
    }

    fn owe(&mut self, delta: &V, rule: &Rule) {
        for pending in self.pending.iter_mut().flat_map(|owed| &mut owed.0) {
            match &mut pending.newer {
                Some(newer) => newer.absorb(delta, rule),
                None => pending.newer = Some(delta.clone()),
            }
        }
    }

    /// Takes exemplars from the SDK itself.
    pub(super) fn deliver_native(&mut self, delivered: Vec<Exemplar>, collection: u64) {
        if !delivered.is_empty() {
            let kept = self.exemplars.get_or_insert_default();
            kept.native = Some(collection);
            self.total.keep(&mut kept.list, delivered);
        }
    }

    /// Takes exemplars from a reservoir, unless the SDK had some in the same collection.
    pub(super) fn deliver(&mut self, delivered: Vec<Exemplar>, collection: u64) {
        if delivered.is_empty() {
            return;
        }
        let kept = self.exemplars.get_or_insert_default();
        if kept.native != Some(collection) {
            self.total.keep(&mut kept.list, delivered);
        }
    }

    /// The total as it was observed last, `None` once the series has ended.
    pub(super) fn observed(&self) -> Option<&V> {
        self.is_live().then_some(&self.total)
    }

    pub(super) fn is_live(&self) -> bool {
        self.seen.is_some()
    }

    pub(super) fn was_seen(&self, collection: u64) -> bool {
        self.seen.is_some_and(|seen| seen.get() == collection)
    }

    /// Ends the series; what consumers have not acknowledged stays until they do.
    pub(super) fn depart(&mut self) {
        self.seen = None;
    }

    /// Tells whether the entry is still needed.
    pub(super) fn is_needed(&self) -> bool {
        self.is_live()
            || self
                .pending
                .iter()
                .flat_map(|owed| &owed.0)
                .any(|pending| pending.in_flight.is_some() || pending.newer.is_some())
    }

    /// The total, `None` once the series has ended.
    pub(super) fn total(&self, attributes: &Attributes, time: SystemTime) -> Option<Point<V>> {
        if !self.is_live() {
            return None;
        }
        Some(Point {
            attributes: attributes.clone(),
            start: Some(self.start),
            time: time.max(self.start),
            value: self.total.clone(),
            exemplars: exemplars::of_point(self.exemplars(), Some(self.start), time, &self.total),
        })
    }

    fn exemplars(&self) -> &[Exemplar] {
        list(self.exemplars.as_deref())
    }

    /// What a delta consumer has not acknowledged, `None` if that is nothing.
    pub(super) fn hand_out(
        &mut self,
        slot: usize,
        attributes: &Attributes,
        time: SystemTime,
        rule: &Rule,
    ) -> Option<Point<V>> {
        let kept = list(self.exemplars.as_deref());
        let pending = self.pending.as_mut()?.0.get_mut(slot)?;
        let value = match (pending.in_flight.take(), pending.newer.take()) {
            (Some((mut value, _)), Some(newer)) => {
                value.absorb(&newer, rule);
                value
            }
            // Nothing came after: the point goes out again exactly as it was.
            (Some((value, handed)), None) => {
                return Some(pending.lend(value, attributes, handed, kept));
            }
            (None, newer) => newer?,
        };
        let time = time.max(pending.since);
        Some(pending.lend(value, attributes, time, kept))
    }

    /// Forgets what was handed out to a consumer.
    pub(super) fn acknowledge(&mut self, slot: usize) {
        let owed = self.pending.as_mut();
        let Some(pending) = owed.and_then(|owed| owed.0.get_mut(slot)) else {
            return;
        };
        if let Some((_, handed)) = pending.in_flight.take() {
            pending.since = handed;
        }
    }
}

fn list(kept: Option<&Kept>) -> &[Exemplar] {
    kept.map_or(&[], |kept| &kept.list)
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
