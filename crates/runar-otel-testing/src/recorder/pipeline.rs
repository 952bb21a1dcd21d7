//! The pipeline of a recorder: gate, SDK, store; nothing is delivered.

use std::sync::Arc;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use runar_otel_core::gate::{Gate, GateOptions, Streams};
use runar_otel_pipeline::{
    collect::{Collector, StoreReader, sdk_view},
    snapshot::Snapshot,
    store::{ConsumerId, TemporalityPreference},
};

#[derive(Debug)]
pub(super) struct Pipeline {
    collector: Collector,
    consumer: ConsumerId,
    /// The reader knows it only weakly.
    _provider: SdkMeterProvider,
}

impl Pipeline {
    /// Makes a pipeline, and the gate through which it is fed.
    pub(super) fn start(options: GateOptions) -> (Gate, Self) {
        let streams = Streams::new(options);
        let plans = streams.clone();
        let view = sdk_view(Arc::new(move |scope: &_, name: &str, unit: &str, kind| {
            plans.plan_of(scope, name, unit, kind)
        }));
        let reader = StoreReader::new();
        let provider = SdkMeterProvider::builder()
            .with_view(view)
            .with_reader(reader.clone())
            .build();
        let collector = Collector::new(reader, streams.clone(), Arc::default(), Vec::new());
        let consumer = collector.register(TemporalityPreference::Cumulative);
        let inner: Arc<dyn MeterProvider + Send + Sync> = Arc::new(provider.clone());
        let pipeline = Self {
            collector,
            consumer,
            _provider: provider,
        };
        let gate = Gate::new(streams, inner);
        // As `init()` does: measurements may wait for collections once one has shown that it lets them in.
        pipeline.collector.collect();
        (gate, pipeline)
    }

    /// Totals since the start.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.collector.snapshot(self.consumer)
    }
}
