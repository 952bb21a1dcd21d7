//! The gate's meter: all sixteen constructors of the OpenTelemetry API.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use opentelemetry::{
    InstrumentationScope,
    metrics::{
        AsyncInstrumentBuilder, Counter, Gauge, Histogram, HistogramBuilder, InstrumentBuilder,
        InstrumentProvider, Meter, MeterProvider, ObservableCounter, ObservableGauge,
        ObservableUpDownCounter, UpDownCounter,
    },
};

use super::{
    deferral::{during_collection, is_collecting},
    observable::{Callbacks, observe},
    stream::{Aggregation, InstrumentKind},
    streams::{InstrumentSpec, Stream, Streams},
    tap::{ApiInstrument, Source, Tap},
};
use crate::{descriptor::Descriptor, number::NumberKind};

/// Makes instruments that pass the gate. The trait's defaults would silently drop measurements, so every
/// method is here.
pub(crate) struct GateMeter {
    pub(super) inner: Arc<InnerMeter>,
    pub(super) scope: InstrumentationScope,
    pub(super) aggregation: Aggregation,
    pub(super) streams: Arc<Streams>,
}

/// The SDK's meter, made with the first instrument.
///
/// The SDK logs under the lock of its meters. A subscriber that records such events would, with an instrument
/// that is not made yet, ask for a meter meanwhile.
pub(super) struct InnerMeter {
    provider: Arc<dyn MeterProvider + Send + Sync>,
    scope: InstrumentationScope,
    made: OnceLock<Meter>,
}

impl InnerMeter {
    pub(super) fn new(
        provider: Arc<dyn MeterProvider + Send + Sync>,
        scope: InstrumentationScope,
    ) -> Self {
        Self {
            provider,
            scope,
            made: OnceLock::new(),
        }
    }

    fn get(&self) -> &Meter {
        self.made
            .get_or_init(|| self.provider.meter_with_scope(self.scope.clone()))
    }
}

type Text = Option<Cow<'static, str>>;

impl GateMeter {
    fn spec(
        &self,
        kind: InstrumentKind,
        name: Cow<'static, str>,
        unit: Text,
        description: Text,
    ) -> InstrumentSpec {
        InstrumentSpec {
            scope: self.scope.clone(),
            name,
            unit: unit.unwrap_or_default(),
            description: description.unwrap_or_default(),
            kind,
            bounds: None,
            aggregation: self.aggregation.clone(),
        }
    }

    fn tap<I: Built>(&self, spec: InstrumentSpec) -> Arc<Tap<I>> {
        self.settle();
        let (streams, meter) = (self.streams.clone(), self.inner.clone());
        let resolve = move || streams.resolve(&spec);
        Arc::new(Tap::new(&self.streams, resolve, move |stream| {
            I::build(meter.get(), stream)
        }))
    }

    /// Makes the instrument of a descriptor; `None` for a kind that callbacks observe.
    pub(crate) fn source(&self, descriptor: &Descriptor) -> Option<Arc<dyn Source>> {
        let kind = descriptor.kind;
        let spec = self.spec(
            kind,
            descriptor.name.clone(),
            Some(descriptor.unit.code()),
            Some(descriptor.description.clone()),
        );
        Some(match (kind, descriptor.number) {
            (InstrumentKind::Counter, NumberKind::F64) => self.tap::<Counter<f64>>(spec),
            (InstrumentKind::Counter, _) => self.tap::<Counter<u64>>(spec),
            (InstrumentKind::UpDownCounter, NumberKind::F64) => {
                self.tap::<UpDownCounter<f64>>(spec)
            }
            (InstrumentKind::UpDownCounter, _) => self.tap::<UpDownCounter<i64>>(spec),
            (InstrumentKind::Histogram, NumberKind::U64) => self.tap::<Histogram<u64>>(spec),
            (InstrumentKind::Histogram, _) => self.tap::<Histogram<f64>>(spec),
            _ => return None,
        })
    }

    /// Makes what waits. The collector does so after each collection; an application that only has readers of its own
    /// has none.
    fn settle(&self) {
        if !is_collecting() {
            self.streams.settle();
        }
    }

    fn observable(
        &self,
        spec: InstrumentSpec,
        build: impl Fn(&Meter, Arc<Stream>) + Send + 'static,
    ) {
        self.settle();
        let (streams, meter) = (self.streams.clone(), self.inner.clone());
        let make = move || {
            // What the SDK logs meanwhile may be recorded: see `deferral`.
            during_collection(|| {
                for stream in streams.resolve(&spec) {
                    build(meter.get(), stream);
                }
            });
        };
        if is_collecting() {
            self.streams.defer(Box::new(make));
        } else {
            make();
        }
    }
}

/// Gives a builder of the SDK what the stream says.
macro_rules! dressed {
    ($builder:expr, $stream:expr) => {{
        let mut builder = $builder;
        if !$stream.plan.unit.is_empty() {
            builder = builder.with_unit($stream.plan.unit.clone());
        }
        if !$stream.description.is_empty() {
            builder = builder.with_description($stream.description.clone());
        }
        builder
    }};
}

/// An instrument that a meter of the SDK makes for a stream.
trait Built: ApiInstrument {
    fn build(meter: &Meter, stream: &Stream) -> Self;
}

macro_rules! built {
    (Histogram<$number:ty>, $method:ident) => {
        impl Built for Histogram<$number> {
            fn build(meter: &Meter, stream: &Stream) -> Self {
                let mut builder = dressed!(meter.$method(stream.plan.name.clone()), stream);
                if let Aggregation::ExplicitBuckets(bounds) = &stream.plan.aggregation {
                    builder = builder.with_boundaries(bounds.to_vec());
                }
                builder.build()
            }
        }
    };
    ($instrument:ty, $method:ident) => {
        impl Built for $instrument {
            fn build(meter: &Meter, stream: &Stream) -> Self {
                dressed!(meter.$method(stream.plan.name.clone()), stream).build()
            }
        }
    };
}
built!(Counter<u64>, u64_counter);
built!(Counter<f64>, f64_counter);
built!(UpDownCounter<i64>, i64_up_down_counter);
built!(UpDownCounter<f64>, f64_up_down_counter);
built!(Gauge<u64>, u64_gauge);
built!(Gauge<i64>, i64_gauge);
built!(Gauge<f64>, f64_gauge);
built!(Histogram<u64>, u64_histogram);
built!(Histogram<f64>, f64_histogram);

macro_rules! synchronous {
    ($method:ident, $instrument:ty, $kind:ident) => {
        fn $method(&self, asked: InstrumentBuilder<'_, $instrument>) -> $instrument {
            let spec = self.spec(
                InstrumentKind::$kind,
                asked.name,
                asked.unit,
                asked.description,
            );
            <$instrument>::new(self.tap::<$instrument>(spec))
        }
    };
}

macro_rules! histogram {
    ($method:ident, $number:ty) => {
        fn $method(&self, asked: HistogramBuilder<'_, Histogram<$number>>) -> Histogram<$number> {
            let mut spec = self.spec(
                InstrumentKind::Histogram,
                asked.name,
                asked.unit,
                asked.description,
            );
            spec.bounds = asked.boundaries;
            Histogram::new(self.tap::<Histogram<$number>>(spec))
        }
    };
}

macro_rules! asynchronous {
    ($method:ident, $instrument:ident<$number:ty>, $kind:ident) => {
        fn $method(
            &self,
            asked: AsyncInstrumentBuilder<'_, $instrument<$number>, $number>,
        ) -> $instrument<$number> {
            let spec = self.spec(
                InstrumentKind::$kind,
                asked.name,
                asked.unit,
                asked.description,
            );
            let callbacks: Callbacks<$number> = Arc::new(asked.callbacks);
            self.observable(spec, move |meter, stream| {
                let callbacks = callbacks.clone();
                let builder = dressed!(meter.$method(stream.plan.name.clone()), stream);
                let _ = builder
                    .with_callback(move |instrument| observe(&callbacks, &stream, instrument))
                    .build();
            });
            $instrument::new()
        }
    };
}

impl InstrumentProvider for GateMeter {
    synchronous!(u64_counter, Counter<u64>, Counter);
    synchronous!(f64_counter, Counter<f64>, Counter);
    synchronous!(i64_up_down_counter, UpDownCounter<i64>, UpDownCounter);
    synchronous!(f64_up_down_counter, UpDownCounter<f64>, UpDownCounter);
    synchronous!(u64_gauge, Gauge<u64>, Gauge);
    synchronous!(i64_gauge, Gauge<i64>, Gauge);
    synchronous!(f64_gauge, Gauge<f64>, Gauge);
    histogram!(f64_histogram, f64);
    histogram!(u64_histogram, u64);
    asynchronous!(
        u64_observable_counter,
        ObservableCounter<u64>,
        ObservableCounter
    );
    asynchronous!(
        f64_observable_counter,
        ObservableCounter<f64>,
        ObservableCounter
    );
    asynchronous!(
        i64_observable_up_down_counter,
        ObservableUpDownCounter<i64>,
        ObservableUpDownCounter
    );
    asynchronous!(
        f64_observable_up_down_counter,
        ObservableUpDownCounter<f64>,
        ObservableUpDownCounter
    );
    asynchronous!(u64_observable_gauge, ObservableGauge<u64>, ObservableGauge);
    asynchronous!(i64_observable_gauge, ObservableGauge<i64>, ObservableGauge);
    asynchronous!(f64_observable_gauge, ObservableGauge<f64>, ObservableGauge);
}
