//! One instrument behind all handles of its name.

use std::sync::Arc;

use opentelemetry::{InstrumentationScope, KeyValue, metrics as otel};

use crate::{
    attributes::Attributes,
    cells::Cells,
    descriptor::Descriptor,
    gate::{
        Gate,
        stream::{Aggregation, InstrumentKind},
    },
    interned::Interned,
    late::Late,
    number::{NumberKind, Value},
    provider::{Home, Provider},
};

/// The scope of everything that is recorded through the facade.
pub const SCOPE_NAME: &str = "runar_otel";

/// Whether it is a [`Gauge`](crate::Gauge): set by the code, though a callback reads it.
pub(crate) fn is_own_gauge(scope: &InstrumentationScope, kind: InstrumentKind) -> bool {
    kind == InstrumentKind::ObservableGauge && scope.name() == SCOPE_NAME
}

/// Where an instrument lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// With all others.
    Common,
    /// By itself: a second histogram of one name, with buckets of its own. In the common scope the SDK would
    /// silently give it the first one's.
    Own,
}

/// An instrument of the facade.
#[derive(Debug)]
pub(crate) struct Instrument {
    descriptor: Descriptor,
    place: Scope,
    scope: InstrumentationScope,
    home: Home,
    recorder: Late<Recorder>,
    /// The series that labels given with a measurement lead to.
    sets: Interned<Series>,
    /// The values of a gauge; `None` for the other kinds.
    cells: Option<Arc<Cells>>,
}

impl Instrument {
    /// Declares an instrument; the provider makes it with the first use.
    pub(crate) fn new(descriptor: Descriptor, place: Scope, home: Home) -> Self {
        let builder =
            InstrumentationScope::builder(SCOPE_NAME).with_version(env!("CARGO_PKG_VERSION"));
        let scope = match place {
            Scope::Common => builder,
            Scope::Own => builder
                .with_attributes([KeyValue::new("buckets", buckets(&descriptor.aggregation))]),
        };
        let cells =
            (descriptor.kind == InstrumentKind::Gauge).then(|| Cells::new(descriptor.number));
        Self {
            place,
            scope: scope.build(),
            home,
            recorder: Late::default(),
            sets: Interned::default(),
            cells,
            descriptor,
        }
    }

    /// Where it lives.
    pub(crate) fn scope(&self) -> Scope {
        self.place
    }

    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    pub(crate) fn sets(&self) -> &Interned<Series> {
        &self.sets
    }

    pub(crate) fn cells(&self) -> Option<&Arc<Cells>> {
        self.cells.as_ref()
    }

    /// Makes it in the current provider, if that has not happened yet.
    pub(crate) fn bind(&self) {
        let _ = self.with(|_| ());
    }

    /// Uses the instrument of the current provider; nothing happens without one.
    #[inline]
    pub(crate) fn with<R>(&self, usage: impl FnOnce(&Recorder) -> R) -> Option<R> {
        self.recorder
            .with(self.home.provider(), |gate| Some(self.make(gate)), usage)
    }

    /// Whose provider it records to.
    #[inline]
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    fn make(&self, gate: &Gate) -> Recorder {
        let kind = self.descriptor.kind;
        let (name, unit) = (&self.descriptor.name, self.descriptor.unit.as_str());
        self.sets
            .limit(gate.streams().limit(&self.scope, name, unit, kind));
        let meter = gate.meter_with(self.scope.clone(), self.descriptor.aggregation.clone());
        let (name, description) = (
            self.descriptor.name.clone(),
            self.descriptor.description.clone(),
        );
        let unit = self.descriptor.unit.code();
        macro_rules! build {
            ($method:ident) => {
                meter
                    .$method(name)
                    .with_description(description)
                    .with_unit(unit)
                    .build()
            };
        }
        match (self.descriptor.kind, self.descriptor.number) {
            (InstrumentKind::Counter, NumberKind::F64) => Recorder::CounterF64(build!(f64_counter)),
            (InstrumentKind::Counter, _) => Recorder::CounterU64(build!(u64_counter)),
            (InstrumentKind::UpDownCounter, NumberKind::F64) => {
                Recorder::UpDownF64(build!(f64_up_down_counter))
            }
            (InstrumentKind::UpDownCounter, _) => Recorder::UpDownI64(build!(i64_up_down_counter)),
            (InstrumentKind::Histogram, NumberKind::U64) => {
                Recorder::HistogramU64(build!(u64_histogram))
            }
            (InstrumentKind::Histogram, _) => Recorder::HistogramF64(build!(f64_histogram)),
            _ => {
                if let Some(cells) = &self.cells {
                    cells.observe(&meter, &self.descriptor);
                    let kind = InstrumentKind::ObservableGauge;
                    cells.limit(gate.streams().limit(&self.scope, &name, &unit, kind));
                }
                Recorder::Observed
            }
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

/// An instrument of the current provider.
pub(crate) enum Recorder {
    CounterU64(otel::Counter<u64>),
    CounterF64(otel::Counter<f64>),
    UpDownI64(otel::UpDownCounter<i64>),
    UpDownF64(otel::UpDownCounter<f64>),
    HistogramU64(otel::Histogram<u64>),
    HistogramF64(otel::Histogram<f64>),
    /// A gauge: its cells are read by a callback.
    Observed,
}

/// The same with its labels fixed.
pub(crate) enum BoundRecorder {
    CounterU64(otel::BoundCounter<u64>),
    CounterF64(otel::BoundCounter<f64>),
    UpDownI64(otel::BoundUpDownCounter<i64>),
    UpDownF64(otel::BoundUpDownCounter<f64>),
    HistogramU64(otel::BoundHistogram<u64>),
    HistogramF64(otel::BoundHistogram<f64>),
}

/// One series of an instrument, bound in whatever provider is current.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) labels: Attributes,
    bound: Late<BoundRecorder>,
}

impl Series {
    pub(crate) fn new(labels: &Attributes) -> Self {
        Self {
            labels: labels.clone(),
            bound: Late::default(),
        }
    }

    /// Records; tells whether there is a provider to record to.
    #[inline]
    pub(crate) fn record(
        &self,
        instrument: &Instrument,
        provider: &Provider,
        value: Value,
    ) -> bool {
        let bind = |recorder: &Recorder| recorder.bind(&self.labels);
        let make = |_: &Gate| instrument.with(bind).flatten();
        let record = |bound: &BoundRecorder| bound.record(value);
        self.bound.with(provider, make, record).is_some()
    }
}

impl Recorder {
    pub(crate) fn record(&self, value: Value, labels: &[KeyValue]) {
        match self {
            Self::CounterU64(counter) => counter.add(value.as_u64(), labels),
            Self::CounterF64(counter) => counter.add(value.as_f64(), labels),
            Self::UpDownI64(counter) => counter.add(value.as_i64(), labels),
            Self::UpDownF64(counter) => counter.add(value.as_f64(), labels),
            Self::HistogramU64(histogram) => histogram.record(value.as_u64(), labels),
            Self::HistogramF64(histogram) => histogram.record(value.as_f64(), labels),
            Self::Observed => {}
        }
    }

    pub(crate) fn bind(&self, labels: &[KeyValue]) -> Option<BoundRecorder> {
        Some(match self {
            Self::CounterU64(counter) => BoundRecorder::CounterU64(counter.bind(labels)),
            Self::CounterF64(counter) => BoundRecorder::CounterF64(counter.bind(labels)),
            Self::UpDownI64(counter) => BoundRecorder::UpDownI64(counter.bind(labels)),
            Self::UpDownF64(counter) => BoundRecorder::UpDownF64(counter.bind(labels)),
            Self::HistogramU64(histogram) => BoundRecorder::HistogramU64(histogram.bind(labels)),
            Self::HistogramF64(histogram) => BoundRecorder::HistogramF64(histogram.bind(labels)),
            Self::Observed => return None,
        })
    }
}

impl BoundRecorder {
    #[inline]
    pub(crate) fn record(&self, value: Value) {
        match self {
            Self::CounterU64(counter) => counter.add(value.as_u64()),
            Self::CounterF64(counter) => counter.add(value.as_f64()),
            Self::UpDownI64(counter) => counter.add(value.as_i64()),
            Self::UpDownF64(counter) => counter.add(value.as_f64()),
            Self::HistogramU64(histogram) => histogram.record(value.as_u64()),
            Self::HistogramF64(histogram) => histogram.record(value.as_f64()),
        }
    }
}
