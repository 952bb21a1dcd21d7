//! The batch processor, counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use opentelemetry::{
    Context, KeyValue,
    metrics::{BoundUpDownCounter, Meter},
    trace::{Span as _, SpanContext},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor},
};

use runar_otel_core::report;

use super::queue::Queue;

/// A batch processor whose spans are counted.
///
/// The SDK's processor has a queue of its own, as long as ours. A span that finds no place in ours is dropped here, so
/// that the SDK's is never full.
#[derive(Debug)]
pub(in crate::traces) struct ObservedProcessor {
    inner: BatchSpanProcessor,
    queue: Arc<Queue>,
    /// The live spans, which one processor counts for all.
    live: Option<Live>,
    /// Relaxed: a span that ends at the same time as the processor may be counted either way.
    has_ended: AtomicBool,
}

const QUEUE_FULL: &str = "spans are dropped: more have ended than are exported, and the queue is full; it is made larger by \
     `OTEL_BSP_MAX_QUEUE_SIZE`, their number is in `otel.sdk.processor.span.processed`";

/// The spans that have begun and not ended.
#[derive(Debug)]
struct Live {
    sampled: BoundUpDownCounter<i64>,
    recorded: BoundUpDownCounter<i64>,
}

impl ObservedProcessor {
    pub(in crate::traces) fn new(inner: BatchSpanProcessor, queue: Arc<Queue>) -> Self {
        Self {
            inner,
            queue,
            live: None,
            has_ended: AtomicBool::new(false),
        }
    }

    /// Makes this processor the one that counts live spans.
    pub(in crate::traces) fn counting_live(mut self, meter: &Meter) -> Self {
        let counter = meter
            .i64_up_down_counter("otel.sdk.span.live")
            .with_unit("{span}")
            .with_description(
                "The number of created spans with `recording=true` for which the end operation has not been called yet.",
            )
            .build();
        let bound = |result| counter.bind(&[KeyValue::new("otel.span.sampling_result", result)]);
        self.live = Some(Live {
            sampled: bound("RECORD_AND_SAMPLE"),
            recorded: bound("RECORD_ONLY"),
        });
        self
    }
}

impl Live {
    fn add(&self, span: &SpanContext, change: i64) {
        match span.is_sampled() {
            true => self.sampled.add(change),
            false => self.recorded.add(change),
        }
    }
}

impl SpanProcessor for ObservedProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        if let Some(live) = &self.live {
            live.add(span.span_context(), 1);
        }
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if let Some(live) = &self.live {
            live.add(&span.span_context, -1);
        }
        if self.has_ended.load(Ordering::Relaxed) {
            self.queue.ended.add(1);
        } else if self.queue.enter() {
            self.inner.on_end(span);
        } else {
            self.queue.full.add(1);
            report::once(("spans", "queue_full"), || QUEUE_FULL.to_owned());
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.has_ended.store(true, Ordering::Relaxed);
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
