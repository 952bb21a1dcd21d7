//! The values of a gauge: one atomic per series, read by an observable gauge.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
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
        self.bits.store(value.bits(self.number), Ordering::Relaxed);
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

    pub(crate) fn value(&self) -> Value {
        self.from_bits(self.bits.load(Ordering::Relaxed))
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
