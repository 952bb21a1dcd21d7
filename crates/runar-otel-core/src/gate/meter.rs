//! The gate's meter: all sixteen constructors of the OpenTelemetry API.

use std::{borrow::Cow, sync::Arc};

use opentelemetry::{
    InstrumentationScope,
    metrics::{
        AsyncInstrumentBuilder, Counter, Gauge, Histogram, HistogramBuilder, InstrumentBuilder,
        InstrumentProvider, ObservableCounter, ObservableGauge, ObservableUpDownCounter,
        UpDownCounter,
    },
};

use super::{instrument::GateInstrument, spec::InstrumentSpec, streams::Streams};
use crate::{
    metric::{
        Aggregation, InstrumentKind, name,
        number::{ApiNumber, NumberKind},
        sharing::Sharing,
    },
    report,
};

/// Makes instruments. The trait's defaults would silently drop measurements, so every method is here.
pub(super) struct GateMeter {
    scope: InstrumentationScope,
    streams: Arc<Streams>,
}

type OptionalText = Option<Cow<'static, str>>;

impl GateMeter {
    pub(super) fn new(scope: InstrumentationScope, streams: Arc<Streams>) -> Self {
        Self { scope, streams }
    }

    fn spec(
        &self,
        kind: InstrumentKind,
        number: NumberKind,
        (name, unit, description): (Cow<'static, str>, OptionalText, OptionalText),
    ) -> InstrumentSpec {
        InstrumentSpec {
            scope: self.scope.clone(),
            name,
            unit: unit.unwrap_or_default(),
            description: description.unwrap_or_default(),
            kind,
            number,
            bounds: None,
            aggregation: Aggregation::Default,
            sharing: Sharing::default(),
        }
    }

    /// Makes an instrument with a valid name; one with an invalid name records nothing. Unit and description are taken
    /// as they are.
    ///
    /// OpenTelemetry specification, metrics SDK: *Instrument name*, *Instrument unit*, *Instrument description*.
    fn instrument<N: ApiNumber>(&self, spec: &InstrumentSpec) -> Arc<GateInstrument<N>> {
        let streams = if is_valid(spec) {
            self.streams.resolve_new(spec)
        } else {
            Box::default()
        };
        Arc::new(GateInstrument::new(spec.kind, streams))
    }
}

fn is_valid(spec: &InstrumentSpec) -> bool {
    let Err(problem) = name::check_name(&spec.name) else {
        return true;
    };
    report::once(("instrument", spec.scope.name(), &spec.name), || {
        format!(
            "instrument `{}` of meter `{}` records nothing: {problem}",
            spec.name,
            spec.scope.name()
        )
    });
    false
}

/// Returns the advised bounds if they are valid; invalid ones count as none.
///
/// OpenTelemetry specification, metrics SDK: *Instrument advisory parameters*.
fn valid_bounds(spec: &InstrumentSpec, advised: Option<Vec<f64>>) -> Option<Vec<f64>> {
    let advised = advised?;
    let Err(problem) = name::check_bounds(&advised) else {
        return Some(advised);
    };
    report::once(("bounds", spec.scope.name(), &spec.name), || {
        format!(
            "histogram `{}` of meter `{}` gets default buckets: {problem}",
            spec.name,
            spec.scope.name()
        )
    });
    None
}

macro_rules! synchronous {
    ($method:ident, $instrument:ident<$number:ty>, $kind:ident) => {
        fn $method(
            &self,
            asked: InstrumentBuilder<'_, $instrument<$number>>,
        ) -> $instrument<$number> {
            let texts = (asked.name, asked.unit, asked.description);
            let spec = self.spec(InstrumentKind::$kind, <$number as ApiNumber>::KIND, texts);
            $instrument::new(self.instrument::<$number>(&spec))
        }
    };
}

macro_rules! histogram {
    ($method:ident, $number:ty) => {
        fn $method(&self, asked: HistogramBuilder<'_, Histogram<$number>>) -> Histogram<$number> {
            let texts = (asked.name, asked.unit, asked.description);
            let number = <$number as ApiNumber>::KIND;
            let mut spec = self.spec(InstrumentKind::Histogram, number, texts);
            spec.bounds = valid_bounds(&spec, asked.boundaries);
            Histogram::new(self.instrument::<$number>(&spec))
        }
    };
}

macro_rules! asynchronous {
    ($method:ident, $instrument:ident<$number:ty>, $kind:ident) => {
        fn $method(
            &self,
            asked: AsyncInstrumentBuilder<'_, $instrument<$number>, $number>,
        ) -> $instrument<$number> {
            let texts = (asked.name, asked.unit, asked.description);
            let spec = self.spec(InstrumentKind::$kind, <$number as ApiNumber>::KIND, texts);
            if is_valid(&spec) {
                let streams = self.streams.resolve_new(&spec);
                self.streams.observables().add(streams, asked.callbacks);
            }
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
