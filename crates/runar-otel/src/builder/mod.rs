//! The builder: configuration in code, stronger than the environment.

#[cfg(feature = "otlp")]
mod otlp;

use std::time::Duration;

use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::trace::ShouldSample;
use runar_otel_core::{exemplar::ExemplarFilter, gate::View};

use crate::{
    attached::AttachedReader,
    config::{
        HistogramAggregation, MetricsExporterKind, Overrides, Problem, Propagator, Sampler,
        SubscriberChoice, TemporalityPreference, TracesExporterKind,
    },
    traces::Sampling,
};

/// Configures telemetry in code.
///
/// A value that is set here wins over the environment; one that is not comes from the environment, else from the
/// documented default. Nothing is checked before [`init`](Self::init): all mistakes are reported at once, as
/// [`InitError::Invalid`](crate::InitError::Invalid).
#[derive(Debug, Default)]
#[must_use = "a builder does something with `init()`"]
pub struct Builder {
    pub(crate) overrides: Overrides,
    pub(crate) parts: Parts,
}

/// Settings that exist in code only, without an environment variable.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) views: Vec<View>,
    pub(crate) cardinality_limit: Option<usize>,
    pub(crate) series_ceiling: Option<usize>,
    pub(crate) max_export_batch_size: Option<usize>,
    pub(crate) max_request_bytes: Option<usize>,
    pub(crate) readers: Vec<AttachedReader>,
    #[cfg(feature = "prometheus-registry")]
    pub(crate) registries: Vec<prometheus::Registry>,
    pub(crate) shutdown_timeout: Option<Duration>,
    pub(crate) sampling: Sampling,
    pub(crate) system_clock: bool,
    #[cfg(feature = "prometheus-endpoint")]
    pub(crate) created_timestamps: bool,
}

impl Parts {
    /// Returns the problems of the limits. The cardinality limit has the bounds of a view's, 1 to 1,000,000.
    pub(crate) fn limit_problems(&self) -> impl Iterator<Item = Problem> {
        let limit = self
            .cardinality_limit
            .filter(|limit| !(1..=1_000_000).contains(limit))
            .map(|limit| Problem::builder("cardinality_limit", limit.to_string(), "1 to 1000000"));
        let ceiling = self
            .series_ceiling
            .filter(|ceiling| *ceiling == 0)
            .map(|_| Problem::builder("series_ceiling", "0".to_owned(), "1 or more"));
        let zero = |method, value: Option<usize>| {
            let is_zero = value == Some(0);
            is_zero.then(|| Problem::builder(method, "0".to_owned(), "1 or more"))
        };
        let batch = zero("max_export_batch_size", self.max_export_batch_size);
        let bytes = zero("max_request_bytes", self.max_request_bytes);
        limit.into_iter().chain(ceiling).chain(batch).chain(bytes)
    }
}

/// Views, limits, bridged registries and attached readers of metrics, and the time limit of a flush.
impl Builder {
    /// Adds a view: a rule that renames metrics, filters labels, sets buckets, aggregation, limit or reservoir.
    ///
    /// All views that select a metric apply. Each makes a stream of its own, and therefore needs a name of its own: of
    /// two views that leave a metric its name, only the first applies, which is reported.
    pub fn view(mut self, view: View) -> Self {
        self.parts.views.push(view);
        self
    }

    /// Limits the label sets of each metric (default 2000) unless a view says otherwise; label sets beyond the limit
    /// are counted in the series `{otel.metric.overflow="true"}`. In the metrics of metered functions each function has
    /// the limit for itself. Label sets without a label of your own are not counted.
    pub fn cardinality_limit(mut self, limit: usize) -> Self {
        self.parts.cardinality_limit = Some(limit);
        self
    }

    /// Limits the label sets of all metrics of the process together (default 200,000, or the largest limit of a metric
    /// if that is more; a value that is set is taken unchanged). Label sets beyond the ceiling are counted in the
    /// overflow series of each metric.
    pub fn series_ceiling(mut self, most: usize) -> Self {
        self.parts.series_ceiling = Some(most);
        self
    }

    /// Merges a registry of the `prometheus` crate into our endpoint and our push. Needs the feature
    /// `prometheus-registry`.
    ///
    /// The endpoint serves the registry as the `prometheus` crate writes it: names and labels are unchanged, without
    /// labels of a scope. In OpenMetrics, which has no counter without `_total`, a counter of another name is of type
    /// `unknown`. Values are cumulative whatever temporality is preferred, and have no exemplars. They count from the
    /// start of the process; where the system does not tell when that was (other than Linux), OTLP gets no start.
    ///
    /// A registry that panics is left out and reported once, by its number in the order of these calls.
    #[cfg(feature = "prometheus-registry")]
    pub fn prometheus_registry(mut self, registry: prometheus::Registry) -> Self {
        self.parts.registries.push(registry);
        self
    }

    /// Attaches a reader of the OpenTelemetry SDK, for instance that of `opentelemetry-prometheus`. Needs the feature
    /// `sdk-reader`.
    ///
    /// The metrics of the SDK exist for attached readers only. A thread of its own passes measurements on to these
    /// readers, and recording never waits for them:
    ///
    /// - Sums and histograms come through a queue of 65,536 measurements. Measurements that do not fit because the SDK
    ///   is held up are missing for attached readers only. Their number is reported.
    /// - Gauges and observed values are read when the reader collects. Callbacks run before, as for every collection.
    /// - A collection waits up to 200 ms for the queue. Measurements that are still queued by then are in the next one.
    ///   An instrument that is made while a reader collects waits as long.
    /// - Views and limits apply. Exemplars are not passed on, nor are bridged registries, nor what a subscriber records
    ///   of events on that thread, such as those of the SDK about new instruments. A metric is left out, which is
    ///   reported, if a view makes a histogram of its last or observed values.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use opentelemetry_sdk::metrics::ManualReader;
    ///
    /// let _telemetry = runar_otel::builder()
    /// #   .metrics_exporters([])
    /// #   .traces_exporters([])
    ///     .reader(ManualReader::default())
    ///     .init()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "sdk-reader")]
    pub fn reader(mut self, reader: impl opentelemetry_sdk::metrics::reader::MetricReader) -> Self {
        self.parts.readers.push(AttachedReader::new(reader));
        self
    }

    /// Keeps what is not delivered at the end of the process in this directory, from which the next process sends it
    /// first. By default `RUNAR_OTEL_SPILL_DIR`, else nothing is kept. Needs the feature `spill`.
    ///
    /// The directory is made, for its owner only, if it does not exist. Data points and spans are in its files as they
    /// are sent, **not encrypted**. `docs/shutdown.md` has the bounds.
    #[cfg(feature = "spill")]
    pub fn spill_dir(mut self, directory: impl Into<std::path::PathBuf>) -> Self {
        self.overrides.spill_dir = Some(directory.into());
        self
    }

    /// Bounds a flush and the end of telemetry (default 5 seconds).
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.parts.shutdown_timeout = Some(timeout);
        self
    }
}

/// Attributes of the resource, which identify the service that reports.
impl Builder {
    /// Sets `service.name`; by default `OTEL_SERVICE_NAME`, else `unknown_service:` and the executable.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.overrides.service_name = Some(name.into());
        self
    }

    /// Sets `runar.node.id`, the identity of the Runar node.
    pub fn node_id(mut self, id: impl Into<String>) -> Self {
        self.overrides.node_id = Some(id.into());
        self
    }

    /// Adds an attribute of the resource, in place of one with this key from the environment.
    pub fn resource_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        let attribute = KeyValue::new(key, value);
        self.overrides.resource_attributes.push(attribute);
        self
    }
}

/// Export of metrics: destinations, times, exemplars, temporality and aggregation.
impl Builder {
    /// Sets where metrics go; by default OTLP and Prometheus, as far as their Cargo features are on. An empty list
    /// exports none.
    pub fn metrics_exporters(
        mut self,
        exporters: impl IntoIterator<Item = MetricsExporterKind>,
    ) -> Self {
        self.overrides.metrics_exporters = Some(unique(exporters));
        self
    }

    /// Sets the time between two pushes of metrics; by default 60 s.
    pub fn metric_interval(mut self, interval: Duration) -> Self {
        self.overrides.metric_interval = Some(interval);
        self
    }

    /// Sets the time that one collection and push may take; by default 30 s.
    pub fn metric_timeout(mut self, timeout: Duration) -> Self {
        self.overrides.metric_timeout = Some(timeout);
        self
    }

    /// Sets where the pull endpoint listens; by default `localhost`, port 9464. Port 0 takes a free one. Needs the feature
    /// `prometheus-endpoint`.
    #[cfg(feature = "prometheus-endpoint")]
    pub fn prometheus_address(mut self, host: impl Into<String>, port: u16) -> Self {
        self.overrides.prometheus_address = Some((host.into(), port));
        self
    }

    /// Shows on OpenMetrics pages when each counter, histogram and summary began, as a sample `…_created`; by default
    /// they are not shown. Needs the feature `prometheus-endpoint`.
    ///
    /// Prometheus stores each such sample as a series of its own, one more for every counter and histogram. With
    /// `--enable-feature=created-timestamp-zero-ingestion` it stores a zero at that time instead, so that `rate()` and
    /// `increase()` see the first value of a series: a counter that begins at 5 has increased by 5.
    #[cfg(feature = "prometheus-endpoint")]
    pub fn created_timestamps(mut self) -> Self {
        self.parts.created_timestamps = true;
        self
    }

    /// Sets which measurements may become exemplars; by default those in a sampled span.
    pub fn exemplar_filter(mut self, filter: ExemplarFilter) -> Self {
        self.overrides.exemplar_filter = Some(filter);
        self
    }

    /// Records metrics about telemetry itself, `otel.sdk.…` and `runar_otel.…`: collections, pushes, pages, spans that are
    /// live, queued, exported and dropped. By default they are not recorded: their names are not stable yet in the
    /// semantic conventions, and the SDKs of other languages have them on request, too.
    ///
    /// `docs/self-observability.md` lists them, with rules for alerts.
    pub fn sdk_metrics(mut self, record: bool) -> Self {
        self.overrides.sdk_metrics = Some(record);
        self
    }

    /// Sets the temporality of pushed metrics; by default cumulative.
    pub fn temporality(mut self, preference: TemporalityPreference) -> Self {
        self.overrides.temporality = Some(preference);
        self
    }

    /// Sets the aggregation of histograms that neither a view nor their declaration configures; by default explicit
    /// buckets. Bounds that a library only advises give way to exponential ones.
    pub fn default_histogram_aggregation(mut self, aggregation: HistogramAggregation) -> Self {
        self.overrides.histogram_aggregation = Some(aggregation);
        self
    }
}

/// Spans and logs.
impl Builder {
    /// Sets where spans go; by default OTLP if a Cargo feature for it is on. An empty list exports none.
    pub fn traces_exporters(
        mut self,
        exporters: impl IntoIterator<Item = TracesExporterKind>,
    ) -> Self {
        self.overrides.traces_exporters = Some(unique(exporters));
        self
    }

    /// Sets which traces are recorded; by default all that no caller has decided against.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.overrides.sampler = Some(sampler);
        self
    }

    /// Asks a sampler of your own about the traces that begin here, in place of [`sampler`](Self::sampler) and
    /// `OTEL_TRACES_SAMPLER`. The decision of a caller is followed.
    ///
    /// The sampler is asked for the first span of a trace, sometimes before the span is made: by a metered call without
    /// `fields(…)` that begins a trace. The sampler then sees the attributes of the span but for `thread.id` and
    /// `thread.name`.
    pub fn root_sampler(mut self, sampler: impl ShouldSample + 'static) -> Self {
        self.parts.sampling.root = Some(Box::new(sampler));
        self
    }

    /// Makes the span of every metered call, also of those whose trace is not recorded.
    ///
    /// By default a call that begins a trace asks the sampler first, and makes no span if the answer is no, which saves
    /// most of a span's cost. The differences are listed in `docs/traces.md`; for a single function there is
    /// `#[metered(keep_span)]`.
    pub fn keep_spans(mut self) -> Self {
        self.parts.sampling.keep_spans = true;
        self
    }

    /// Measures durations with the system's clock only.
    ///
    /// By default, on Linux on `x86_64` and where the kernel itself takes its time from the processor's counter,
    /// metered calls and timers read that counter directly, which takes two thirds of the time. The counter is compared
    /// with the system's clock first, and not used if they differ by more than a thousandth; a counter that changes its
    /// pace later would not be noticed.
    pub fn system_clock(mut self) -> Self {
        self.parts.system_clock = true;
        self
    }

    /// Sets how context travels; by default as W3C Trace Context and Baggage. An empty list stops it.
    pub fn propagators(mut self, propagators: impl IntoIterator<Item = Propagator>) -> Self {
        self.overrides.propagators = Some(unique(propagators));
        self
    }

    /// Sets which log lines are written, as directives such as `info,my_crate=debug`.
    ///
    /// `RUST_LOG` wins over this filter, so that an operator can look closer without a new build. Spans are exported
    /// whatever the filter says. Needs the feature `subscriber`.
    #[cfg(feature = "subscriber")]
    pub fn log_filter(mut self, directives: impl Into<String>) -> Self {
        self.overrides.log_filter = Some(directives.into());
        self
    }

    /// Installs no `tracing` subscriber.
    ///
    /// For applications with a subscriber of their own: they add [`layer`](crate::layer()) to it.
    pub fn without_subscriber(mut self) -> Self {
        self.overrides.subscriber = SubscriberChoice::Leave;
        self
    }
}

fn unique<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut unique = Vec::new();
    for item in items {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    unique
}
