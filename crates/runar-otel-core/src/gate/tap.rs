//! The tap: an instrument of the gate, which records into the SDK's and offers exemplars.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use opentelemetry::{
    KeyValue,
    metrics::{
        BoundCounter, BoundGauge, BoundHistogram, BoundSyncInstrument, BoundUpDownCounter, Counter,
        Gauge, Histogram, SyncInstrument, UpDownCounter,
    },
};

use super::{
    batch::Hook,
    bound::BoundSeries,
    deferral::{during_collection, is_collecting},
    number::Measured,
    streams::{Stream, Streams},
};
use crate::{
    attributes::{Attributes, canonical, has_duplicates},
    exemplar::outside_of_spans,
    number::Value,
};

/// What waits at the most for an instrument that is made after a collection.
const MOST_PENDING: usize = 1024;

/// An instrument of the OpenTelemetry API, whatever its kind.
pub(super) trait ApiInstrument: Send + Sync + 'static {
    type Value: Measured;
    type Bound: Send + Sync;
    fn record(&self, value: Self::Value, attributes: &[KeyValue]);
    fn bound(&self, attributes: &[KeyValue]) -> Self::Bound;
    /// Records several measurements of one series.
    fn record_all(bound: &Self::Bound, values: impl Iterator<Item = Self::Value>);
    /// Whether measurements may wait: not those of which only the last one counts.
    const BATCHED: bool;
}

/// Sums add up first: the SDK then has one addition.
macro_rules! summed {
    (batched) => {
        true
    };
    ($bound:ident, $values:ident) => {
        // One that does not count would take the others with it.
        let counting = $values.filter(|value| value.counts());
        if let Some(sum) = counting.reduce(Measured::plus) {
            $bound.add(sum);
        }
    };
}

macro_rules! each {
    (batched) => {
        true
    };
    ($bound:ident, $values:ident) => {
        $values.for_each(|value| $bound.record(value))
    };
}

macro_rules! last {
    (batched) => {
        false
    };
    ($bound:ident, $values:ident) => {
        if let Some(value) = $values.last() {
            $bound.record(value);
        }
    };
}

macro_rules! api_instrument {
    ($kind:ident<$number:ty>, $bound:ident, $record:ident, $all:ident) => {
        impl ApiInstrument for $kind<$number> {
            type Value = $number;
            type Bound = $bound<$number>;
            #[inline]
            fn record(&self, value: $number, attributes: &[KeyValue]) {
                self.$record(value, attributes);
            }
            fn bound(&self, attributes: &[KeyValue]) -> $bound<$number> {
                self.bind(attributes)
            }
            fn record_all(bound: &$bound<$number>, values: impl Iterator<Item = $number>) {
                $all!(bound, values);
            }
            const BATCHED: bool = $all!(batched);
        }
    };
}
api_instrument!(Counter<u64>, BoundCounter, add, summed);
api_instrument!(Counter<f64>, BoundCounter, add, summed);
api_instrument!(UpDownCounter<i64>, BoundUpDownCounter, add, summed);
api_instrument!(UpDownCounter<f64>, BoundUpDownCounter, add, summed);
api_instrument!(Gauge<u64>, BoundGauge, record, last);
api_instrument!(Gauge<i64>, BoundGauge, record, last);
api_instrument!(Gauge<f64>, BoundGauge, record, last);
api_instrument!(Histogram<u64>, BoundHistogram, record, each);
api_instrument!(Histogram<f64>, BoundHistogram, record, each);

/// One instrument of the gate.
pub(super) struct Tap<I: ApiInstrument>(Arc<Branches<I>>);

/// The streams behind an instrument, each with the SDK's instrument for it.
struct Branches<I: ApiInstrument> {
    made: OnceLock<Box<[Branch<I>]>>,
    make: Box<dyn Fn() -> Box<[Branch<I>]> + Send + Sync>,
    hook: Hook,
    pending: Mutex<Vec<(I::Value, Attributes)>>,
}

pub(super) struct Branch<I> {
    pub(super) inner: I,
    pub(super) stream: Arc<Stream>,
}

impl<I: ApiInstrument> Tap<I> {
    /// Makes the instrument: now, or after the collection that runs on this thread.
    pub(super) fn new(
        streams: &Streams,
        resolve: impl Fn() -> Vec<Arc<Stream>> + Send + Sync + 'static,
        build: impl Fn(&Stream) -> I + Send + Sync + 'static,
    ) -> Self {
        let make = move || {
            let branch = |stream: Arc<Stream>| Branch {
                inner: build(&stream),
                stream,
            };
            resolve().into_iter().map(branch).collect()
        };
        let branches = Arc::new(Branches {
            made: OnceLock::new(),
            make: Box::new(make),
            hook: streams.hook().clone(),
            pending: Mutex::default(),
        });
        if is_collecting() {
            let later = branches.clone();
            streams.defer(Box::new(move || {
                later.settle();
            }));
        } else {
            branches.settle();
        }
        Self(branches)
    }
}

impl<I: ApiInstrument> Branches<I> {
    /// Makes what is missing and records what waited.
    fn settle(&self) -> &[Branch<I>] {
        // What the SDK logs meanwhile may be recorded, here even: see `deferral`.
        let made = self
            .made
            .get_or_init(|| during_collection(|| (self.make)()));
        let pending =
            std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        // They were measured elsewhere: the span of who comes first is not theirs.
        if !pending.is_empty() {
            outside_of_spans(|| {
                for (value, attributes) in pending {
                    record(made, value, &attributes);
                }
            });
        }
        made
    }

    /// The streams, `None` while they cannot be made on this thread.
    fn get(&self) -> Option<&[Branch<I>]> {
        match self.made.get() {
            Some(made) => Some(made),
            None if is_collecting() => None,
            None => Some(self.settle()),
        }
    }

    fn wait(&self, value: I::Value, attributes: Attributes) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have made it meanwhile, and has then taken what waited: nobody would come again.
        if let Some(made) = self.made.get() {
            drop(pending);
            record(made, value, &attributes);
        } else if pending.len() < MOST_PENDING {
            pending.push((value, attributes));
        }
    }
}

fn record<I: ApiInstrument>(branches: &[Branch<I>], value: I::Value, attributes: &[KeyValue]) {
    for Branch { inner, stream } in branches {
        let kept = match &stream.labels {
            Some(labels) => labels.kept(attributes),
            None => Cow::Borrowed(attributes),
        };
        inner.record(value, &kept);
        if let Some(exemplars) = &stream.exemplars {
            exemplars.offer(
                &stream.plan,
                value.as_f64(),
                attributes,
                &kept,
                stream.labels.as_ref(),
            );
        }
    }
}

impl<I: ApiInstrument> SyncInstrument<I::Value> for Tap<I> {
    fn measure(&self, value: I::Value, attributes: &[KeyValue]) {
        let unique = if attributes.len() > 1 && has_duplicates(attributes) {
            Cow::Owned(canonical(attributes).to_vec())
        } else {
            Cow::Borrowed(attributes)
        };
        match self.0.get() {
            Some(branches) => record(branches, value, &unique),
            None => self.0.wait(value, canonical(&unique)),
        }
    }

    fn bind(
        &self,
        attributes: &[KeyValue],
    ) -> Box<dyn BoundSyncInstrument<I::Value> + Send + Sync> {
        Box::new(BoundTap::<I> {
            branches: self.0.clone(),
            attributes: canonical(attributes),
            bound: OnceLock::new(),
        })
    }
}

/// An instrument of the gate with its attributes fixed.
///
/// It binds in the SDK with its first measurement, not before: the SDK exports a bound series without
/// measurements to cumulative readers, a gauge then as a false 0.
struct BoundTap<I: ApiInstrument> {
    branches: Arc<Branches<I>>,
    attributes: Attributes,
    bound: OnceLock<BoundSeries>,
}

impl<I: ApiInstrument> BoundTap<I> {
    /// The first measurement binds, if that can be done on this thread.
    #[cold]
    fn measure_unbound(&self, value: I::Value) {
        match self.branches.get() {
            Some(branches) if !is_collecting() => {
                let bind = || BoundSeries::new(branches, &self.attributes, &self.branches.hook);
                self.bound.get_or_init(bind).measure(value);
            }
            Some(branches) => record(branches, value, &self.attributes),
            None => self.branches.wait(value, self.attributes.clone()),
        }
    }
}

impl<I: ApiInstrument> BoundSyncInstrument<I::Value> for BoundTap<I> {
    fn measure(&self, value: I::Value) {
        match self.bound.get() {
            Some(bound) => bound.measure(value),
            None => self.measure_unbound(value),
        }
    }
}

/// An instrument of the gate, whatever its kind and number.
pub(crate) trait Source: Send + Sync {
    /// Records a value, converted to the number type of the instrument.
    fn record(&self, value: Value, labels: &[KeyValue]);
    /// Binds a series; not on a thread that is collecting.
    fn bind(&self, labels: &Attributes) -> Option<BoundSeries>;
    /// Whether the views leave nothing of it.
    fn is_dropped(&self) -> bool;
}

impl<I: ApiInstrument> Source for Tap<I> {
    fn record(&self, value: Value, labels: &[KeyValue]) {
        self.measure(I::Value::from_bits(value.bits(I::Value::KIND)), labels);
    }

    fn bind(&self, labels: &Attributes) -> Option<BoundSeries> {
        let branches = self.0.get().filter(|_| !is_collecting())?;
        Some(BoundSeries::new(branches, labels, &self.0.hook))
    }

    fn is_dropped(&self) -> bool {
        self.0
            .made
            .get()
            .is_some_and(|branches| branches.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{
        GateOptions,
        stream::{Aggregation, InstrumentKind},
        streams::InstrumentSpec,
    };

    /// Keeps what it is given.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u64>>>);

    impl ApiInstrument for Kept {
        type Value = u64;
        type Bound = Self;
        fn record(&self, value: u64, _: &[KeyValue]) {
            self.0.lock().unwrap().push(value);
        }
        fn bound(&self, _: &[KeyValue]) -> Self {
            self.clone()
        }
        fn record_all(bound: &Self, values: impl Iterator<Item = u64>) {
            values.for_each(|value| bound.record(value, &[]));
        }
        const BATCHED: bool = true;
    }

    #[test]
    fn what_waits_when_the_instrument_is_made_already_is_recorded() {
        let streams = Streams::new(GateOptions::default());
        let spec = InstrumentSpec {
            scope: opentelemetry::InstrumentationScope::builder("test").build(),
            name: "late".into(),
            unit: "".into(),
            description: "".into(),
            kind: InstrumentKind::Counter,
            bounds: None,
            aggregation: Aggregation::Default,
        };
        let (resolving, kept) = (streams.clone(), Kept::default());
        let inner = kept.clone();
        let resolve = move || resolving.resolve(&spec);
        let tap = during_collection(|| Tap::new(&streams, resolve, move |_| inner.clone()));
        tap.0.wait(1, canonical(&[]));
        tap.0.settle();
        // As a collecting thread does that looked before the settling and waits after it.
        tap.0.wait(2, canonical(&[]));
        assert_eq!(*kept.0.lock().unwrap(), [1, 2]);
    }
}
