//! The instrument behind all handles of its name.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::{InstrumentationScope, KeyValue};

use super::{cached::Binding, provider::Recorder};
use crate::{
    gate::{Gate, GateOptions, InstrumentSpec, Streams},
    labels::LabelSet,
    metric::{
        Aggregation, InstrumentKind, descriptor::Descriptor, name::SCOPE_NAME, number::Value,
    },
    series::{BoundSeries, Stream},
    threads::{forked, sync::OnceBox},
};

/// The instrumentation scope of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// The scope that all instruments share.
    Common,
    /// A scope of its own: for a second histogram of one name, with other buckets. In the common scope both would be
    /// one stream.
    Own,
}

/// An instrument of the facade.
#[derive(Debug)]
pub(crate) struct Instrument {
    descriptor: Descriptor,
    place: ScopeKind,
    scope: InstrumentationScope,
    recorder: Recorder,
    streams: Binding<Box<[Arc<Stream>]>>,
    turn: Mutex<()>,
    /// The streams of a gauge that is used before the first provider: its value is kept at any time.
    resting_streams: OnceBox<Box<[Arc<Stream>]>>,
}

impl Instrument {
    /// Declares an instrument; the provider makes it with the first use.
    pub(crate) fn new(descriptor: Descriptor, place: ScopeKind, recorder: Recorder) -> Self {
        let builder =
            InstrumentationScope::builder(SCOPE_NAME).with_version(env!("CARGO_PKG_VERSION"));
        let scope = match place {
            ScopeKind::Common => builder,
            ScopeKind::Own => builder
                .with_attributes([KeyValue::new("buckets", buckets(&descriptor.aggregation))]),
        };
        Self {
            place,
            scope: scope.build(),
            recorder,
            streams: Binding::default(),
            turn: Mutex::default(),
            resting_streams: OnceBox::new(),
            descriptor,
        }
    }

    /// The kind of scope that the instrument is in.
    pub(crate) fn scope(&self) -> ScopeKind {
        self.place
    }

    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The provider that the instrument records to.
    #[inline]
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Makes the streams in the current provider, if that has not happened yet.
    pub(crate) fn bind(&self) {
        let _ = self.streams();
    }

    /// The streams, if the current provider is the first one, see [`Binding::current_first`].
    #[inline]
    pub(crate) fn current_first(&self) -> Option<&[Arc<Stream>]> {
        self.streams.current_first().map(|streams| &**streams)
    }

    /// The streams in the provider that all records go to; `None` without such a provider, or before
    /// [`streams`](Self::streams) has bound them.
    #[inline]
    pub(crate) fn current(&self) -> Option<&[Arc<Stream>]> {
        self.streams.current().map(|streams| &**streams)
    }

    /// The streams in the current provider of its home, `None` without one.
    pub(crate) fn streams(&self) -> Option<&[Arc<Stream>]> {
        self.streams_and_generation().map(|(streams, _)| streams)
    }

    /// The streams with the generation of their provider, which is read first: if the provider changes meanwhile, the
    /// next use binds again.
    pub(crate) fn streams_and_generation(&self) -> Option<(&[Arc<Stream>], u64)> {
        let provider = self.recorder.provider();
        loop {
            let generation = provider.generation();
            if let Some(known) = self.streams.of(generation) {
                return Some((known, generation));
            }
            let gate = provider.current()?;
            if forked::is_child() {
                // Nothing new is made there: it takes locks that may be held for ever.
                return None;
            }
            let mut made = Vec::new();
            let streams = {
                // One at a time, and not in a provider that is gone: levels move from the last one to this one.
                let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
                let is_here = provider.generation() == generation;
                is_here.then(|| self.make(&gate, generation, &mut made))
            };
            gate.streams().notify_mirror(&made);
            if let Some(streams) = streams {
                return Some((streams, generation));
            }
        }
    }

    /// True if views drop the metric in the provider of this generation, which is that of the process.
    pub(crate) fn is_dropped(&self, generation: u64) -> bool {
        let found = self.streams_and_generation();
        self.recorder.is_process()
            && found.is_some_and(|(streams, of)| streams.is_empty() && of == generation)
    }

    #[cold]
    fn make(&self, gate: &Gate, generation: u64, made: &mut Vec<Arc<Stream>>) -> &[Arc<Stream>] {
        if let Some(known) = self.streams.of(generation) {
            return known;
        }
        let earlier = self
            .streams
            .newest_first()
            .chain(self.resting_streams.get());
        let earlier: Vec<Arc<Stream>> = earlier.flatten().cloned().collect();
        let resolved = gate.streams().resolve(&self.spec(), &earlier);
        *made = resolved.made;
        let same = |one: &[Arc<Stream>], other: &[Arc<Stream>]| {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| Arc::ptr_eq(one, other))
        };
        let bound = self
            .streams
            .bind(generation, resolved.streams, |one, other| same(one, other));
        bound.map(|streams| &**streams).unwrap_or_default()
    }

    /// The streams of a gauge while there is no provider: those that it had last, else some of its own.
    pub(crate) fn resting_streams(&self) -> &[Arc<Stream>] {
        if let Some(last) = self.streams.last() {
            return last;
        }
        self.resting_streams.get_or_init(|| {
            let streams = Streams::new(GateOptions::default());
            let resting_streams = streams.resolve(&self.spec(), &[]).streams;
            streams.end();
            Box::new(resting_streams)
        })
    }

    /// True if its value is kept while there is no provider.
    pub(crate) fn is_gauge(&self) -> bool {
        self.descriptor.kind == InstrumentKind::Gauge
    }

    /// Records into the series of a label set; false without a provider.
    pub(crate) fn record(&self, value: Value, labels: &LabelSet) -> bool {
        let Some(streams) = self.streams() else {
            return false;
        };
        for stream in streams {
            let bound = BoundSeries::new(stream, labels);
            bound.measure(value.bits(stream.number()), Some(labels));
        }
        true
    }

    fn spec(&self) -> InstrumentSpec {
        let descriptor = &self.descriptor;
        InstrumentSpec {
            scope: self.scope.clone(),
            name: descriptor.name.clone(),
            unit: descriptor.unit.code(),
            description: descriptor.description.clone(),
            kind: descriptor.kind,
            number: descriptor.number,
            bounds: None,
            aggregation: descriptor.aggregation.clone(),
            sharing: descriptor.sharing,
        }
    }
}

fn buckets(aggregation: &Aggregation) -> String {
    match aggregation {
        Aggregation::ExplicitBuckets(bounds) => {
            let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
            bounds.join(",")
        }
        Aggregation::Exponential {
            max_size,
            max_scale,
        } => format!("exponential {max_size} {max_scale}"),
        _ => "default".to_owned(),
    }
}
