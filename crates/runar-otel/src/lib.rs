//! Metrics for Rust services that lead straight to the trace.
//!
//! Every histogram bucket carries an *exemplar*: the value, the time and the trace id of one call that fell into
//! it, over OTLP and over OpenMetrics. Instruments are thin handles over OpenTelemetry meters, spans come from
//! [`tracing`], everything is delivered by OTLP to a Collector or served to Prometheus.
//!
//! # In applications
//!
//! ```no_run
//! use runar_otel::prelude::*;
//!
//! #[metered(labels = ["user_tier"])]
//! async fn check_out(order: u64, user_tier: &str) -> Result<()> {
//!     metrics::increment!("items_sold_total", value: 3);
//!     Ok(())
//! }
//!
//! fn main() -> Result<()> {
//!     let _telemetry = runar_otel::init()?;
//!     // … the application
//!     Ok(())
//! }
//! ```
//!
//! [`macro@metered`] counts the calls of a function by outcome, times them and opens a span for each; [`macro@metrics`]
//! does it for a whole service. The macros of [`mod@metrics`] and the handles ([`Counter`], [`UpDownCounter`], [`Gauge`],
//! [`Histogram`], [`Timer`]) record anything else, [`macro@metric`] declares a metric, [`catalogue()`] lists all of them.
//! Most of it comes with [`prelude`].
//!
//! [`init`] configures everything from the `OTEL_*` environment variables, [`builder`] from code. Keep the guard
//! [`Telemetry`]: when it is dropped, what is left is delivered, in bounded time.
//!
//! # In libraries
//!
//! A library records with the same attributes, macros and handles, and leaves `init` to the application. What is
//! recorded before the first `init` of the process waits for it, up to 4096 measurements; without one, recording costs
//! next to nothing from then on. Libraries that use the OpenTelemetry API itself get exemplars as well, as long as they
//! take their meters after `init`.
//!
//! # Features
//!
//! - `sdk-reader`: `Builder::reader` attaches readers made for the metrics of `opentelemetry_sdk`. Without the feature
//!   nothing here uses these metrics, nor an experimental feature of that crate.
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

#[cfg(doctest)]
#[doc = include_str!("../../../docs/metered.md")]
struct Metered;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/catalogue.md")]
struct CatalogueGuide;

mod attached;
mod builder;
pub mod catalogue;
mod claim;
mod config;
mod endpoints;
mod error;
mod init;
pub mod metrics;
mod metrics_pipeline;
mod patience;
pub mod prelude;
mod resource;
mod standalone_endpoint;
mod telemetry;
mod traces;

/// What the code that the macros generate calls. No stable interface.
#[doc(hidden)]
pub mod __private {
    pub use runar_otel_core::__private::*;
    pub use runar_otel_host as host;
    pub use runar_otel_macros as macros;
}

pub use runar_otel_core::{
    Counter, CounterBuilder, CounterNumber, ErrorType, Gauge, GaugeBuilder, GaugeNumber, Histogram,
    HistogramBuilder, HistogramNumber, LabelSource, LabelValue, Labels, MetricValue, Number,
    Outcome, Published, SCOPE_NAME, Timer, TimerBuilder, TimerHandle, UpDownCounter,
    UpDownCounterBuilder, UpDownNumber,
    catalogue::catalogue,
    error::{BoundsError, NameError, RegisterError, UnitError, ViewError},
    exemplar,
    gate::View,
    metric::{Aggregation, InstrumentKind, StreamPlan},
    name,
};
#[doc(inline)]
pub use runar_otel_host as host;
pub use runar_otel_macros::{
    ErrorType, action, dht_operation, dht_service, event_handler, job, metered, metric, metrics,
    p2p_service, publisher, service,
};
pub use runar_otel_pipeline::{bridge::PrometheusCollector, schedule::FlushError};

pub use crate::{
    builder::Builder,
    config::{
        Compression, HistogramAggregation, MetricsExporterKind, Problem, Propagator, Protocol,
        Sampler, Source, TemporalityPreference, TracesExporterKind,
    },
    error::{DeliveryError, InitError},
    init::{builder, init},
    standalone_endpoint::{
        ExportFormat, ExportProtocol, ExporterError, MetricsExporter, RunningExporter,
    },
    telemetry::Telemetry,
    traces::{TracesError, layer},
};
