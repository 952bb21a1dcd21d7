//! Attached readers of the OpenTelemetry SDK, as an application meets them.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc},
    thread,
    time::Duration,
};

use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, Temporality,
        data::{AggregatedMetrics, GaugeDataPoint, MetricData, ResourceMetrics, ScopeMetrics},
        reader::MetricReader,
    },
};
use runar_otel::{Builder, Counter, Gauge};
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Telemetry runs once per process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn quiet() -> Builder {
    runar_otel::builder()
        .metrics_exporters([])
        .traces_exporters([])
        .without_subscriber()
}

/// A reader that collects when it is flushed.
#[derive(Clone, Debug, Default)]
struct Flushed {
    reader: Arc<ManualReader>,
    /// The sum of the points of each metric, as of the last flush.
    last: Arc<Mutex<BTreeMap<String, f64>>>,
}

impl Flushed {
    fn last(&self) -> BTreeMap<String, f64> {
        self.last.lock().unwrap().clone()
    }
}

impl MetricReader for Flushed {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.reader.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.reader.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        let mut metrics = ResourceMetrics::default();
        self.collect(&mut metrics)?;
        let all = metrics.scope_metrics().flat_map(ScopeMetrics::metrics);
        *self.last.lock().unwrap() = all
            .map(|metric| (metric.name().to_owned(), sum(metric.data())))
            .collect();
        Ok(())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.reader.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.reader.temporality(kind)
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn sum(data: &AggregatedMetrics) -> f64 {
    match data {
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
            gauge.data_points().map(GaugeDataPoint::value).sum()
        }
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            sum.data_points().map(|point| point.value() as f64).sum()
        }
        _ => f64::NAN,
    }
}

#[test]
fn the_last_flush_of_a_reader_has_everything() {
    let _alone = alone();
    let reader = Flushed::default();
    let telemetry = quiet().reader(reader.clone()).init().unwrap();
    Counter::new("reader_orders_total", "").register().add(3);
    Gauge::new("reader_depth", "").register().set(7.0);
    let _ = opentelemetry::global::meter("reader")
        .u64_observable_counter("reader_observed")
        .with_callback(|observer| observer.observe(5, &[]))
        .build();
    let expected = BTreeMap::from([
        ("reader_orders_total".to_owned(), 3.0),
        ("reader_depth".to_owned(), 7.0),
        ("reader_observed".to_owned(), 5.0),
    ]);
    telemetry.force_flush().unwrap();
    assert_eq!(reader.last(), expected);
    reader.last.lock().unwrap().clear();
    telemetry.shutdown().into_result().unwrap();
    assert_eq!(reader.last(), expected);
}

#[test]
fn a_reader_of_a_second_life_begins_anew() {
    let _alone = alone();
    let counter = Counter::new("reader_lives_total", "").register();
    for added in [1, 10] {
        let reader = Flushed::default();
        let telemetry = quiet().reader(reader.clone()).init().unwrap();
        counter.add(added);
        telemetry.force_flush().unwrap();
        let sum = reader.last().get("reader_lives_total").copied();
        assert_eq!(sum, Some(f64::from(u32::try_from(added).unwrap())));
        telemetry.shutdown().into_result().unwrap();
    }
}

struct CountEvents(Counter);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for CountEvents {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let level = event.metadata().level().as_str();
        self.0.increment_with(&[("level", level)]);
        // An instrument that is made in the midst of what the SDK does.
        let name = format!("reader_events_{}_total", level.to_lowercase());
        Counter::new(name, "").register().increment();
    }
}

/// Last by name: it sets the subscriber of the process.
#[test]
fn z_a_layer_may_count_all_events_beside_a_reader() {
    let _alone = alone();
    let events = Counter::new("reader_events_total", "").register();
    tracing_subscriber::registry()
        .with(runar_otel::layer())
        .with(CountEvents(events))
        .init();
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        let reader = Flushed::default();
        let telemetry = quiet().reader(reader.clone()).init().unwrap();
        Counter::new("reader_other_total", "")
            .register()
            .increment();
        tracing::info!("one");
        let mut counts = Vec::new();
        for _ in 0..10 {
            telemetry.force_flush().unwrap();
            let last = reader.last();
            counts.push((last["reader_events_total"], last["reader_other_total"]));
        }
        done.send((counts, telemetry.shutdown().is_complete()))
            .unwrap();
    });
    let (counts, ended) = finished.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(ended);
    assert!(counts.iter().all(|(_, other)| *other == 1.0));
    // A flush makes a few events of the SDK, and these make no more.
    let events: Vec<f64> = counts.iter().map(|(events, _)| *events).collect();
    assert!(
        events[0] > 0.0 && events[9] - events[1] < 200.0,
        "{events:?}"
    );
}
