//! The reader through which everything leaves the SDK.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, Temporality, data::ResourceMetrics,
        reader::MetricReader,
    },
};

/// An SDK reader that is asked, and answers in the form that the [`Store`](crate::store::Store) takes.
///
/// What is recorded comes in deltas, of up-down counters too: the store adds up, and the SDK can let go of what
/// it has reported. What is observed comes as the totals that the callbacks told. The SDK's own deltas of them
/// are of no use: it subtracts the total before, which panics in builds with overflow checks when a `u64` counter
/// falls, and with its lock poisoned no collection succeeds ever again. Clones share one reader: one goes to the `SdkMeterProvider`, one to the [`Collector`](super::Collector).
///
/// # Examples
///
/// ```
/// use opentelemetry_sdk::metrics::SdkMeterProvider;
/// use runar_otel_pipeline::collect::StoreReader;
///
/// let reader = StoreReader::new();
/// let provider = SdkMeterProvider::builder().with_reader(reader.clone()).build();
/// # drop(provider);
/// ```
#[derive(Clone, Debug)]
pub struct StoreReader(Arc<ManualReader>);

impl StoreReader {
    /// Makes a reader that belongs to no provider yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(ManualReader::builder().build()))
    }
}

impl Default for StoreReader {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricReader for StoreReader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        match kind {
            InstrumentKind::ObservableCounter | InstrumentKind::ObservableUpDownCounter => {
                Temporality::Cumulative
            }
            // The SDK reports observed gauges the same way in either temporality, histograms of them not.
            _ => Temporality::Delta,
        }
    }
}
