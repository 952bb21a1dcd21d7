//! All series of one stream, within its cardinality limit.

use std::{collections::HashMap, time::SystemTime};

use runar_otel_core::{
    attributes::Attributes,
    exemplar::Exemplar,
    gate::stream::{OVERFLOW_KEY, overflow_attributes},
};

use super::{
    accumulate::{Accumulate, Rule},
    collected::CollectedPoint,
    folded::Folded,
    observed::{Observation, Observed},
    series::{Series, Window},
};
use crate::snapshot::{Point, Temporality};

/// The series of one stream.
#[derive(Debug)]
pub(super) struct Table<V> {
    series: HashMap<Attributes, Series<V>>,
    /// What the collection has observed so far.
    observed: Observed<V>,
    folded: Folded<V>,
    /// Live series, the overflow series not counted.
    live: usize,
    /// The most of them.
    limit: usize,
    /// How many delta consumers there are.
    consumers: usize,
    /// Whether points are added up, or observed totals.
    temporality: Temporality,
}

impl<V: Accumulate> Table<V> {
    pub(super) fn new(consumers: usize, temporality: Temporality) -> Self {
        Self {
            series: HashMap::new(),
            observed: Observed::default(),
            folded: Folded::default(),
            live: 0,
            limit: usize::MAX,
            consumers,
            temporality,
        }
    }

    /// Adds what was recorded in one window, or keeps what was observed until [`settle`](Self::settle).
    pub(super) fn add(
        &mut self,
        points: Vec<CollectedPoint<V>>,
        window: Window,
        rule: &mut Rule,
        limit: usize,
    ) {
        self.limit = limit;
        for mut point in points {
            point.value.conform(rule);
            match self.temporality {
                Temporality::Delta => self.record(point, window, rule),
                Temporality::Cumulative => self.observed.add(point, rule),
            }
        }
    }

    /// Adds a delta, within the limit.
    ///
    /// OpenTelemetry specification, metrics SDK: *Cardinality limits*: a set that is in stays in, the
    /// measurements of every other one go to the overflow series.
    fn record(&mut self, mut point: CollectedPoint<V>, window: Window, rule: &Rule) {
        if self.live >= self.limit && !self.is_live(&point.attributes) {
            point.attributes = overflow_attributes();
        }
        self.enter(point, window, |series, delta| {
            series.add(&delta, window, rule);
        });
    }

    /// Enters what the collection observed, within the limit, and ends every other series.
    ///
    /// The overflow series is the sum of what is observed beyond the limit; the SDK's own one is a part of it.
    pub(super) fn settle(&mut self, window: Window, rule: &Rule) {
        let observed = std::mem::take(&mut self.observed);
        self.depart(|attributes, series| {
            series.is_live() && !is_overflow(attributes) && !observed.holds(attributes)
        });
        let mut beyond = Vec::new();
        for point in observed.into_points() {
            if self.has_place(&point.attributes) {
                self.enter(point, window, |series, total| {
                    let observed = Observation::new(total, series.observed(), rule);
                    series.observe(observed, window, rule);
                });
            } else {
                beyond.push((point.attributes, point.value));
            }
        }
        self.settle_overflow(beyond, window, rule);
    }

    fn settle_overflow(&mut self, beyond: Vec<(Attributes, V)>, window: Window, rule: &Rule) {
        let attributes = overflow_attributes();
        let Some(sum) = self.folded.observe(beyond, rule) else {
            if self.is_live(&attributes) {
                self.retire(&attributes);
            }
            return;
        };
        let point = CollectedPoint {
            attributes,
            value: sum.total,
            exemplars: Vec::new(),
        };
        let delta = sum.delta;
        self.enter(point, window, |series, total| {
            series.observe(Observation { total, delta }, window, rule);
        });
    }

    fn is_live(&self, attributes: &Attributes) -> bool {
        self.series.get(attributes).is_some_and(Series::is_live)
    }

    fn has_place(&self, attributes: &Attributes) -> bool {
        let room = self.live < self.limit && !self.folded.holds(attributes);
        !is_overflow(attributes) && (room || self.is_live(attributes))
    }

    /// Enters a value into its series, with `change` if that is there already.
    fn enter(
        &mut self,
        point: CollectedPoint<V>,
        window: Window,
        change: impl FnOnce(&mut Series<V>, V),
    ) {
        let counted = usize::from(!is_overflow(&point.attributes));
        match self.series.get_mut(&point.attributes) {
            Some(series) => {
                self.live += if series.is_live() { 0 } else { counted };
                change(series, point.value);
                series.deliver_native(point.exemplars, window.collection);
            }
            None => {
                let mut series = Series::new(point.value, window, self.consumers);
                series.deliver_native(point.exemplars, window.collection);
                self.live += counted;
                self.series.insert(point.attributes, series);
            }
        }
    }

    /// Ends every series that the collection did not see.
    pub(super) fn drop_unseen(&mut self, collection: u64) {
        let gone = |series: &Series<V>| series.is_live() && !series.was_seen(collection);
        self.depart(|_, series| gone(series));
    }

    /// Ends one series.
    pub(super) fn retire(&mut self, attributes: &Attributes) {
        self.depart(|key, series| series.is_live() && key == attributes);
    }

    /// Ends series. Those that still owe a consumer a delta wait for it, but not without bound: an exporter
    /// may fail for ever while label sets come and go.
    fn depart(&mut self, ends: impl Fn(&Attributes, &Series<V>) -> bool) {
        let mut room = self.limit.saturating_add(self.live);
        room = room.saturating_sub(self.series.len());
        let live = &mut self.live;
        self.series.retain(|attributes, series| {
            if !ends(attributes, series) {
                return true;
            }
            series.depart();
            *live = live.saturating_sub(usize::from(!is_overflow(attributes)));
            let waits = room > 0 && series.is_needed();
            room -= usize::from(waits);
            waits
        });
    }

    /// Gives exemplars to the series they were measured for, or to the one that took it in.
    pub(super) fn deliver(&mut self, series: Vec<(Attributes, Vec<Exemplar>)>, collection: u64) {
        let overflow = overflow_attributes();
        for (attributes, exemplars) in series {
            let known = self.series.get(&attributes).is_some_and(Series::is_live);
            let key = if known { &attributes } else { &overflow };
            if let Some(series) = self.series.get_mut(key).filter(|series| series.is_live()) {
                series.deliver(exemplars, collection);
            }
        }
    }

    /// Makes room for a delta consumer, which gets the totals so far as its first deltas.
    pub(super) fn register(&mut self) {
        self.consumers += 1;
        for series in self.series.values_mut() {
            series.owe_everything();
        }
    }

    /// Forgets what was handed out to a consumer.
    pub(super) fn acknowledge(&mut self, slot: usize) {
        self.series.retain(|_, series| {
            series.acknowledge(slot);
            series.is_needed()
        });
    }

    /// All totals.
    pub(super) fn totals(&self, time: SystemTime) -> Vec<Point<V>> {
        let points = self.series.iter();
        points
            .filter_map(|(attributes, series)| series.total(attributes, time))
            .collect()
    }

    /// All deltas that a consumer has not acknowledged.
    pub(super) fn deltas(&mut self, slot: usize, time: SystemTime, rule: &Rule) -> Vec<Point<V>> {
        let points = self.series.iter_mut();
        points
            .filter_map(|(attributes, series)| series.hand_out(slot, attributes, time, rule))
            .collect()
    }
}

fn is_overflow(attributes: &Attributes) -> bool {
    matches!(&**attributes, [one] if one.key.as_str() == OVERFLOW_KEY && one.value == true.into())
}
