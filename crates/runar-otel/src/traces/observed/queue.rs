//! The queue of a batch processor: its size, its capacity, and the spans that leave it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, BoundUpDownCounter, Meter},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};
use runar_otel_pipeline::observe::Component;

/// The spans between the processor and its exporter.
#[derive(Debug)]
pub(in crate::traces) struct Queue {
    /// The number of spans that wait. Relaxed: the number stands for itself.
    waiting: AtomicUsize,
    capacity: usize,
    size: BoundUpDownCounter<i64>,
    pub(super) taken: BoundCounter<u64>,
    pub(super) full: BoundCounter<u64>,
    pub(super) ended: BoundCounter<u64>,
}

impl Queue {
    pub(in crate::traces) fn new(capacity: usize, component: &Component, meter: &Meter) -> Self {
        let own = component.attributes();
        let spans = |name: &'static str, description: &'static str| {
            let counter = meter.i64_up_down_counter(name).with_unit("{span}");
            counter.with_description(description).build()
        };
        let processed = meter
            .u64_counter("otel.sdk.processor.span.processed")
            .with_unit("{span}")
            .with_description(
                "The number of spans for which the processing has finished, either successful or failed.",
            )
            .build();
        let failed = |reason| {
            let reason = KeyValue::new("error.type", reason);
            processed.bind(&[own, &[reason]].concat())
        };
        let places = i64::try_from(capacity).unwrap_or(i64::MAX);
        spans(
            "otel.sdk.processor.span.queue.capacity",
            "The maximum number of spans the queue of a given instance of an SDK span processor can hold.",
        )
        .add(places, own);
        let size = spans(
            "otel.sdk.processor.span.queue.size",
            "The number of spans in the queue of a given instance of an SDK span processor.",
        )
        .bind(own);
        // Zero is a value: the series is there before the first span.
        size.add(0);
        Self {
            waiting: AtomicUsize::new(0),
            capacity,
            size,
            taken: processed.bind(own),
            full: failed("queue_full"),
            ended: failed("already_shutdown"),
        }
    }

    /// Takes a place in the queue; `false` if it is full.
    pub(super) fn enter(&self) -> bool {
        let place = |waiting| (waiting < self.capacity).then_some(waiting + 1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let entered = self.waiting.fetch_update(set, fetch, place).is_ok();
        if entered {
            self.size.add(1);
        }
        entered
    }

    /// Gives the places of a batch back: its spans are with the exporter.
    fn leave(&self, spans: usize) {
        let fewer = |waiting: usize| Some(waiting.saturating_sub(spans));
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.waiting.fetch_update(set, fetch, fewer);
        self.size
            .add(i64::try_from(spans).map_or(i64::MIN, |spans| -spans));
        self.taken.add(u64::try_from(spans).unwrap_or(u64::MAX));
    }
}

/// An exporter behind a queue.
#[derive(Debug)]
pub(in crate::traces) struct ObservedQueue<E> {
    pub(in crate::traces) inner: E,
    pub(in crate::traces) queue: Arc<Queue>,
}

impl<E: SpanExporter> SpanExporter for ObservedQueue<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.queue.leave(batch.len());
        self.inner.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: std::time::Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
