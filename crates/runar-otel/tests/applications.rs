//! Code of the application that hangs or panics where telemetry runs it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    collections::HashMap,
    panic::panic_any,
    sync::{
        Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use opentelemetry::global;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{InstrumentKind, Pipeline, Temporality, data::ResourceMetrics, reader::MetricReader},
};
use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};
use runar_otel::{
    Builder, Counter, MetricsExporterKind, View,
    exemplar::{Exemplar, ExemplarFilter, ExemplarReservoir, Measurement, Reservoir},
};

/// More than enough for anything that is to happen at all.
const LONG: Duration = Duration::from_secs(20);

/// The bound of a shutdown here.
const PATIENCE: Duration = Duration::from_millis(200);

/// Telemetry runs once per process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pushing() -> Builder {
    runar_otel::builder()
        .metrics_exporters([MetricsExporterKind::Console])
        .traces_exporters([])
        .without_subscriber()
}

/// Fails if the work takes for ever.
fn ends<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    ended.recv_timeout(LONG).unwrap()
}

/// Hangs until the sender is gone.
struct Hangs(Mutex<Receiver<()>>);

impl Hangs {
    fn hang(&self) {
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
    }
}

impl Drop for Hangs {
    fn drop(&mut self) {
        self.hang();
    }
}

#[test]
fn a_callback_that_hangs_in_its_drop_delays_no_shutdown() {
    let _alone = alone();
    let (go_on, wait) = mpsc::channel();
    let held = Hangs(Mutex::new(wait));
    ends(move || {
        let telemetry = pushing().init().unwrap();
        global::meter("applications")
            .u64_observable_gauge("applications.held")
            .with_callback(move |observer| {
                let _ = &held;
                observer.observe(1, &[]);
            })
            .build();
        telemetry.shutdown().into_result().unwrap();
        pushing().init().unwrap().shutdown().into_result().unwrap();
    });
    drop(go_on);
}

impl ExemplarReservoir for Hangs {
    fn offer(&mut self, _: &Measurement<'_>) {}

    fn collect(&mut self) -> Vec<Exemplar> {
        self.hang();
        Vec::new()
    }
}

#[test]
fn a_reservoir_that_hangs_delays_neither_shutdown_nor_init() {
    let _alone = alone();
    let (go_on, wait) = mpsc::channel();
    let first = Mutex::new(Some(wait));
    let reservoir = Reservoir::custom(move |_| {
        let wait = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        Hangs(Mutex::new(wait.unwrap_or_else(|| mpsc::channel().1)))
    });
    let hanging = move || {
        let view = View::select("applications_hang_total").reservoir(reservoir.clone());
        let builder = pushing().view(view).shutdown_timeout(PATIENCE);
        builder.exemplar_filter(ExemplarFilter::AlwaysOn)
    };
    ends(move || {
        let telemetry = hanging().init().unwrap();
        let counter = Counter::new("applications_hang_total", "").register();
        counter.increment();
        telemetry.shutdown().into_result().unwrap_err();

        let telemetry = hanging().shutdown_timeout(LONG).init().unwrap();
        counter.increment();
        telemetry.force_flush().unwrap();
        telemetry.shutdown().into_result().unwrap();
    });
    drop(go_on);
}

/// What a panic brings, and panics in its `Drop` again.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic_any(Self);
    }
}

struct PanickingCollector(Desc);

impl Collector for PanickingCollector {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        panic_any(Payload)
    }
}

#[test]
fn a_bridged_registry_may_panic_with_anything() {
    let _alone = alone();
    let desc = Desc::new(
        "panics_total".to_owned(),
        "Panics".to_owned(),
        Vec::new(),
        HashMap::new(),
    );
    let theirs = prometheus::Registry::new();
    theirs
        .register(Box::new(PanickingCollector(desc.unwrap())))
        .unwrap();
    let telemetry = pushing().prometheus_registry(theirs).init().unwrap();
    telemetry.force_flush().unwrap();
    telemetry.shutdown().into_result().unwrap();
}

/// A reader that panics when it is flushed or ends.
#[derive(Debug)]
struct PanickingReader;

impl MetricReader for PanickingReader {
    fn register_pipeline(&self, _: Weak<Pipeline>) {}

    fn collect(&self, _: &mut ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        panic_any(Payload)
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        panic_any(Payload)
    }

    fn temporality(&self, _: InstrumentKind) -> Temporality {
        Temporality::Cumulative
    }
}

#[test]
fn an_attached_reader_may_panic_with_anything() {
    let _alone = alone();
    let telemetry = pushing().reader(PanickingReader).init().unwrap();
    telemetry.force_flush_timeout(PATIENCE).unwrap_err();
    let _ = telemetry.shutdown_timeout(PATIENCE);
    pushing().init().unwrap().shutdown().into_result().unwrap();
}
