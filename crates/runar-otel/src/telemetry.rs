//! The guard: telemetry runs while it lives.

use std::{
    fmt,
    time::{Duration, Instant},
};

use opentelemetry::{global, trace::noop::NoopTracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use runar_otel_core::{report, uninstall};
use runar_otel_pipeline::background::Background;
#[cfg(feature = "otlp")]
use runar_otel_pipeline::export::Urgency;

use crate::{
    claim::Claim, error::DeliveryError, metrics_pipeline::MetricsPipeline, patience::begin,
    spills::Spills, traces, undelivered::Undelivered, warning::warn,
};

/// The guard of running telemetry. When the guard is dropped, telemetry delivers its last measurements and spans and
/// ends, in bounded time.
#[must_use = "telemetry ends when the guard is dropped: keep it as `let _telemetry = …`"]
pub struct Telemetry {
    state: State,
    patience: Duration,
}

enum State {
    Running(Box<Running>, Claim),
    /// Telemetry that `OTEL_SDK_DISABLED` turns off; it still holds the claim.
    Disabled(Claim),
    Ended,
}

/// The running parts of telemetry.
pub(crate) struct Running {
    pub(crate) metrics: MetricsPipeline,
    pub(crate) spans: SdkTracerProvider,
    pub(crate) spills: Spills,
    pub(crate) background: Background,
    pub(crate) scope: Scope,
    /// The begin of telemetry; `None` until `init()` is over.
    pub(crate) begin: Option<Begin>,
}

/// The begin of telemetry: the time, and the number of series of that time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begin {
    at: Instant,
    series: usize,
}

/// The longest life of a guard that was dropped at once, 100 ms: a thread may be held up between two statements.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The signals that telemetry takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Metrics, spans, propagation, the subscriber.
    Everything,
    /// Metrics alone, as an exporter starts them.
    #[cfg(feature = "prometheus-endpoint")]
    Metrics,
}

impl Telemetry {
    pub(crate) fn running(running: Running, claim: Claim, patience: Duration) -> Self {
        Self {
            state: State::Running(Box::new(running), claim),
            patience,
        }
    }

    pub(crate) fn disabled(claim: Claim, patience: Duration) -> Self {
        Self {
            state: State::Disabled(claim),
            patience,
        }
    }

    /// Collects and delivers metrics and spans now, and waits for the delivery, at most five seconds (or the bound that
    /// the builder set).
    ///
    /// Never hangs, whatever thread or runtime calls it.
    ///
    /// # Errors
    /// When something was not delivered in time. Metrics are not lost, the next push has them, unless the receiver
    /// found them invalid; spans that an exporter has given up are.
    pub fn force_flush(&self) -> Result<(), DeliveryError> {
        self.force_flush_timeout(self.patience)
    }

    /// Like [`force_flush`](Self::force_flush), with a bound of one's own.
    ///
    /// # Errors
    /// When something was not delivered in time. Metrics are not lost, the next push has them, unless the receiver
    /// found them invalid; spans that an exporter has given up are.
    pub fn force_flush_timeout(&self, timeout: Duration) -> Result<(), DeliveryError> {
        match &self.state {
            State::Running(running, _) => running.flush(timeout, Spans::GoOn),
            State::Disabled(_) | State::Ended => Ok(()),
        }
    }

    /// Delivers the last measurements and spans, within five seconds (or the bound that the builder set), and ends
    /// telemetry, which may take another second. Returns the failures of the delivery.
    ///
    /// Afterwards `init()` can be called again; handles record nothing until then, only gauges keep their values.
    pub fn shutdown(self) -> Undelivered {
        let patience = self.patience;
        self.shutdown_timeout(patience)
    }

    /// Like [`shutdown`](Self::shutdown), with a bound of one's own.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Undelivered {
        Undelivered::of(self.end(timeout))
    }

    /// Returns the address of the pull endpoint; `None` without one, and while its port is in use. Needs the feature
    /// `prometheus-endpoint`.
    #[cfg(feature = "prometheus-endpoint")]
    #[must_use]
    pub fn prometheus_address(&self) -> Option<std::net::SocketAddr> {
        match &self.state {
            State::Running(running, _) => running.metrics.prometheus_address(),
            State::Disabled(_) | State::Ended => None,
        }
    }

    /// Returns a collector for an application's own `prometheus::Registry`, which then has our metrics as well. Needs the
    /// feature `prometheus-registry`.
    ///
    /// Names are those of our endpoint. Exemplars are left out, because that crate has no place for them, and so are
    /// bridged registries. When telemetry has ended the collector is empty: for the next telemetry, unregister it and
    /// register the next collector.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let telemetry = runar_otel::builder().metrics_exporters([]).traces_exporters([]).init()?;
    /// let registry = prometheus::Registry::new();
    /// registry.register(Box::new(telemetry.prometheus_collector()))?;
    ///
    /// runar_otel::Counter::new("orders_total", "Orders taken").register().increment();
    /// assert!(registry.gather().iter().any(|family| family.name() == "orders_total"));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "prometheus-registry")]
    #[must_use]
    pub fn prometheus_collector(&self) -> runar_otel_pipeline::bridge::PrometheusCollector {
        use runar_otel_pipeline::{bridge::PrometheusCollector, snapshot::Snapshot};

        match &self.state {
            State::Running(running, _) => running.metrics.prometheus_collector(),
            State::Disabled(_) | State::Ended => {
                PrometheusCollector::new(std::sync::Arc::new(|| Snapshot {
                    resource: std::sync::Arc::default(),
                    scopes: Vec::new(),
                }))
            }
        }
    }

    /// Notes the begin of telemetry, at the end of `init()`.
    pub(crate) fn note_begin(&mut self) {
        if let State::Running(running, _) = &mut self.state {
            traces::forget_spans();
            running.begin = Some(Begin {
                at: Instant::now(),
                series: running.metrics.series(),
            });
        }
    }

    /// True if the guard is dropped so early, and with so little done, that it was meant to be kept.
    fn is_forgotten(&self) -> bool {
        let State::Running(running, _) = &self.state else {
            return false;
        };
        let Some(begin) = &running.begin else {
            return false;
        };
        running.scope == Scope::Everything
            && begin.at.elapsed() < AT_ONCE
            && !std::thread::panicking()
            && !traces::has_spans()
            && running.metrics.series() == begin.series
    }

    fn end(&mut self, timeout: Duration) -> Result<(), DeliveryError> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Running(mut running, claim) => {
                // From here on handles record nothing: earlier measurements are in the last collection.
                uninstall();
                let result = running.flush(timeout, Spans::End);
                running.stop();
                drop(claim);
                report::flush(SAYING);
                result
            }
            State::Disabled(_) => {
                traces::remove_propagators();
                Ok(())
            }
            State::Ended => Ok(()),
        }
    }
}

/// The state of spans after a flush: still running, or shut down.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spans {
    GoOn,
    End,
}

/// The time that `init()` and the end of telemetry wait for a subscriber that is slow with reports, 1 s.
pub(crate) const SAYING: Duration = Duration::from_secs(1);

/// The longest timeout, 24 h: a deadline further away may not fit the clock.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The time that a shutdown may take beyond its deliveries, 1 s: closing ports, joining threads.
const CLOSING: Duration = Duration::from_secs(1);

impl Running {
    /// Delivers metrics and spans side by side.
    fn flush(&self, timeout: Duration, spans: Spans) -> Result<(), DeliveryError> {
        let timeout = timeout.min(LONGEST);
        let deadline = Instant::now() + timeout;
        if spans == Spans::End {
            self.spills.end_within(timeout);
        }
        let provider = self.spans.clone();
        let (sender, delivered) = std::sync::mpsc::sync_channel(1);
        let started = std::thread::Builder::new()
            .name("runar-otel-spans".to_owned())
            .spawn(move || {
                let result = match spans {
                    Spans::GoOn => traces::flush(&provider, timeout),
                    Spans::End => traces::shutdown(&provider, timeout),
                };
                let _ = sender.try_send(result);
            });
        if spans == Spans::End {
            self.metrics.hurry();
            #[cfg(feature = "otlp")]
            traces::set_urgency(Urgency::Last);
        }
        let metrics = self.metrics.flush(deadline);
        let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(50);
        let spans = match (started, delivered.recv_timeout(left)) {
            (Ok(_), Ok(result)) => result.err(),
            (Err(error), _) => Some(traces::TracesError::Thread(error)),
            (Ok(_), Err(_)) => Some(traces::TracesError::Timeout(timeout)),
        };
        DeliveryError::check(metrics, spans)
    }

    fn stop(&mut self) {
        let deadline = Instant::now() + CLOSING;
        self.metrics.stop(deadline);
        if self.scope == Scope::Everything {
            traces::uninstall();
            global::set_tracer_provider(NoopTracerProvider::new());
            traces::remove_propagators();
        }
        let provider = self.spans.clone();
        let _ = begin(move || drop(provider)).wait(deadline);
        self.background.stop(deadline);
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if self.is_forgotten() {
            warn(FORGOTTEN);
            report::flush(SAYING);
        }
        let undelivered = Undelivered::of(self.end(self.patience));
        if !undelivered.is_complete() {
            report::say(format!("at the end of telemetry: {undelivered}"));
            report::flush(SAYING);
        }
    }
}

const FORGOTTEN: &str = "the guard of telemetry was dropped at once, before anything was recorded, and telemetry ends: keep \
     it as `let _telemetry = …`, `let _ = …` drops it";

impl fmt::Debug for Telemetry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Running(..) => "running",
            State::Disabled(_) => "disabled",
            State::Ended => "ended",
        };
        out.debug_struct("Telemetry")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
