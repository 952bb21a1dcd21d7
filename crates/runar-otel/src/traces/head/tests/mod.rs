//! Metered calls that begin a trace, under samplers that say no now and then.

mod contexts;
mod ends;
mod own_sampler;
mod parents;
mod share;
mod visible;

use std::sync::{
    Arc, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, SdkTracerProvider, SpanData, TracerProviderBuilder,
};
use runar_otel_core::sampling::UNSAMPLED;
use runar_otel_macros::metered;
use tracing::{Subscriber, span};
use tracing_subscriber::{Layer, Registry, layer, layer::SubscriberExt, registry::LookupSpan};

use crate::{
    config::Sampler,
    traces::{Sampling, switchable_tracer},
};

/// A provider like that of `init()`, which exports into memory, until it is dropped.
struct Stage {
    spans: InMemorySpanExporter,
    _provider: SdkTracerProvider,
    _alone: MutexGuard<'static, ()>,
}

impl Stage {
    fn new(sampler: Sampler) -> Self {
        Self::with(sampler, &Sampling::default(), |builder| builder)
    }

    fn with(
        sampler: Sampler,
        sampling: &Sampling,
        more: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
    ) -> Self {
        let alone = switchable_tracer::tests::alone();
        let spans = InMemorySpanExporter::default();
        let builder = SdkTracerProvider::builder().with_simple_exporter(spans.clone());
        let builder = sampling.apply(builder, sampler);
        let provider = more(builder).build();
        switchable_tracer::install(&provider, sampling.decider(sampler));
        Self {
            spans,
            _provider: provider,
            _alone: alone,
        }
    }

    fn exported(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap()
    }

    fn names(&self) -> Vec<String> {
        switchable_tracer::tests::names(&self.spans)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        switchable_tracer::uninstall();
    }
}

/// Counts the spans that are made for log lines alone, and all other spans.
#[derive(Clone, Default)]
struct Made {
    hidden: Arc<AtomicUsize>,
    others: Arc<AtomicUsize>,
}

impl Made {
    fn hidden(&self) -> usize {
        self.hidden.load(Ordering::Relaxed)
    }

    fn others(&self) -> usize {
        self.others.load(Ordering::Relaxed)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Made {
    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        _: &span::Id,
        _: layer::Context<'_, S>,
    ) {
        let is_hidden = attributes.metadata().fields().field(UNSAMPLED).is_some();
        let count = if is_hidden {
            &self.hidden
        } else {
            &self.others
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs the work under a subscriber with our layer, after a first [`call`], and returns the counts of its spans.
fn traced(work: impl FnOnce()) -> Made {
    tracing::subscriber::with_default(Registry::default(), warm);
    let made = Made::default();
    let subscriber = Registry::default().with(crate::layer()).with(made.clone());
    tracing::subscriber::with_default(subscriber, work);
    made
}

fn current() -> SpanContext {
    Context::map_current(|context| context.span().span_context().clone())
}

/// A call that runs something.
#[metered(crate = crate)]
fn call<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// The first call at a place is never decided: it shows the place to `tracing`.
fn warm() {
    call(|| ());
}

const NEVER: Sampler = Sampler::ParentBasedTraceIdRatio(0.0);
