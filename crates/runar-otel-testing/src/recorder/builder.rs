//! The builder of a recorder.

use std::{fmt, time::Instant};

use runar_otel::View;
use runar_otel_core::{
    clock::{Clock, ManualClock},
    exemplar::ExemplarFilter,
    gate::GateOptions,
    isolated::IsolatedRecorder,
};

use super::{pipeline::Pipeline, recording::Recording, spans::Spans};

/// Configures a [`Recorder`](crate::Recorder).
#[derive(Default)]
#[must_use = "a builder does something with `build()`"]
pub struct RecorderBuilder {
    options: GateOptions,
    time_source: TimeSource,
    spans: bool,
}

/// The source of time of the clock, besides `advance`.
#[derive(Default)]
enum TimeSource {
    #[default]
    System,
    Stopped,
    Other(Box<dyn Fn() -> Instant + Send + Sync>),
}

impl RecorderBuilder {
    /// Records spans too: while code runs inside of the recorder, `tracing` spans are sampled and kept, and give
    /// measurements their exemplars.
    ///
    /// The subscriber for the spans replaces any other, as long as the recorder is current.
    ///
    /// # Examples
    /// ```
    /// use runar_otel::Timer;
    /// use runar_otel_testing::{Metrics, Recorder};
    ///
    /// let recorder = Recorder::builder().with_spans().build();
    /// recorder.run(|| {
    ///     let timer = Timer::new("order_duration_seconds", "Time to take an order").register();
    ///     tracing::info_span!("take order").in_scope(|| drop(timer.start()));
    /// });
    /// let exemplar = &recorder.exemplars("order_duration_seconds", &[])[0];
    /// assert_eq!(exemplar.trace_id, recorder.spans()[0].trace_id);
    /// ```
    pub fn with_spans(mut self) -> Self {
        self.spans = true;
        self
    }

    /// Stops the clock: time passes only by [`advance`](ManualClock::advance), so that durations are exact.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use runar_otel::Timer;
    /// use runar_otel_testing::{Recorder, assert_metric};
    ///
    /// let recorder = Recorder::builder().manual_clock().build();
    /// recorder.run(|| {
    ///     let timer = Timer::new("order_duration_seconds", "Time to take an order").register();
    ///     let taking = timer.start();
    ///     recorder.clock().advance(Duration::from_millis(250));
    ///     drop(taking);
    /// });
    /// assert_metric!(recorder, "order_duration_seconds", count == 1, sum == 0.25);
    /// ```
    pub fn manual_clock(mut self) -> Self {
        self.time_source = TimeSource::Stopped;
        self
    }

    /// Takes another clock, such as that of a paused Tokio runtime: `|| tokio::time::Instant::now().into_std()`.
    pub fn clock(mut self, now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        self.time_source = TimeSource::Other(Box::new(now));
        self
    }

    /// Adds a view, as [`runar_otel::Builder::view`] does.
    pub fn view(mut self, view: View) -> Self {
        self.options.views.push(view);
        self
    }

    /// Sets which measurements may become exemplars; by default those in a sampled span.
    pub fn exemplar_filter(mut self, filter: ExemplarFilter) -> Self {
        self.options.exemplar_filter = filter;
        self
    }

    /// Limits the label sets of each metric, as [`runar_otel::Builder::cardinality_limit`] does.
    pub fn cardinality_limit(mut self, limit: usize) -> Self {
        self.options.limit = limit;
        self
    }

    /// Starts the pipeline, the clock and the spans of the recorder.
    pub(super) fn start(self) -> Recording {
        let (gate, pipeline) = Pipeline::start(self.options);
        let (clock, manual) = self.time_source.clock();
        Recording {
            isolated: IsolatedRecorder::new(gate, clock),
            pipeline,
            clock: manual,
            spans: self.spans.then(Spans::start),
        }
    }
}

impl TimeSource {
    /// Returns the clock of this source, and the handle by which a test moves the clock as well.
    fn clock(self) -> (Clock, ManualClock) {
        let (stopped, manual) = Clock::manual();
        let ahead = manual.clone();
        let start = manual.now();
        let passed = move || ahead.now().saturating_duration_since(start);
        let clock = match self {
            Self::Stopped => stopped,
            Self::System => Clock::of(move || Instant::now() + passed()),
            Self::Other(now) => Clock::of(move || now() + passed()),
        };
        (clock, manual)
    }
}

impl fmt::Debug for RecorderBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RecorderBuilder")
            .field("options", &self.options)
            .field("spans", &self.spans)
            .finish_non_exhaustive()
    }
}
