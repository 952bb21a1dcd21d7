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
    deferral::{during_collection, is_collecting},
    streams::{Stream, Streams},
};
use crate::attributes::{Attributes, canonical, has_duplicates};

/// What waits at the most for an instrument that is made after a collection.
const MOST_PENDING: usize = 1024;

/// An instrument of the OpenTelemetry API, whatever its kind.
pub(super) trait ApiInstrument: Send + Sync + 'static {
    type Value: Measured;
    type Bound: Send + Sync;
    fn record(&self, value: Self::Value, attributes: &[KeyValue]);
    fn bound(&self, attributes: &[KeyValue]) -> Self::Bound;
    fn record_bound(bound: &Self::Bound, value: Self::Value);
}

/// A number that instruments measure.
pub(super) trait Measured: Copy + Send + Sync + 'static {
    fn as_f64(self) -> f64;
    fn plus(self, other: Self) -> Self;
}

macro_rules! measured {
    ($number:ty, $plus:ident) => {
        impl Measured for $number {
            #[expect(
                clippy::cast_precision_loss,
                reason = "an exemplar's value is a double"
            )]
            fn as_f64(self) -> f64 {
                self as f64
            }
            fn plus(self, other: Self) -> Self {
                self.$plus(other)
            }
        }
    };
}
measured!(u64, saturating_add);
measured!(i64, saturating_add);

impl Measured for f64 {
    fn as_f64(self) -> f64 {
        self
    }
    fn plus(self, other: Self) -> Self {
        self + other
    }
}

macro_rules! api_instrument {
    ($kind:ident<$number:ty>, $bound:ident, $record:ident) => {
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
            #[inline]
            fn record_bound(bound: &$bound<$number>, value: $number) {
                bound.$record(value);
            }
        }
    };
}
api_instrument!(Counter<u64>, BoundCounter, add);
api_instrument!(Counter<f64>, BoundCounter, add);
api_instrument!(UpDownCounter<i64>, BoundUpDownCounter, add);
api_instrument!(UpDownCounter<f64>, BoundUpDownCounter, add);
api_instrument!(Gauge<u64>, BoundGauge, record);
api_instrument!(Gauge<i64>, BoundGauge, record);
api_instrument!(Gauge<f64>, BoundGauge, record);
api_instrument!(Histogram<u64>, BoundHistogram, record);
api_instrument!(Histogram<f64>, BoundHistogram, record);

/// One instrument of the gate.
pub(super) struct Tap<I: ApiInstrument>(Arc<Branches<I>>);

/// The streams behind an instrument, each with the SDK's instrument for it.
struct Branches<I: ApiInstrument> {
    made: OnceLock<Box<[Branch<I>]>>,
    make: Box<dyn Fn() -> Box<[Branch<I>]> + Send + Sync>,
    pending: Mutex<Vec<(I::Value, Attributes)>>,
}

struct Branch<I> {
    inner: I,
    stream: Arc<Stream>,
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
        for (value, attributes) in pending {
            record(made, value, &attributes);
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
    bound: OnceLock<Box<[BoundBranch<I>]>>,
}

struct BoundBranch<I: ApiInstrument> {
    inner: I::Bound,
    stream: Arc<Stream>,
    kept: Attributes,
}

impl<I: ApiInstrument> BoundTap<I> {
    fn bind(&self, branches: &[Branch<I>]) -> Box<[BoundBranch<I>]> {
        let bind = |branch: &Branch<I>| {
            let kept: Attributes = match &branch.stream.labels {
                Some(labels) => labels.kept(&self.attributes).into(),
                None => self.attributes.clone(),
            };
            BoundBranch {
                inner: branch.inner.bound(&kept),
                stream: branch.stream.clone(),
                kept,
            }
        };
        branches.iter().map(bind).collect()
    }
}

impl<I: ApiInstrument> BoundSyncInstrument<I::Value> for BoundTap<I> {
    fn measure(&self, value: I::Value) {
        let bound = match self.bound.get() {
            Some(bound) => bound,
            None => match self.branches.get() {
                Some(branches) if !is_collecting() => {
                    self.bound.get_or_init(|| self.bind(branches))
                }
                Some(branches) => return record(branches, value, &self.attributes),
                None => return self.branches.wait(value, self.attributes.clone()),
            },
        };
        for BoundBranch {
            inner,
            stream,
            kept,
        } in bound
        {
            I::record_bound(inner, value);
            if let Some(exemplars) = &stream.exemplars {
                let labels = stream.labels.as_ref();
                exemplars.offer(&stream.plan, value.as_f64(), &self.attributes, kept, labels);
            }
        }
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
        fn record_bound(bound: &Self, value: u64) {
            bound.record(value, &[]);
        }
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
