//! Readers of the OpenTelemetry SDK, attached to a gate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod agreement;
mod delta;
mod full;
mod left_out;
mod reader;
mod reports;
mod stuck;
mod threads;

use std::sync::Arc;

use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use runar_otel_core::{
    gate::{Gate, GateOptions, Streams, View},
    series::Mirror,
};
use runar_otel_pipeline::{
    collect::Collector,
    mirror::SdkReaders,
    store::{ConsumerId, TemporalityPreference},
};

use crate::reader::{LIMITS_REACHED, Points, Shared};

/// A gate with a consumer of our own, and an attached reader.
struct Rig {
    gate: Gate,
    collector: Arc<Collector>,
    consumer: ConsumerId,
    reader: Shared,
    readers: SdkReaders,
}

impl Rig {
    fn new(views: Vec<View>) -> Self {
        Self::with(Shared::new(Temporality::Cumulative), views)
    }

    fn with(reader: Shared, views: Vec<View>) -> Self {
        Self::mirrored(reader, views, |mirror| mirror)
    }

    /// A rig whose gate sees the mirror through something else.
    fn mirrored(
        reader: Shared,
        views: Vec<View>,
        through: impl FnOnce(Arc<dyn Mirror>) -> Arc<dyn Mirror>,
    ) -> Self {
        let builder = SdkMeterProvider::builder().with_reader(reader.clone());
        let readers = SdkReaders::start(builder);
        let mut options = GateOptions::default();
        options.views = views;
        options.mirror = Some(through(readers.mirror()));
        let streams = Streams::new(options);
        let collector = Arc::new(Collector::new(streams.clone(), Arc::default(), Vec::new()));
        readers.collect_with(&collector);
        Self {
            consumer: collector.register(TemporalityPreference::Cumulative),
            gate: Gate::new(streams),
            collector,
            reader,
            readers,
        }
    }

    fn meter(&self) -> Meter {
        self.gate.meter("mirror")
    }

    /// What our own consumer gets.
    fn own(&self) -> Points {
        reader::own(&self.collector.snapshot(self.consumer))
    }

    /// What the attached reader gets, the queue having been emptied.
    fn attached(&self) -> Points {
        self.readers.flush().unwrap();
        let mut points = self.reader.points();
        points.retain(|(metric, _), _| metric != LIMITS_REACHED);
        points
    }
}
