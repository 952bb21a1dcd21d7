//! The provider of spans: sampler, resource, and a batch processor for each exporter.

use std::sync::Arc;

use opentelemetry_sdk::{
    Resource,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler as SdkSampler, SdkTracerProvider,
        ShouldSample, SpanExporter, SpanLimits as SdkSpanLimits, TracerProviderBuilder,
    },
};
use tokio::runtime::Handle;

#[cfg(feature = "otlp")]
use crate::traces::otlp;
use crate::{
    config::{Config, Sampler, SpanBatches, SpanLimits, TracesExporterKind},
    spills::Spill,
    traces::{
        TracesError,
        console::ConsoleExporter,
        head::{Decider, Looks},
        head_decision::{DecidedIds, DecidedSampler},
        observed::{CountingSampler, ObservedProcessor, ObservedQueue, Observer, Queue},
    },
};

/// Sampling options that only the builder sets: the application's own sampler, and spans for all calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sampling {
    /// The application's own sampler for traces that begin here; `None` leaves them to the configured one.
    pub(crate) root: Option<Box<dyn ShouldSample>>,
    /// True if every metered call makes its span, even if its trace is not recorded. False by default.
    pub(crate) keep_spans: bool,
}

impl Sampling {
    fn sampler(&self, configured: Sampler) -> Box<dyn ShouldSample> {
        match &self.root {
            Some(root) => Box::new(SdkSampler::parent_based(root.clone())),
            None => Box::new(sampler(configured)),
        }
    }

    /// Gives a provider this sampling, and an id generator and a sampler that honour decisions made before the span.
    pub(crate) fn apply(
        &self,
        builder: TracerProviderBuilder,
        configured: Sampler,
    ) -> TracerProviderBuilder {
        builder
            .with_id_generator(DecidedIds::default())
            .with_sampler(DecidedSampler(self.sampler(configured)))
    }

    /// Like [`apply`](Self::apply); the spans are counted, if the observer records.
    fn apply_observed(
        &self,
        builder: TracerProviderBuilder,
        configured: Sampler,
        observer: &Observer,
    ) -> TracerProviderBuilder {
        let builder = self.apply(builder, configured);
        let Some(meter) = observer.meter() else {
            return builder;
        };
        let inner = DecidedSampler(self.sampler(configured));
        builder.with_sampler(CountingSampler::new(inner, meter))
    }

    /// Returns the decider that samples a call before its span is made. `None` if that would save nothing: all spans
    /// are kept, or all traces that begin here are recorded.
    pub(crate) fn decider(&self, configured: Sampler) -> Option<Decider> {
        let looks = match (&self.root, configured) {
            _ if self.keep_spans => return None,
            (Some(_), _) => Looks::AtEverything,
            (None, Sampler::AlwaysOn | Sampler::ParentBasedAlwaysOn) => return None,
            (None, _) => Looks::AtTraceId(root_of(configured)),
        };
        Some(Decider::new(self.sampler(configured), looks))
    }
}

/// Prepares a provider that exports as configured; OTLP works on `runtime`.
///
/// The SDK reads the variables of batches and limits by itself as well; ours win.
#[cfg(test)]
pub(crate) fn builder(
    config: &Config,
    sampling: &Sampling,
    resource: Resource,
    runtime: &Handle,
    observer: &Observer,
) -> Result<TracerProviderBuilder, TracesError> {
    builder_with(config, sampling, resource, runtime, observer, None)
}

/// Like [`builder`]; spans that are not delivered go into the spill, if there is one.
pub(crate) fn builder_with(
    config: &Config,
    sampling: &Sampling,
    resource: Resource,
    runtime: &Handle,
    observer: &Observer,
    spill: Option<&Spill>,
) -> Result<TracerProviderBuilder, TracesError> {
    let builder = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_span_limits(limits(&config.span_limits));
    let mut processors = Processors::new(observer, &config.span_batches);
    let mut builder = sampling.apply_observed(builder, config.sampler, observer);
    #[cfg(not(feature = "otlp"))]
    let _ = (runtime, spill);
    for exporter in &config.traces_exporters {
        builder = match exporter {
            #[cfg(feature = "otlp")]
            TracesExporterKind::Otlp => {
                let export = config.span_batches.timeout;
                let spill = spill.cloned();
                let exporter =
                    otlp::exporter(&config.otlp_traces, export, runtime, observer, spill)?;
                processors.add(builder, exporter)
            }
            TracesExporterKind::Console => processors.add(builder, ConsoleExporter::stdout()),
            // A destination without its Cargo feature has been left out before.
            #[cfg(not(feature = "otlp"))]
            TracesExporterKind::Otlp => continue,
        };
    }
    Ok(builder)
}

/// Makes the batch processors, counted if the observer records.
struct Processors<'a> {
    observer: &'a Observer,
    batches: &'a SpanBatches,
    /// True if a processor counts live spans.
    counts_live: bool,
}

impl<'a> Processors<'a> {
    fn new(observer: &'a Observer, batches: &'a SpanBatches) -> Self {
        Self {
            observer,
            batches,
            counts_live: false,
        }
    }

    /// Adds the processor of an exporter.
    fn add(
        &mut self,
        builder: TracerProviderBuilder,
        exporter: impl SpanExporter + 'static,
    ) -> TracerProviderBuilder {
        let Some(meter) = self.observer.meter() else {
            return builder.with_span_processor(processor(exporter, self.batches));
        };
        let component = self.observer.component("batching_span_processor");
        let queue = Arc::new(Queue::new(self.batches.queue, &component, meter));
        let exporter = ObservedQueue {
            inner: exporter,
            queue: queue.clone(),
        };
        let processor = ObservedProcessor::new(processor(exporter, self.batches), queue);
        if std::mem::replace(&mut self.counts_live, true) {
            builder.with_span_processor(processor)
        } else {
            builder.with_span_processor(processor.counting_live(meter))
        }
    }
}

fn processor(exporter: impl SpanExporter + 'static, batches: &SpanBatches) -> BatchSpanProcessor {
    let config = BatchConfigBuilder::default()
        .with_scheduled_delay(batches.delay)
        .with_max_queue_size(batches.queue)
        .with_max_export_batch_size(batches.batch)
        .build();
    BatchSpanProcessor::builder(exporter)
        .with_batch_config(config)
        .build()
}

fn limits(configured: &SpanLimits) -> SdkSpanLimits {
    SdkSpanLimits {
        max_events_per_span: configured.events,
        max_attributes_per_span: configured.attributes,
        max_links_per_span: configured.links,
        max_attributes_per_event: configured.attributes_of_event,
        max_attributes_per_link: configured.attributes_of_link,
    }
}

/// Returns the SDK's sampler that a configured sampler applies to spans without a parent.
fn root_of(configured: Sampler) -> SdkSampler {
    match configured {
        Sampler::ParentBasedAlwaysOn => SdkSampler::AlwaysOn,
        Sampler::ParentBasedAlwaysOff => SdkSampler::AlwaysOff,
        Sampler::ParentBasedTraceIdRatio(ratio) => SdkSampler::TraceIdRatioBased(ratio),
        Sampler::AlwaysOn | Sampler::AlwaysOff | Sampler::TraceIdRatio(_) => sampler(configured),
    }
}

/// Returns the SDK's sampler for a configured one.
pub(crate) fn sampler(sampler: Sampler) -> SdkSampler {
    match sampler {
        Sampler::AlwaysOn => SdkSampler::AlwaysOn,
        Sampler::AlwaysOff => SdkSampler::AlwaysOff,
        Sampler::TraceIdRatio(ratio) => SdkSampler::TraceIdRatioBased(ratio),
        Sampler::ParentBasedAlwaysOn
        | Sampler::ParentBasedAlwaysOff
        | Sampler::ParentBasedTraceIdRatio(_) => {
            SdkSampler::ParentBased(Box::new(root_of(sampler)))
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Span, Tracer, TracerProvider};
    use runar_otel_pipeline::background::Background;

    use super::*;

    #[test]
    fn sampler_decides_what_is_recorded() {
        let background = Background::start().unwrap();
        for (sampler, recorded) in [
            (Sampler::AlwaysOn, true),
            (Sampler::AlwaysOff, false),
            (Sampler::TraceIdRatio(1.0), true),
            (Sampler::ParentBasedAlwaysOn, true),
            (Sampler::ParentBasedAlwaysOff, false),
            (Sampler::ParentBasedTraceIdRatio(0.0), false),
        ] {
            let config = Config {
                sampler,
                traces_exporters: Vec::new(),
                ..Config::default()
            };
            let resource = Resource::builder_empty().build();
            let provider = builder(
                &config,
                &Sampling::default(),
                resource,
                background.handle(),
                &Observer::default(),
            )
            .unwrap()
            .build();
            let span = provider.tracer("test").start("s");
            assert_eq!(span.is_recording(), recorded, "{sampler:?}");
            assert!(span.span_context().is_valid());
        }
    }
}
