//! The pipeline of a recorder: streams and a collector; nothing is delivered.

use runar_otel_core::gate::{Gate, GateOptions, Streams};
use runar_otel_pipeline::{
    collect::Collector,
    snapshot::Snapshot,
    store::{ConsumerId, TemporalityPreference},
};

#[derive(Debug)]
pub(super) struct Pipeline {
    collector: Collector,
    consumer: ConsumerId,
}

impl Pipeline {
    /// Makes a pipeline, and the gate that feeds it.
    pub(super) fn start(options: GateOptions) -> (Gate, Self) {
        let streams = Streams::new(options);
        let collector = Collector::new(streams.clone(), std::sync::Arc::default(), Vec::new());
        let consumer = collector.register(TemporalityPreference::Cumulative);
        let pipeline = Self {
            collector,
            consumer,
        };
        (Gate::new(streams), pipeline)
    }

    /// Returns the totals since the start.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.collector.snapshot(self.consumer)
    }
}
