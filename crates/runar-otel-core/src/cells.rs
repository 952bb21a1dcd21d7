//! The values of a gauge: one atomic per series, read by an observable gauge.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
};

use opentelemetry::metrics::Meter;

use crate::{
    attributes::Attributes,
    descriptor::Descriptor,
    gate::stream::{DEFAULT_CARDINALITY_LIMIT, overflow_attributes},
    handle::Labels,
    interned::Interned,
    number::{NumberKind, Value},
    shares::{self, Count},
};

/// All series of one gauge.
#[derive(Debug)]
pub(crate) struct Cells {
    number: NumberKind,
    limit: AtomicUsize,
    series: RwLock<HashMap<Attributes, Arc<Cell>>>,
    /// Those that labels given with a change lead to.
    sets: Interned<Arc<Cell>>,
}

/// One series of a gauge.
///
/// The bits of a `u64`, `i64` or `f64`. Relaxed ordering everywhere: a value stands for itself, nothing else is
/// published with it.
#[derive(Debug)]
pub(crate) struct Cell {
    number: NumberKind,
    /// If it counts what is under way: where threads have their shares of it. 0 without.
    count: AtomicU32,
    bits: AtomicU64,
}

impl Cells {
    pub(crate) fn new(number: NumberKind) -> Arc<Self> {
        let limit = AtomicUsize::new(DEFAULT_CARDINALITY_LIMIT);
        Arc::new(Self {
            number,
            limit,
            series: RwLock::default(),
            sets: Interned::default(),
        })
    }

    /// Sets how many series there may be; what comes beyond shares the overflow series.
    pub(crate) fn limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
        self.sets.limit(limit);
    }

    /// Uses the series of base labels (with the hash that their handle has of them) and labels of one change; of one
    /// name, those of the change win.
    pub(crate) fn with_labels(
        &self,
        (base, seed): (&Attributes, u64),
        labels: Labels<'_>,
        usage: impl Fn(&Cell),
    ) {
        match self.sets.get((base, seed), labels, |all| self.cell(all)) {
            Some(cell) => usage(cell),
            None => usage(&self.cell(&self.sets.merged(base, labels))),
        }
    }

    /// The series of a canonical label set, new ones at 0.
    pub(crate) fn cell(&self, labels: &Attributes) -> Arc<Cell> {
        if let Some(cell) = self
            .series
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(labels)
        {
            return cell.clone();
        }
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let full =
            series.len() >= self.limit.load(Ordering::Relaxed) && !series.contains_key(labels);
        let key = if full {
            overflow_attributes()
        } else {
            labels.clone()
        };
        let fresh = || {
            Arc::new(Cell {
                number: self.number,
                count: AtomicU32::new(0),
                bits: AtomicU64::new(0),
            })
        };
        series.entry(key).or_insert_with(fresh).clone()
    }

    /// Has an observable gauge of the meter read the cells.
    pub(crate) fn observe(self: &Arc<Self>, meter: &Meter, descriptor: &Descriptor) {
        let cells = Arc::downgrade(self);
        let (name, unit) = (descriptor.name.clone(), descriptor.unit.code());
        macro_rules! gauge {
            ($method:ident, $read:ident) => {{
                let builder = meter.$method(name).with_unit(unit);
                let builder = builder.with_description(descriptor.description.clone());
                let _ = builder
                    .with_callback(move |observer| {
                        for (labels, cell) in all(&cells) {
                            observer.observe(cell.value().$read(), &labels);
                        }
                    })
                    .build();
            }};
        }
        match self.number {
            NumberKind::U64 => gauge!(u64_observable_gauge, as_u64),
            NumberKind::I64 => gauge!(i64_observable_gauge, as_i64),
            NumberKind::F64 => gauge!(f64_observable_gauge, as_f64),
        }
    }
}

fn all(cells: &Weak<Cells>) -> Vec<(Attributes, Arc<Cell>)> {
    let Some(cells) = cells.upgrade() else {
        return Vec::new();
    };
    let series = cells.series.read().unwrap_or_else(PoisonError::into_inner);
    series
        .iter()
        .map(|(labels, cell)| (labels.clone(), cell.clone()))
        .collect()
}

impl Cell {
    pub(crate) fn set(&self, value: Value) {
        // Only a double can hold what is not finite; it is not exported.
        if self.number != NumberKind::F64 && !value.as_f64().is_finite() {
            return;
        }
        let value = match self.count() {
            // What threads have added before is no longer part of it.
            Some(count) => self.plus(value, Value::I64(shares::sum(count)).negated()),
            None => value,
        };
        self.bits.store(value.bits(self.number), Ordering::Relaxed);
    }

    /// Counts something that begins (1) or ends (-1), without any wait for other threads.
    #[inline]
    pub(crate) fn count_by(&self, by: i64) {
        match self.count() {
            Some(count) if shares::add(count, by) => {}
            _ => self.count_first(by),
        }
    }

    #[cold]
    fn count_first(&self, by: i64) {
        let added = self
            .begin_to_count()
            .is_some_and(|count| shares::add(count, by));
        if !added {
            self.add(Value::I64(by));
        }
    }

    /// Whole numbers go without: one that stops at 0 cannot be added up later.
    fn begin_to_count(&self) -> Option<Count> {
        if self.count().is_none() && self.number == NumberKind::F64 {
            let count = shares::new_count().map_or(0, Count::get);
            let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
            let _ = self.count.compare_exchange(0, count, success, failure);
        }
        self.count()
    }

    #[inline]
    fn count(&self) -> Option<Count> {
        Count::new(self.count.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn add(&self, value: Value) {
        let by = value.as_f64();
        if !by.is_finite() {
            return;
        }
        match self.number {
            // What most gauges are, and all that count what is under way: no conversion.
            NumberKind::F64 => self.update(|bits| (f64::from_bits(bits) + by).to_bits()),
            NumberKind::I64 | NumberKind::U64 => self.add_whole(value),
        }
    }

    fn add_whole(&self, value: Value) {
        self.update(|bits| self.plus(self.from_bits(bits), value).bits(self.number));
    }

    #[inline]
    fn update(&self, next: impl Fn(u64) -> u64) {
        let next = |bits| Some(next(bits));
        let _ = self
            .bits
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// A count is never below 0, though what has ended may be seen before it began.
    pub(crate) fn value(&self) -> Value {
        let own = self.from_bits(self.bits.load(Ordering::Relaxed));
        let Some(count) = self.count() else {
            return own;
        };
        let all = self.plus(own, Value::I64(shares::sum(count)));
        if all.is_negative() {
            return Value::f64(0.0);
        }
        all
    }

    fn plus(&self, one: Value, other: Value) -> Value {
        match self.number {
            NumberKind::F64 => Value::f64(one.as_f64() + other.as_f64()),
            NumberKind::I64 => Value::I64(one.as_i64().saturating_add(other.as_i64())),
            NumberKind::U64 if other.is_negative() => {
                Value::U64(one.as_u64().saturating_sub(other.negated().as_u64()))
            }
            NumberKind::U64 => Value::U64(one.as_u64().saturating_add(other.as_u64())),
        }
    }

    #[expect(
        clippy::wrong_self_convention,
        reason = "the cell knows how to read its bits"
    )]
    fn from_bits(&self, bits: u64) -> Value {
        match self.number {
            NumberKind::U64 => Value::U64(bits),
            NumberKind::I64 => Value::I64(bits.cast_signed()),
            NumberKind::F64 => Value::f64(f64::from_bits(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;

    use super::*;
    use crate::attributes::canonical;

    #[test]
    fn concurrent_increments_all_count() {
        for number in [NumberKind::U64, NumberKind::I64, NumberKind::F64] {
            let cells = Cells::new(number);
            let cell = cells.cell(&canonical(&[]));
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..1000).for_each(|_| cell.add(Value::I64(1))));
                }
            });
            assert_eq!(cell.value().as_u64(), 4000);
            cell.add(Value::U64(1000).negated());
            assert_eq!(cell.value().as_u64(), 3000);
        }
    }

    #[test]
    fn what_threads_count_adds_up_with_what_is_set() {
        for number in [NumberKind::U64, NumberKind::I64, NumberKind::F64] {
            let cell = Cells::new(number).cell(&canonical(&[]));
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        (0..1000).for_each(|_| cell.count_by(1));
                        (0..500).for_each(|_| cell.count_by(-1));
                    });
                }
            });
            assert_eq!(cell.value().as_u64(), 2000, "{number:?}");
            cell.add(Value::U64(1));
            assert_eq!(cell.value().as_u64(), 2001);
            cell.set(Value::U64(7));
            assert_eq!(cell.value().as_u64(), 7);
            cell.count_by(1);
            assert_eq!(cell.value().as_u64(), 8);
            assert_eq!(cell.count().is_some(), number == NumberKind::F64);
        }
    }

    #[test]
    fn a_count_is_never_below_zero() {
        let cell = Cells::new(NumberKind::F64).cell(&canonical(&[]));
        cell.count_by(-1);
        assert_eq!(cell.value(), Value::f64(0.0));
        cell.count_by(1);
        cell.count_by(1);
        assert_eq!(cell.value(), Value::f64(1.0));
        cell.set(Value::f64(f64::NAN));
        assert!(!cell.value().is_finite());
    }

    #[test]
    fn an_unsigned_gauge_stops_at_zero() {
        let cell = Cells::new(NumberKind::U64).cell(&canonical(&[]));
        cell.add(Value::I64(-5));
        assert_eq!(cell.value(), Value::U64(0));
    }

    #[test]
    fn beyond_the_limit_series_share_one_cell() {
        let cells = Cells::new(NumberKind::F64);
        cells.limit(2);
        for at in 0..4 {
            cells
                .cell(&canonical(&[KeyValue::new("at", at)]))
                .add(Value::U64(1));
        }
        let overflow = cells.cell(&overflow_attributes());
        assert_eq!(overflow.value(), Value::f64(2.0));
        assert_eq!(cells.series.read().unwrap().len(), 3);
    }
}
