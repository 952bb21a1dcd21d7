//! The spans of a recorder: a subscriber of its own, and the spans that have ended.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use opentelemetry::{Context, trace::TracerProvider};
use opentelemetry_proto::tonic::trace::v1 as proto;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, Span, SpanData, SpanProcessor},
};
use tracing::Dispatch;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{
    Registry,
    filter::FilterFn,
    layer::{Layer, SubscriberExt},
};

use crate::otlp::{self, FinishedSpan};

#[derive(Debug)]
pub(super) struct Spans {
    dispatch: Dispatch,
    store: SpanStore,
    /// Kept because spans can end only while their provider exists.
    _provider: SdkTracerProvider,
}

/// Keeps the spans that have ended.
#[derive(Clone, Debug, Default)]
struct SpanStore(Arc<Mutex<Vec<FinishedSpan>>>);

impl SpanStore {
    fn spans(&self) -> MutexGuard<'_, Vec<FinishedSpan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for SpanStore {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let finished = otlp::finished(&proto::Span::from(span));
        self.spans().push(finished);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Spans {
    pub(super) fn start() -> Self {
        let store = SpanStore::default();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(store.clone())
            .build();
        let layer = OpenTelemetryLayer::new(provider.tracer("runar-otel-testing"))
            .with_context_activation(true);
        // Some events of the OpenTelemetry crates are emitted while the current context is locked.
        let seen = FilterFn::new(|metadata| !metadata.target().starts_with("opentelemetry"));
        Self {
            dispatch: Dispatch::new(Registry::default().with(layer.with_filter(seen))),
            store,
            _provider: provider,
        }
    }

    pub(super) fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    pub(super) fn finished(&self) -> Vec<FinishedSpan> {
        self.store.spans().clone()
    }
}
