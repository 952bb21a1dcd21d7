//! The recorder: metrics and spans of one test, apart from everything else in the process.

mod builder;
mod pipeline;
mod recording;
mod scope;
mod spans;

use std::{fmt, future::Future, sync::Arc};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message as _;
use runar_otel_core::clock::ManualClock;
use runar_otel_pipeline::{
    encode::{
        exposition::{Options, openmetrics_with},
        otlp,
    },
    snapshot::Snapshot,
};

use self::recording::Recording;
pub use self::{builder::RecorderBuilder, scope::Scope};
use crate::{
    fail::fail,
    metrics::Metrics,
    otlp::{FinishedSpan, State},
    page::Page,
    series::Series,
};

/// Records what one test does, apart from other tests, from [`runar_otel::init`] and from the process's own metrics.
///
/// While code runs inside of the recorder ([`run`](Self::run), [`run_async`](Self::run_async)), every measurement of
/// the facade and its macros goes here, also of handles that exist already. Handles made meanwhile outlive the
/// recorder. Tests with recorders of their own run in parallel. A task or thread that is spawned inside does not belong
/// to the recorder by itself: carry the recorder along with [`scope`](Self::scope). Instruments that a library takes
/// from `opentelemetry::global` are not caught.
///
/// A recorder needs neither `init()` nor a runtime, and delivers nothing. Clones are the same recorder.
///
/// # Examples
/// ```
/// use runar_otel::Counter;
/// use runar_otel_testing::{Metrics, Recorder, assert_metric};
///
/// fn take_order(source: &str) {
///     let orders = Counter::new("orders_total", "Orders taken").register();
///     orders.increment_with(&[("source", source)]);
/// }
///
/// let recorder = Recorder::new();
/// recorder.run(|| take_order("web"));
///
/// assert_metric!(recorder, "orders_total", {"source" => "web"}, == 1);
/// assert_eq!(recorder.counter("orders_total", &[]), Some(1.0));
/// ```
///
/// In an asynchronous test, with a task of its own:
///
/// ```
/// # use runar_otel::Counter;
/// # use runar_otel_testing::{Recorder, assert_metric};
/// # async fn take_order() {
/// #     Counter::new("orders_total", "Orders taken").register().increment();
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let recorder = Recorder::new();
/// let task = tokio::spawn(recorder.scope(take_order()));
/// recorder.run_async(take_order()).await;
/// task.await.unwrap();
/// assert_metric!(recorder, "orders_total", == 2);
/// # }
/// ```
#[derive(Clone)]
pub struct Recorder {
    recording: Arc<Recording>,
}

impl Recorder {
    /// Makes a recorder of metrics. Its clock is the system's.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Configures a recorder: spans, views, the clock.
    pub fn builder() -> RecorderBuilder {
        RecorderBuilder::default()
    }

    /// Runs `work` inside of the recorder.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        self.recording.run(work)
    }

    /// Runs a future inside of the recorder, whichever threads it is polled on.
    pub fn run_async<F: Future>(&self, future: F) -> Scope<F> {
        self.scope(future)
    }

    /// Carries the recorder into a future, for instance that of a task which is spawned.
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope::new(self.recording.clone(), future)
    }

    /// Returns the totals of all measurements so far.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.recording.pipeline.snapshot()
    }

    /// Returns the measurements so far as Prometheus would see them: the OpenMetrics page, without `target_info` and
    /// labels for the scope.
    ///
    /// # Panics
    /// When the page cannot be read, which would be a mistake in `runar-otel`.
    #[must_use]
    #[track_caller]
    pub fn page(&self) -> Page {
        let mut options = Options::default();
        options.scope_labels = false;
        options.target_info = false;
        match Page::parse(openmetrics_with(&self.snapshot(), &options).body) {
            Ok(page) => page,
            Err(error) => fail(&error.to_string()),
        }
    }

    /// Returns the spans that have ended, in the order of their ends.
    ///
    /// # Panics
    /// When the recorder was made without [`with_spans`](RecorderBuilder::with_spans).
    #[must_use]
    #[track_caller]
    pub fn spans(&self) -> Vec<FinishedSpan> {
        match &self.recording.spans {
            Some(spans) => spans.finished(),
            None => {
                fail("the recorder has no spans: make it with `Recorder::builder().with_spans()`")
            }
        }
    }

    /// Returns the clock that durations inside of the recorder are measured with: `advance` lets time pass.
    ///
    /// By default the clock also follows the system's; the clock of [`manual_clock`](RecorderBuilder::manual_clock)
    /// does not.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.recording.clock
    }
}

impl RecorderBuilder {
    /// Makes the recorder.
    #[must_use]
    pub fn build(self) -> Recorder {
        Recorder {
            recording: Arc::new(self.start()),
        }
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics for Recorder {
    fn series(&self) -> Vec<Series> {
        let bytes = otlp::encode(&self.snapshot());
        match ExportMetricsServiceRequest::decode(bytes.as_slice()) {
            Ok(request) => State::of(&request).series(),
            Err(error) => fail(&format!("the recorder's own message is invalid: {error}")),
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.recording.fmt(out)
    }
}
