//! The synchronous instruments of the OpenTelemetry API.

use std::{marker::PhantomData, sync::Arc};

use opentelemetry::{
    KeyValue,
    metrics::{BoundSyncInstrument, SyncInstrument},
};

use crate::{
    labels::LabelSet,
    metric::{
        InstrumentKind,
        number::{ApiNumber, NumberKind},
        refusal,
    },
    series::{BoundSeries, Stream, SumValue},
};

/// An instrument of the gate, which records into the streams that the views made of it.
pub(super) struct GateInstrument<N> {
    streams: Arc<[Arc<Stream>]>,
    /// False for a sum that only grows.
    falls: bool,
    number: PhantomData<fn(N)>,
}

impl<N: ApiNumber> GateInstrument<N> {
    pub(super) fn new(kind: InstrumentKind, streams: Box<[Arc<Stream>]>) -> Self {
        Self {
            streams: streams.into(),
            falls: kind != InstrumentKind::Counter,
            number: PhantomData,
        }
    }

    /// False for a value that would spoil a sum for ever: a value that is not finite, or a negative value of a sum that
    /// only grows.
    #[inline]
    fn accepts(falls: bool, value: N) -> bool {
        value.is_finite() && (falls || !value.is_negative())
    }
}

/// Handles a value that a sum refuses: a level of doubles takes one that is not finite, everything else is dropped and
/// reported.
#[cold]
fn refuse<N: ApiNumber>(stream: &Stream, value: N, set: impl FnOnce(u64)) {
    let plan = stream.plan();
    let is_odd_level = !value.is_finite() && stream.is_level();
    if is_odd_level && stream.number() == NumberKind::F64 {
        return set(value.bits_as(NumberKind::F64));
    }
    refusal::refuse(plan.scope.name(), &plan.name, plan.kind, value.as_f64());
}

impl<N: ApiNumber> SyncInstrument<N> for GateInstrument<N> {
    fn measure(&self, value: N, attributes: &[KeyValue]) {
        let accepts = Self::accepts(self.falls, value);
        for stream in &*self.streams {
            let record = |bits| stream.record_attributes(attributes, SumValue(bits));
            match accepts {
                true => record(value.bits_as(stream.number())),
                false => refuse(stream, value, record),
            }
        }
    }

    fn bind(&self, attributes: &[KeyValue]) -> Box<dyn BoundSyncInstrument<N> + Send + Sync> {
        let labels = LabelSet::of(attributes);
        let bound = self
            .streams
            .iter()
            .map(|stream| BoundSeries::new(stream, &labels));
        let bound: Box<[BoundSeries]> = bound.collect();
        let removed = bound.iter().any(|one| *one.series.labels() != labels);
        Box::new(BoundInstrument::<N> {
            bound,
            given: removed.then_some(labels),
            falls: self.falls,
            number: PhantomData,
        })
    }
}

/// An instrument with its attributes fixed.
struct BoundInstrument<N> {
    bound: Box<[BoundSeries]>,
    /// The labels, if a view removes some or if they are beyond the limit: exemplars keep them.
    given: Option<LabelSet>,
    falls: bool,
    number: PhantomData<fn(N)>,
}

impl<N: ApiNumber> BoundSyncInstrument<N> for BoundInstrument<N> {
    fn measure(&self, value: N) {
        let accepts = GateInstrument::<N>::accepts(self.falls, value);
        for bound in &self.bound {
            let record = |bits| bound.measure(bits, self.given.as_ref());
            match accepts {
                true => record(value.bits_as(bound.stream.number())),
                false => refuse(&bound.stream, value, record),
            }
        }
    }
}
