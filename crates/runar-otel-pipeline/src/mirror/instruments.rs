//! Instruments of the SDK, one for each stream.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::SystemTime,
};

use foldhash::fast::RandomState;
use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{Meter, MeterProvider as _},
};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use runar_otel_core::{
    NumberKind,
    metric::{InstrumentKind, Shape},
    report,
    series::{Consumer, Number, Stream},
};

use super::view::{NextPlan, is_read};

/// A function that records a measurement, by the bits of its value.
type Record = Box<dyn Fn(u64, &[KeyValue]) + Send>;

/// The instruments made so far, by stream.
pub(super) struct Instruments {
    provider: SdkMeterProvider,
    next_plan: Arc<NextPlan>,
    by_stream: HashMap<usize, Instrument, RandomState>,
    identities: HashSet<Identity, RandomState>,
}

/// The key by which the SDK distinguishes instruments: it would add up the measurements of two instruments with one
/// key.
type Identity = (
    InstrumentationScope,
    String,
    String,
    InstrumentKind,
    NumberKind,
);

struct Instrument {
    /// Records a measurement; `None` for a stream that the SDK reads itself or does not get.
    record: Option<Record>,
    /// Kept, so that no other stream gets the address.
    _stream: Arc<Stream>,
}

impl Instruments {
    pub(super) fn new(provider: SdkMeterProvider, next_plan: Arc<NextPlan>) -> Self {
        Self {
            provider,
            next_plan,
            by_stream: HashMap::default(),
            identities: HashSet::default(),
        }
    }

    /// Makes the instrument of a stream. Waits for running collections, during which the SDK holds its lock.
    pub(super) fn add(&mut self, stream: &Arc<Stream>) {
        let record = if self.identities.insert(identity(stream)) {
            self.make(stream)
        } else {
            leave_out_second(&stream.plan().name);
            None
        };
        let instrument = Instrument {
            record,
            _stream: stream.clone(),
        };
        self.by_stream
            .insert(Arc::as_ptr(stream).addr(), instrument);
    }

    fn make(&self, stream: &Arc<Stream>) -> Option<Record> {
        self.next_plan.set(Some(stream.plan().clone()));
        let meter = self.provider.meter_with_scope(stream.plan().scope.clone());
        let record = if is_read(stream.plan().kind) {
            observable(&meter, stream);
            None
        } else {
            synchronous(&meter, stream)
        };
        self.next_plan.set(None);
        record
    }

    pub(super) fn knows(&self, stream: usize) -> bool {
        self.by_stream.contains_key(&stream)
    }

    /// Records a measurement of a stream.
    pub(super) fn record(&self, stream: usize, bits: u64, labels: &[KeyValue]) {
        if let Some(record) = self
            .by_stream
            .get(&stream)
            .and_then(|instrument| instrument.record.as_ref())
        {
            record(bits, labels);
        }
    }
}

fn identity(stream: &Stream) -> Identity {
    let plan = stream.plan();
    (
        plan.scope.clone(),
        plan.name.to_ascii_lowercase(),
        plan.unit.to_string(),
        plan.kind,
        stream.number(),
    )
}

/// Makes a builder of the SDK with the name, unit and description of a stream.
macro_rules! described_builder {
    ($meter:expr, $method:ident, $stream:expr) => {{
        let plan = $stream.plan();
        let mut builder = $meter.$method(plan.name.clone());
        if !plan.unit.is_empty() {
            builder = builder.with_unit(plan.unit.clone());
        }
        let description = $stream.description();
        if !description.is_empty() {
            builder = builder.with_description(description);
        }
        builder
    }};
}

/// Makes the instrument of a stream whose measurements come through the queue.
fn synchronous(meter: &Meter, stream: &Arc<Stream>) -> Option<Record> {
    macro_rules! recording {
        ($method:ident, $record:ident, $number:expr) => {{
            let instrument = described_builder!(meter, $method, stream).build();
            Some(Box::new(move |bits, labels: &[KeyValue]| {
                instrument.$record($number(bits), labels);
            }))
        }};
    }
    match (stream.plan().kind, stream.number()) {
        (InstrumentKind::Counter, NumberKind::F64) => {
            recording!(f64_counter, add, f64::from_bits)
        }
        (InstrumentKind::Counter, _) => recording!(u64_counter, add, std::convert::identity),
        (InstrumentKind::UpDownCounter, NumberKind::F64) => {
            recording!(f64_up_down_counter, add, f64::from_bits)
        }
        (InstrumentKind::UpDownCounter, _) => {
            recording!(i64_up_down_counter, add, u64::cast_signed)
        }
        (InstrumentKind::Histogram, NumberKind::F64) => {
            recording!(f64_histogram, record, f64::from_bits)
        }
        (InstrumentKind::Histogram, _) => {
            recording!(u64_histogram, record, std::convert::identity)
        }
        _ => None,
    }
}

/// Makes the instrument of a stream that the SDK reads when a reader collects.
fn observable(meter: &Meter, stream: &Arc<Stream>) {
    macro_rules! observing {
        ($method:ident, $number:expr) => {{
            let read_from = stream.clone();
            let _ = described_builder!(meter, $method, stream)
                .with_callback(move |observer| {
                    for (value, labels) in read(&read_from) {
                        if let Some(value) = $number(value) {
                            observer.observe(value, &labels);
                        }
                    }
                })
                .build();
        }};
    }
    let plan = stream.plan();
    if !matches!(
        plan.shape(),
        Some(Shape::Gauge | Shape::MonotonicSum | Shape::NonMonotonicSum)
    ) {
        return leave_out(&plan.name);
    }
    // The SDK has no sums of gauges: such a stream becomes the instrument that its shape suggests.
    match (plan.shape(), stream.number()) {
        (Some(Shape::MonotonicSum), NumberKind::F64) => {
            observing!(f64_observable_counter, double);
        }
        (Some(Shape::MonotonicSum), _) => observing!(u64_observable_counter, unsigned),
        (Some(Shape::NonMonotonicSum), NumberKind::F64) => {
            observing!(f64_observable_up_down_counter, double);
        }
        (Some(Shape::NonMonotonicSum), _) => observing!(i64_observable_up_down_counter, signed),
        (_, NumberKind::F64) => observing!(f64_observable_gauge, double),
        (_, NumberKind::I64) => observing!(i64_observable_gauge, signed),
        (_, NumberKind::U64) => observing!(u64_observable_gauge, unsigned),
    }
}

/// Reads the values of a stream. The SDK gets them when no lock of the stream is held any more.
fn read(stream: &Stream) -> Vec<(Number, Vec<KeyValue>)> {
    let mut all = Vec::with_capacity(stream.len());
    stream.numbers(Consumer::default(), SystemTime::now(), |labels, reading| {
        all.push((reading.value, labels.to_key_values()));
    });
    all
}

#[expect(clippy::unnecessary_wraps, reason = "one of three")]
fn double(value: Number) -> Option<f64> {
    Some(value.as_f64())
}

fn unsigned(value: Number) -> Option<u64> {
    match value {
        Number::U64(value) => Some(value),
        _ => None,
    }
}

fn signed(value: Number) -> Option<i64> {
    match value {
        Number::I64(value) => Some(value),
        Number::U64(value) => i64::try_from(value).ok(),
        Number::F64(_) => None,
    }
}

/// Reports a metric that shares its name with another: the SDK would make one metric of both.
fn leave_out_second(name: &str) {
    report::once(("mirror", "second", name), || {
        format!(
            "attached readers get metric `{name}` as one view makes it, not as the others do: expected a `rename` in \
             all but one"
        )
    });
}

/// Reports a metric that the SDK cannot take: it takes totals and last values of callbacks, and no histograms.
fn leave_out(name: &str) {
    report::once(("mirror", name), || {
        format!(
            "attached readers do not get metric `{name}`: a view makes a histogram of its last or observed values, \
             which the SDK cannot take over; expected an aggregation of its own kind"
        )
    });
}
