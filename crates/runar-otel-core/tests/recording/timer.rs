//! Timers and their spans.

use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{TraceId, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use runar_otel_core::{Histogram, Timer};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::facade::bench;

pub(crate) struct Tracing {
    provider: SdkTracerProvider,
    exporter: InMemorySpanExporter,
    _subscriber: tracing::subscriber::DefaultGuard,
}

impl Tracing {
    pub(crate) fn start() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber =
            tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        Self {
            provider,
            exporter,
            _subscriber: subscriber,
        }
    }

    pub(crate) fn span(&self, name: &str) -> SpanData {
        self.provider.force_flush().unwrap();
        let spans = self.exporter.get_finished_spans().unwrap();
        spans
            .iter()
            .find(|span| span.name == name)
            .unwrap_or_else(|| panic!("{spans:#?}"))
            .clone()
    }
}

#[test]
fn a_stopped_timer_records_what_it_returns() {
    let bench = bench();
    let timer = Timer::new("timer_plain_seconds", "").register();
    let returned = timer.start().stop();
    let point = bench.one("timer_plain_seconds");
    assert!((point.value - returned.as_secs_f64()).abs() < 1e-9);
    assert_eq!(point.unit, "s");
}

#[test]
fn dropping_records_and_discarding_does_not() {
    let bench = bench();
    let timer = Timer::new("timer_dropped_seconds", "").register();
    timer.start().discard();
    assert!(
        bench
            .collect()
            .iter()
            .all(|point| point.metric != "timer_dropped_seconds")
    );
    drop(timer.start());
    assert!(bench.one("timer_dropped_seconds").value > 0.0);
}

#[test]
fn a_histogram_in_milliseconds_is_timed_in_milliseconds() {
    let bench = bench();
    let histogram = Histogram::new("timer_ms", "").with_unit("ms").register();
    let took = histogram.start_timer().stop();
    histogram.observe_duration(Duration::from_millis(20));
    assert!((bench.one("timer_ms").value - 20.0 - took.as_secs_f64() * 1e3).abs() < 1e-6);
}

#[test]
fn the_exemplar_leads_to_the_span_of_the_start() {
    let bench = bench();
    let tracing = Tracing::start();
    let histogram = Histogram::new("timer_moved_seconds", "").register();
    let handle = tracing::info_span!("request").in_scope(|| histogram.start_timer());
    tracing::info_span!("other").in_scope(|| handle.stop());
    let taken = bench.exemplars("timer_moved_seconds");
    let request = tracing.span("request");
    let link = taken[0].1[0].span.unwrap();
    assert_eq!(
        (link.trace_id, link.span_id),
        (
            request.span_context.trace_id(),
            request.span_context.span_id()
        )
    );
}

/// The time that the work under a timer takes.
const WORK: Duration = Duration::from_millis(3);

#[test]
fn a_timer_with_a_span_records_the_duration_of_the_span() {
    let bench = bench();
    let tracing = Tracing::start();
    let timer = Timer::new("timer_spanned_seconds", "")
        .with_span()
        .register();
    let started = Instant::now();
    tracing::info_span!("parent").in_scope(|| {
        timer.time(|| {
            let until = SystemTime::now() + WORK;
            while SystemTime::now() < until {}
        });
    });
    let all = started.elapsed();
    let (parent, span) = (
        tracing.span("parent"),
        tracing.span("timer_spanned_seconds"),
    );
    assert_eq!(span.parent_span_id, parent.span_context.span_id());
    let kept = bench.exemplars("timer_spanned_seconds")[0].1[0].clone();
    assert_eq!(kept.span.unwrap().span_id, span.span_context.span_id());
    let duration = span.end_time.duration_since(span.start_time).unwrap();
    for seconds in [duration.as_secs_f64(), kept.value] {
        let (least, most) = (WORK.as_secs_f64() - 1e-4, all.as_secs_f64() + 1e-4);
        assert!((least..most).contains(&seconds), "{seconds} of {all:?}");
    }
}

#[tokio::test]
async fn an_async_timer_is_the_parent_of_what_it_awaits() {
    let timer = Timer::new("timer_async_seconds", "").with_span().register();
    let tracing = Tracing::start();
    timer
        .time_async(async {
            tokio::task::yield_now().await;
            tracing::info_span!("inner").in_scope(|| ());
        })
        .await;
    let (outer, inner) = (tracing.span("timer_async_seconds"), tracing.span("inner"));
    assert_ne!(outer.span_context.trace_id(), TraceId::INVALID);
    assert_eq!(inner.parent_span_id, outer.span_context.span_id());
}
