//! The synchronous instruments of the OpenTelemetry API.

use std::{marker::PhantomData, sync::Arc};

use opentelemetry::{
    KeyValue,
    metrics::{BoundSyncInstrument, SyncInstrument},
};

use crate::{
    labels::LabelSet,
    metric::InstrumentKind,
    number::Measured,
    report,
    series::{Bound, Recorded, Stream},
};

/// An instrument of the gate: it records into the streams that the views made of it.
pub(super) struct GateInstrument<N> {
    streams: Arc<[Arc<Stream>]>,
    /// False for a sum that only grows.
    falls: bool,
    number: PhantomData<fn(N)>,
}

impl<N: Measured> GateInstrument<N> {
    pub(super) fn new(kind: InstrumentKind, streams: Box<[Arc<Stream>]>) -> Self {
        Self {
            streams: streams.into(),
            falls: kind != InstrumentKind::Counter,
            number: PhantomData,
        }
    }

    /// False for a value that would stay in a sum for ever: one that is not finite, or a negative one of a sum that only
    /// grows.
    #[inline]
    fn accepts(falls: bool, value: N) -> bool {
        value.is_finite() && (falls || !value.is_negative())
    }
}

#[cold]
fn refuse(streams: &[Arc<Stream>], value: f64) {
    let Some(plan) = streams.first().map(|stream| stream.plan()) else {
        return;
    };
    if value < 0.0 && plan.kind == InstrumentKind::Counter {
        report::once(("negative", &plan.name), || {
            format!(
                "counter `{}` was given {value}: expected a number of 0 or more",
                plan.name
            )
        });
    }
}

impl<N: Measured> SyncInstrument<N> for GateInstrument<N> {
    fn measure(&self, value: N, attributes: &[KeyValue]) {
        if !Self::accepts(self.falls, value) {
            return refuse(&self.streams, value.as_f64());
        }
        for stream in &*self.streams {
            stream.record_attributes(attributes, Recorded(value.bits_as(stream.number())));
        }
    }

    fn bind(&self, attributes: &[KeyValue]) -> Box<dyn BoundSyncInstrument<N> + Send + Sync> {
        let labels = LabelSet::of(attributes);
        let bound = self
            .streams
            .iter()
            .map(|stream| Bound::new(stream, &labels));
        let bound: Box<[Bound]> = bound.collect();
        let removed = bound.iter().any(|one| *one.series.labels() != labels);
        Box::new(BoundInstrument::<N> {
            bound,
            given: removed.then_some(labels),
            streams: self.streams.clone(),
            falls: self.falls,
            number: PhantomData,
        })
    }
}

/// An instrument with its attributes fixed.
struct BoundInstrument<N> {
    bound: Box<[Bound]>,
    /// The labels, if a view removes some or they are beyond the limit: exemplars keep those.
    given: Option<LabelSet>,
    streams: Arc<[Arc<Stream>]>,
    falls: bool,
    number: PhantomData<fn(N)>,
}

impl<N: Measured> BoundSyncInstrument<N> for BoundInstrument<N> {
    fn measure(&self, value: N) {
        if !GateInstrument::<N>::accepts(self.falls, value) {
            return refuse(&self.streams, value.as_f64());
        }
        for bound in &self.bound {
            let bits = value.bits_as(bound.stream.number());
            bound.measure(bits, self.given.as_ref());
        }
    }
}
