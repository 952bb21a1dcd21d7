//! Deliveries: the values and exemplars that a series still owes its consumers.
//!
//! Most processes have consumers of totals alone: they read the cell, and nothing is kept here but exemplars. Where a
//! consumer wants deltas, each collection takes the cell and adds what it took to the total and to the open window of
//! each such consumer. Differences of totals would not do: a double loses what is small beside it for good.

use std::time::SystemTime;

use super::{
    cell::{Cell, CellKind, CellShape},
    progress::Walk,
    value::{Aggregate, ExponentialHistogram, Histogram, Number},
};
use crate::exemplar::{Exemplar, retention};

/// A data point as handed to a consumer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reading<V> {
    /// A total or a delta, depending on the consumer; the last value of a level.
    pub value: V,
    /// The start of what the value covers.
    pub start: SystemTime,
    /// The time at which the value was read.
    pub time: SystemTime,
    /// Exemplars, ascending by value.
    pub exemplars: Vec<Exemplar>,
}

/// The delivery of one series, in the type of its value.
#[derive(Debug)]
pub(super) enum SeriesDelivery {
    Number(Delivery<Number>),
    Histogram(Delivery<Histogram>),
    Exponential(Delivery<ExponentialHistogram>),
}

/// Values and exemplars that a series owes its consumers.
#[derive(Debug)]
pub(super) struct Delivery<V> {
    /// Sum of the values taken from the cell in this life; empty while no consumer wants deltas.
    total: V,
    exemplars: Vec<Exemplar>,
    /// The windows of the consumers of deltas, in the order in which the consumers were registered.
    windows: Vec<Window<V>>,
}

/// Values that one consumer of deltas has not acknowledged.
#[derive(Debug)]
struct Window<V> {
    sent: Option<SentValue<V>>,
    /// The value that came after `sent`; `None` if nothing did.
    open: Option<V>,
    /// True if the open window has no count, only the rest of a measurement counted earlier, and was kept back by one
    /// walk.
    waited: bool,
}

/// The value handed out and not acknowledged.
#[derive(Debug)]
struct SentValue<V> {
    value: V,
    /// The start and the time of its point.
    start: SystemTime,
    time: SystemTime,
    /// The number of the walk that handed the value out. A series that comes back during a walk is not a part of that
    /// walk, and keeps what an earlier walk handed out in vain.
    walk: u32,
}

impl<V: Aggregate> Window<V> {
    /// Takes over a value that another series handed out and nobody has acknowledged. Handed out with the same walk,
    /// both are acknowledged together; otherwise the value is handed out again.
    fn take_over_sent(&mut self, other: Option<SentValue<V>>, shape: &CellShape) {
        let Some(other) = other else { return };
        match &mut self.sent {
            Some(sent) if sent.walk == other.walk => {
                sent.value.absorb(&other.value, shape.max_size);
                sent.start = sent.start.min(other.start);
                sent.time = sent.time.max(other.time);
            }
            sent @ None => *sent = Some(other),
            Some(_) => match &mut self.open {
                Some(open) => open.absorb(&other.value, shape.max_size),
                open @ None => *open = Some(other.value),
            },
        }
    }
}

/// A type of value that a cell holds.
pub(super) trait CellValue: Aggregate {
    fn empty(shape: &CellShape) -> Self;
    fn read<R>(cell: &Cell<R>, shape: &CellShape) -> Self;
    fn take<R>(cell: &Cell<R>, shape: &CellShape) -> Self;
    fn delivery(deliveries: &mut SeriesDelivery) -> Option<&mut Delivery<Self>>;
}

macro_rules! cell_value {
    ($value:ty, $variant:ident, $empty:expr, $read:ident, $take:ident) => {
        impl CellValue for $value {
            fn empty(shape: &CellShape) -> Self {
                $empty(shape)
            }
            fn read<R>(cell: &Cell<R>, shape: &CellShape) -> Self {
                cell.$read(shape)
            }
            fn take<R>(cell: &Cell<R>, shape: &CellShape) -> Self {
                cell.$take(shape)
            }
            fn delivery(deliveries: &mut SeriesDelivery) -> Option<&mut Delivery<Self>> {
                match deliveries {
                    SeriesDelivery::$variant(delivery) => Some(delivery),
                    _ => None,
                }
            }
        }
    };
}
cell_value!(
    Number,
    Number,
    |shape: &CellShape| Number::of_bits(shape.number, 0),
    number,
    take_number
);
cell_value!(
    Histogram,
    Histogram,
    CellShape::empty_histogram,
    histogram,
    take_histogram
);
cell_value!(
    ExponentialHistogram,
    Exponential,
    CellShape::empty_exponential,
    exponential,
    take_exponential
);

impl SeriesDelivery {
    pub(super) fn new(shape: &CellShape) -> Self {
        match shape.kind {
            CellKind::Buckets => Self::Histogram(Delivery::new(shape)),
            CellKind::Exponential => Self::Exponential(Delivery::new(shape)),
            _ => Self::Number(Delivery::new(shape)),
        }
    }

    /// Forgets the values that this walk handed out to a consumer.
    pub(super) fn acknowledge(&mut self, slot: usize, walk: u32) {
        match self {
            Self::Number(delivery) => delivery.acknowledge(slot, walk),
            Self::Histogram(delivery) => delivery.acknowledge(slot, walk),
            Self::Exponential(delivery) => delivery.acknowledge(slot, walk),
        }
    }

    /// True if a consumer is still owed something.
    pub(super) fn has_debt(&self) -> bool {
        match self {
            Self::Number(delivery) => delivery.has_debt(),
            Self::Histogram(delivery) => delivery.has_debt(),
            Self::Exponential(delivery) => delivery.has_debt(),
        }
    }

    /// Ends a life: the last value of the cell goes to the consumers of deltas, the total begins anew.
    pub(super) fn end<R>(&mut self, cell: &Cell<R>, shape: &CellShape, deltas: usize) {
        match self {
            Self::Number(delivery) => delivery.end(cell, shape, deltas),
            Self::Histogram(delivery) => delivery.end(cell, shape, deltas),
            Self::Exponential(delivery) => delivery.end(cell, shape, deltas),
        }
    }

    /// Takes over values that other deliveries still owe.
    pub(super) fn take_over(&mut self, others: &mut Self, shape: &CellShape, deltas: usize) {
        match (self, others) {
            (Self::Number(own), Self::Number(others)) => own.take_over(others, shape, deltas),
            (Self::Histogram(own), Self::Histogram(others)) => {
                own.take_over(others, shape, deltas);
            }
            (Self::Exponential(own), Self::Exponential(others)) => {
                own.take_over(others, shape, deltas);
            }
            _ => {}
        }
    }

    /// Forgets everything: from now on there are other consumers.
    pub(super) fn clear(&mut self, shape: &CellShape) {
        *self = Self::new(shape);
    }
}

impl<V: CellValue> Delivery<V> {
    fn new(shape: &CellShape) -> Self {
        Self {
            total: V::empty(shape),
            exemplars: Vec::new(),
            windows: Vec::new(),
        }
    }

    /// Keeps exemplars collected from a reservoir.
    pub(super) fn keep_exemplars<R>(
        &mut self,
        cell: &Cell<R>,
        shape: &CellShape,
        collected: Vec<Exemplar>,
    ) {
        if !collected.is_empty() {
            // Which bucket is whose does not depend on the value.
            V::read(cell, shape).keep(&mut self.exemplars, collected);
        }
    }

    /// Takes the value of the cell, and adds it to the total and to each window.
    pub(super) fn take<R>(&mut self, cell: &Cell<R>, shape: &CellShape, deltas: usize) {
        let taken = V::take(cell, shape);
        self.total.absorb(&taken, shape.max_size);
        self.add_to_windows(&taken, shape);
        self.open_windows(deltas);
    }

    /// Makes windows for new consumers, which begin with the total so far, even if it is 0.
    pub(super) fn open_windows(&mut self, deltas: usize) {
        while self.windows.len() < deltas {
            self.windows.push(Window {
                sent: None,
                open: Some(self.total.clone()),
                waited: false,
            });
        }
    }

    /// Adds a value to each window.
    pub(super) fn add_to_windows(&mut self, delta: &V, shape: &CellShape) {
        if delta.is_nothing() {
            return;
        }
        for window in &mut self.windows {
            match &mut window.open {
                Some(open) => open.absorb(delta, shape.max_size),
                None => window.open = Some(delta.clone()),
            }
        }
    }

    fn take_over(&mut self, others: &mut Self, shape: &CellShape, deltas: usize) {
        self.open_windows(deltas);
        for (window, other) in self.windows.iter_mut().zip(&mut others.windows) {
            window.take_over_sent(other.sent.take(), shape);
            match (&mut window.open, other.open.take()) {
                (Some(open), Some(other)) => open.absorb(&other, shape.max_size),
                (open @ None, other) => *open = other,
                (Some(_), None) => {}
            }
        }
    }

    /// Replaces the total with an observed one; the cell is not taken then.
    pub(super) fn set_total(&mut self, total: V) {
        self.total = total;
    }

    pub(super) fn total(&self) -> &V {
        &self.total
    }

    /// Returns the total as a point.
    pub(super) fn cumulative(&self, value: V, start: SystemTime, time: SystemTime) -> Reading<V> {
        let time = time.max(start);
        Reading {
            exemplars: retention::of_point(&self.exemplars, start, time, |one| value.counts(one)),
            value,
            start,
            time,
        }
    }

    /// Hands out the values that a consumer has not acknowledged; `None` if there are none. A sum without a count is
    /// the rest of a measurement that an earlier walk counted. Such a sum waits for a count during one walk only:
    /// otherwise it would wait for ever once the series falls silent.
    pub(super) fn hand_out(&mut self, walk: Walk, shape: &CellShape) -> Option<Reading<V>> {
        let window = self.windows.get_mut(walk.slot)?;
        let late = window.sent.is_none() && window.open.as_ref().is_some_and(V::is_late);
        window.waited = late && !window.waited;
        if window.waited {
            return None;
        }
        self.hand_out_all(walk, shape)
    }

    /// Hands out the values that a consumer has not acknowledged, with a sum that has no count: for series that ended.
    pub(super) fn hand_out_all(&mut self, walk: Walk, shape: &CellShape) -> Option<Reading<V>> {
        let window = self.windows.get_mut(walk.slot)?;
        let (value, start, time) = match (window.sent.take(), window.open.take()) {
            (Some(mut sent), Some(open)) => {
                sent.value.absorb(&open, shape.max_size);
                (sent.value, sent.start, walk.time.max(sent.time))
            }
            // Nothing came after: the point goes out again exactly as it was.
            (Some(sent), None) => (sent.value, sent.start, sent.time),
            (None, open) => (open?, walk.since, walk.time),
        };
        window.sent = Some(SentValue {
            value: value.clone(),
            start,
            time,
            walk: walk.number,
        });
        Some(Reading {
            exemplars: retention::of_point(&self.exemplars, start, time, |one| value.counts(one)),
            value,
            start,
            time,
        })
    }

    fn acknowledge(&mut self, slot: usize, walk: u32) {
        if let Some(window) = self.windows.get_mut(slot) {
            window.sent.take_if(|sent| sent.walk == walk);
        }
    }

    fn has_debt(&self) -> bool {
        self.windows
            .iter()
            .any(|window| window.sent.is_some() || window.open.is_some())
    }

    fn end<R>(&mut self, cell: &Cell<R>, shape: &CellShape, deltas: usize) {
        // A sum that also shrinks was taken before it was found to be 0: what came since is of its next life.
        if shape.kind != CellKind::UpDown {
            self.take(cell, shape, deltas);
        }
        self.total = V::empty(shape);
        self.exemplars = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::number::NumberKind;

    fn shape() -> CellShape {
        CellShape {
            kind: CellKind::Buckets,
            number: NumberKind::F64,
            bounds: [1.0].into(),
            has_sum: true,
            max_size: 160,
            max_scale: 20,
        }
    }

    /// A histogram with a single value, or with only the sum that arrives after its count.
    fn value(counted: bool) -> Histogram {
        Histogram {
            count: counted.into(),
            sum: Some(0.5),
            min: Some(0.5),
            max: Some(0.5),
            bounds: [1.0].into(),
            counts: vec![counted.into(), 0],
        }
    }

    fn walk(number: u32) -> Walk {
        Walk {
            slot: 0,
            number,
            since: SystemTime::UNIX_EPOCH,
            time: SystemTime::now(),
        }
    }

    /// The delivery of a series whose first window was handed out and acknowledged.
    fn delivered() -> Delivery<Histogram> {
        let mut delivery: Delivery<Histogram> = Delivery::new(&shape());
        delivery.open_windows(1);
        assert_eq!(delivery.hand_out(walk(1), &shape()).unwrap().value.count, 0);
        delivery.acknowledge(0, 1);
        delivery
    }

    #[test]
    fn a_late_sum_waits_for_a_count() {
        let mut delivery = delivered();
        delivery.add_to_windows(&value(false), &shape());
        assert!(delivery.hand_out(walk(2), &shape()).is_none());
        delivery.add_to_windows(&value(true), &shape());
        let both = delivery.hand_out(walk(3), &shape()).unwrap().value;
        assert_eq!((both.count, both.sum), (1, Some(1.0)));
    }

    #[test]
    fn a_late_sum_of_a_silent_series_waits_once() {
        let mut delivery = delivered();
        delivery.add_to_windows(&value(false), &shape());
        assert!(delivery.hand_out(walk(2), &shape()).is_none());
        let alone = delivery.hand_out(walk(3), &shape()).unwrap().value;
        assert_eq!((alone.count, alone.sum), (0, Some(0.5)));
        delivery.acknowledge(0, 3);
        assert!(!delivery.has_debt());
    }

    #[test]
    fn a_series_that_ended_hands_out_its_late_sum() {
        let mut delivery = delivered();
        delivery.add_to_windows(&value(false), &shape());
        assert!(delivery.has_debt());
        let last = delivery.hand_out_all(walk(2), &shape()).unwrap().value;
        assert_eq!((last.count, last.sum), (0, Some(0.5)));
    }
}
