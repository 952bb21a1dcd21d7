//! All series of one stream, within its cardinality limit.

use std::{
    hash::{Hash, Hasher, RandomState},
    sync::Arc,
    time::SystemTime,
};

use indexmap::{Equivalent, IndexMap};
use opentelemetry::KeyValue;
use runar_otel_core::{
    attributes::Attributes,
    exemplar::Exemplar,
    gate::stream::{OVERFLOW_KEY, overflow_attributes},
    texts::Texts,
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
    /// In the order in which they came, so that a walk over all goes through memory from end to end.
    series: IndexMap<LabelSet, Series<V>, RandomState>,
    texts: Texts,
    /// Where the next point probably belongs.
    next: Cursor,
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
            series: IndexMap::default(),
            texts: Texts::default(),
            next: Cursor::default(),
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
        self.next = Cursor::default();
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
        let series = self.series.get(&Looked(|| attributes.iter()));
        series.is_some_and(Series::is_live)
    }

    /// The label set that is equal to this one, if there is one; the cursor stands where it is likely to be.
    #[inline]
    pub(super) fn known<'a, I: Iterator<Item = &'a KeyValue>>(
        &self,
        cursor: &mut Cursor,
        attributes: impl Fn() -> I,
    ) -> Option<&Attributes> {
        let at = cursor.at;
        let (set, _) = match self.series.get_index(at) {
            Some(found) if found.0.0.iter().eq(attributes()) => found,
            _ => {
                let at = self.series.get_index_of(&Looked(attributes))?;
                cursor.at = at;
                self.series.get_index(at)?
            }
        };
        cursor.at += 1;
        Some(&set.0)
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
        match self.series_mut(&point.attributes) {
            Some((series, live)) => {
                *live += if series.is_live() { 0 } else { counted };
                change(series, point.value);
                series.deliver_native(point.exemplars, window.collection);
            }
            None => {
                let mut series = Series::new(point.value, window, self.consumers);
                series.deliver_native(point.exemplars, window.collection);
                self.live += counted;
                // What the recording side keeps is kept here, too, and shares its texts already.
                let attributes = if Arc::strong_count(&point.attributes) > 1 {
                    point.attributes
                } else {
                    self.texts.share(&point.attributes)
                };
                self.series.insert(LabelSet(attributes), series);
            }
        }
    }

    /// The series of a label set, and how many live.
    fn series_mut(&mut self, attributes: &Attributes) -> Option<(&mut Series<V>, &mut usize)> {
        let mut at = self.next.at;
        let expected = self.series.get_index(at);
        if !expected.is_some_and(|(set, _)| Arc::ptr_eq(&set.0, attributes)) {
            at = self.series.get_index_of(&Looked(|| attributes.iter()))?;
        }
        self.next.at = at + 1;
        let (_, series) = self.series.get_index_mut(at)?;
        Some((series, &mut self.live))
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
        self.series.retain(|LabelSet(attributes), series| {
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
            let key = if self.is_live(&attributes) {
                &attributes
            } else {
                &overflow
            };
            let series = self.series.get_mut(&Looked(|| key.iter()));
            if let Some(series) = series.filter(|series| series.is_live()) {
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
            .filter_map(|(LabelSet(attributes), series)| series.total(attributes, time))
            .collect()
    }

    /// All deltas that a consumer has not acknowledged.
    pub(super) fn deltas(&mut self, slot: usize, time: SystemTime, rule: &Rule) -> Vec<Point<V>> {
        let points = self.series.iter_mut();
        points
            .filter_map(|(LabelSet(attributes), series)| {
                series.hand_out(slot, attributes, time, rule)
            })
            .collect()
    }
}

/// A place among the series. The SDK reports them in the same order each time, as long as none is new: most are found
/// without a look-up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    at: usize,
}

/// A label set as the key of its series.
#[derive(Debug, PartialEq, Eq)]
struct LabelSet(Attributes);

impl Hash for LabelSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Looked(|| self.0.iter()).hash(state);
    }
}

/// A label set that is looked up, wherever its attributes are.
struct Looked<F>(F);

impl<'a, I: Iterator<Item = &'a KeyValue>, F: Fn() -> I> Hash for Looked<F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0)().for_each(|attribute| attribute.hash(state));
    }
}

impl<'a, I: Iterator<Item = &'a KeyValue>, F: Fn() -> I> Equivalent<LabelSet> for Looked<F> {
    fn equivalent(&self, key: &LabelSet) -> bool {
        key.0.iter().eq((self.0)())
    }
}

fn is_overflow(attributes: &Attributes) -> bool {
    matches!(&**attributes, [one] if one.key.as_str() == OVERFLOW_KEY && one.value == true.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{snapshot::Number, store::accumulate::Combine};

    #[test]
    fn known_label_sets_are_found_in_any_order() {
        let sets = ["a", "b", "c"].map(|value| Attributes::from([KeyValue::new("key", value)]));
        let mut table = Table::<Number>::new(0, Temporality::Delta);
        let mut rule = Rule {
            combine: Combine::Add,
            monotonic: true,
            max_size: 160,
            bounds: None,
        };
        let window = Window {
            start: SystemTime::UNIX_EPOCH,
            collection: 1,
        };
        let point = |attributes: &Attributes| CollectedPoint {
            attributes: attributes.clone(),
            value: Number::U64(1),
            exemplars: Vec::new(),
        };
        table.add(sets.iter().map(point).collect(), window, &mut rule, 10);
        let mut cursor = Cursor::default();
        for at in [0, 1, 2, 2, 0, 1] {
            let set = &sets[at];
            let known = table.known(&mut cursor, || set.iter()).unwrap();
            assert_eq!(known, set);
        }
        let unknown = [KeyValue::new("key", "d")];
        assert!(table.known(&mut cursor, || unknown.iter()).is_none());
    }
}
