//! Metrics for Rust services that lead straight to the trace.
//!
//! Every histogram bucket carries an *exemplar*: the value, the time and the trace id of one call that fell into
//! it, over OTLP and over OpenMetrics. Instruments are thin handles over OpenTelemetry meters, spans come from
//! [`tracing`], everything is delivered by OTLP to a Collector or served to Prometheus.
//!
//! # In applications
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let _telemetry = runar_otel::init()?;
//!
//! let orders = runar_otel::Counter::new("orders_total", "Orders taken").register();
//! let duration = runar_otel::Timer::new("order_duration_seconds", "Time to take an order").register();
//!
//! let request = tracing::info_span!("POST /orders");
//! request.in_scope(|| {
//!     let _timer = duration.start(); // records when dropped, linked to the span
//!     orders.increment();
//! });
//! # Ok(())
//! # }
//! ```
//!
//! [`init`] configures everything from the `OTEL_*` environment variables, [`builder`] from code. Keep the guard
//! [`Telemetry`]: when it is dropped, what is left is delivered, in bounded time.
//!
//! # In libraries
//!
//! A library records with handles ([`Counter`], [`UpDownCounter`], [`Gauge`], [`Histogram`], [`Timer`]) and leaves
//! `init` to the application. Without it, handles do nothing and cost next to nothing. Libraries that use the
//! OpenTelemetry API itself get exemplars as well, as long as they take their meters after `init`.
//!
//! # What may go wrong
//!
//! Recording never fails, blocks on I/O, or panics. What is wrong with a declaration or a setting is reported once, as a
//! `tracing` event of target `runar_otel` (or on standard error if nobody subscribes).

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/exemplars.md")]
struct Exemplars;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/traces.md")]
struct Traces;

mod builder;
mod config;
mod error;
mod init;
mod metrics;
mod patience;
mod resource;
mod telemetry;
mod traces;

pub use runar_otel_core::{
    Counter, CounterBuilder, CounterNumber, Gauge, GaugeBuilder, GaugeNumber, Histogram,
    HistogramBuilder, HistogramNumber, Labels, Number, SCOPE_NAME, Timer, TimerBuilder,
    TimerHandle, UpDownCounter, UpDownCounterBuilder, UpDownNumber,
    error::{BoundsError, NameError, RegisterError, UnitError, ViewError},
    exemplar,
    gate::{
        View,
        stream::{Aggregation, InstrumentKind, StreamPlan},
    },
    name,
};
pub use runar_otel_pipeline::{bridge::PrometheusCollector, schedule::FlushError};

pub use crate::{
    builder::Builder,
    config::{
        Compression, HistogramAggregation, MetricsExporter, Problem, Propagator, Protocol, Sampler,
        Source, TemporalityPreference, TracesExporter,
    },
    error::{DeliveryError, InitError},
    init::{builder, init},
    telemetry::Telemetry,
    traces::{TracesError, layer},
};
