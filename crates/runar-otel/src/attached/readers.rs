//! Readers that the application attached, fed by the mirror.

use std::{fmt, sync::Arc};

use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider, reader::MetricReader};
use runar_otel_core::series::Mirror;
use runar_otel_pipeline::{collect::Collector, mirror::SdkReaders};

use crate::{
    patience::{Pending, begin},
    resource::Identity,
};

/// A reader on its way to the provider of the SDK.
pub(crate) struct AttachedReader(
    Box<dyn FnOnce(MeterProviderBuilder) -> MeterProviderBuilder + Send>,
);

impl AttachedReader {
    pub(crate) fn new(reader: impl MetricReader) -> Self {
        Self(Box::new(|builder| builder.with_reader(reader)))
    }
}

impl fmt::Debug for AttachedReader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AttachedReader")
    }
}

/// The readers that run, if there are any.
#[derive(Debug)]
pub(crate) struct Attached(Option<SdkReaders>);

impl Attached {
    pub(crate) fn new(readers: Vec<AttachedReader>, identity: &Identity) -> Self {
        if readers.is_empty() {
            return Self(None);
        }
        let builder = SdkMeterProvider::builder().with_resource(identity.resource.clone());
        let attach = |builder, AttachedReader(attach): AttachedReader| attach(builder);
        Self(Some(SdkReaders::start(
            readers.into_iter().fold(builder, attach),
        )))
    }

    pub(crate) fn mirror(&self) -> Option<Arc<dyn Mirror>> {
        self.0.as_ref().map(SdkReaders::mirror)
    }

    pub(crate) fn collect_with(&self, collector: &Arc<Collector>) {
        if let Some(readers) = &self.0 {
            readers.collect_with(collector);
        }
    }

    pub(crate) fn begin_flush(&self) -> Option<Pending<Result<(), String>>> {
        let readers = self.0.clone()?;
        Some(begin(move || readers.flush()))
    }

    pub(crate) fn begin_shutdown(&self) -> Option<Pending<Result<(), String>>> {
        let readers = self.0.clone()?;
        Some(begin(move || readers.shutdown()))
    }
}
