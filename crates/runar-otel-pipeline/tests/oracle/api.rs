//! Instruments of the OpenTelemetry API, of whichever provider, behind closures.

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

use crate::program::{Instrument, Kind, Raw};

/// Records a value.
pub(crate) type Record = Box<dyn Fn(Raw, &[KeyValue]) + Send + Sync>;
/// Records a value for the labels that it is bound to.
pub(crate) type RecordBound = Box<dyn Fn(Raw) + Send + Sync>;
/// Binds labels.
pub(crate) type Bind = Box<dyn Fn(&[KeyValue]) -> RecordBound + Send + Sync>;
/// Tells an observer everything.
pub(crate) type Tell = Box<dyn Fn(&mut dyn FnMut(Raw, &[KeyValue])) + Send + Sync>;

/// A synchronous instrument.
pub(crate) struct Handle {
    pub(crate) record: Record,
    pub(crate) bind: Bind,
}

impl Handle {
    /// Both, as one.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            record: Box::new(move |value, labels| {
                (self.record)(value, labels);
                (other.record)(value, labels);
            }),
            bind: Box::new(move |labels| {
                let (one, other) = ((self.bind)(labels), (other.bind)(labels));
                Box::new(move |value| {
                    one(value);
                    other(value);
                })
            }),
        }
    }

    /// The same, with other values.
    pub(crate) fn converting(self, to: impl Fn(Raw) -> Raw + Copy + Send + Sync + 'static) -> Self {
        Self {
            record: Box::new(move |value, labels| (self.record)(to(value), labels)),
            bind: Box::new(move |labels| {
                let bound = (self.bind)(labels);
                Box::new(move |value| bound(to(value)))
            }),
        }
    }
}

macro_rules! handle {
    ($builder:expr, $instrument:expr, $record:ident, $value:ident) => {{
        let builder = $builder.with_unit($instrument.unit);
        let builder = builder.with_description($instrument.full_description());
        handle!(built builder.build(), $record, $value)
    }};
    (built $built:expr, $record:ident, $value:ident) => {{
        let instrument = $built;
        let bound = instrument.clone();
        Handle {
            record: Box::new(move |value, labels| instrument.$record(value.$value, labels)),
            bind: Box::new(move |labels| {
                let bound = bound.bind(labels);
                Box::new(move |value| bound.$record(value.$value))
            }),
        }
    }};
}

macro_rules! histogram {
    ($builder:expr, $instrument:expr, $value:ident) => {{
        let mut builder = $builder
            .with_unit($instrument.unit)
            .with_description($instrument.full_description());
        if let Some(bounds) = &$instrument.bounds {
            builder = builder.with_boundaries(bounds.clone());
        }
        handle!(built builder.build(), record, $value)
    }};
}

/// Makes a synchronous instrument.
pub(crate) fn make(meter: &Meter, instrument: &Instrument, name: String) -> Handle {
    match instrument.kind {
        Kind::U64Counter => handle!(meter.u64_counter(name), instrument, add, whole),
        Kind::F64Counter => handle!(meter.f64_counter(name), instrument, add, real),
        Kind::I64UpDownCounter => {
            handle!(meter.i64_up_down_counter(name), instrument, add, signed)
        }
        Kind::F64UpDownCounter => {
            handle!(meter.f64_up_down_counter(name), instrument, add, real)
        }
        Kind::U64Gauge => handle!(meter.u64_gauge(name), instrument, record, whole),
        Kind::I64Gauge => handle!(meter.i64_gauge(name), instrument, record, signed),
        Kind::F64Gauge => handle!(meter.f64_gauge(name), instrument, record, real),
        Kind::U64Histogram => histogram!(meter.u64_histogram(name), instrument, whole),
        Kind::F64Histogram => histogram!(meter.f64_histogram(name), instrument, real),
        other => panic!("{other:?} is observable"),
    }
}

macro_rules! observe {
    ($builder:expr, $instrument:expr, $tell:expr, $number:ty, $value:ident) => {{
        let tell = $tell;
        let callback = move |observer: &dyn AsyncInstrument<$number>| {
            tell(&mut |value, labels| observer.observe(value.$value, labels));
        };
        let builder = $builder
            .with_unit($instrument.unit)
            .with_description($instrument.full_description());
        let _instrument = builder.with_callback(callback).build();
    }};
}

/// Makes an observable instrument.
pub(crate) fn make_observable(meter: &Meter, instrument: &Instrument, name: String, tell: Tell) {
    match instrument.kind {
        Kind::U64ObservableCounter => {
            observe!(
                meter.u64_observable_counter(name),
                instrument,
                tell,
                u64,
                whole
            );
        }
        Kind::F64ObservableCounter => {
            observe!(
                meter.f64_observable_counter(name),
                instrument,
                tell,
                f64,
                real
            );
        }
        Kind::I64ObservableUpDownCounter => {
            let builder = meter.i64_observable_up_down_counter(name);
            observe!(builder, instrument, tell, i64, signed);
        }
        Kind::F64ObservableUpDownCounter => {
            let builder = meter.f64_observable_up_down_counter(name);
            observe!(builder, instrument, tell, f64, real);
        }
        Kind::U64ObservableGauge => {
            observe!(
                meter.u64_observable_gauge(name),
                instrument,
                tell,
                u64,
                whole
            );
        }
        Kind::I64ObservableGauge => {
            observe!(
                meter.i64_observable_gauge(name),
                instrument,
                tell,
                i64,
                signed
            );
        }
        Kind::F64ObservableGauge => {
            observe!(
                meter.f64_observable_gauge(name),
                instrument,
                tell,
                f64,
                real
            );
        }
        other => panic!("{other:?} is synchronous"),
    }
}
