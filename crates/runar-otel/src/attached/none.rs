//! Without the feature `sdk-reader` there are no readers.

use std::sync::Arc;

use runar_otel_core::series::Mirror;
use runar_otel_pipeline::collect::Collector;

use crate::{patience::Pending, resource::Identity};

/// A reader, of which there is none.
#[derive(Debug)]
pub(crate) enum AttachedReader {}

/// The readers of a build without the feature `sdk-reader`: always none.
#[derive(Debug)]
pub(crate) struct Attached;

impl Attached {
    pub(crate) fn new(_: Vec<AttachedReader>, _: &Identity) -> Self {
        Self
    }

    pub(crate) fn mirror(&self) -> Option<Arc<dyn Mirror>> {
        None
    }

    pub(crate) fn collect_with(&self, _: &Arc<Collector>) {}

    pub(crate) fn begin_flush(&self) -> Option<Pending<Result<(), String>>> {
        None
    }

    pub(crate) fn begin_shutdown(&self) -> Option<Pending<Result<(), String>>> {
        None
    }
}
