//! The state of one recorder.

use std::{fmt, sync::Arc};

use runar_otel_core::{clock::ManualClock, isolated::IsolatedRecorder};
use tracing::dispatcher;

use super::{pipeline::Pipeline, spans::Spans};

/// The registry, pipeline, clock and spans of one recorder.
pub(super) struct Recording {
    pub(super) isolated: Arc<IsolatedRecorder>,
    pub(super) pipeline: Pipeline,
    pub(super) clock: ManualClock,
    pub(super) spans: Option<Spans>,
}

impl Recording {
    /// Runs `work` inside of the recorder.
    pub(super) fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.spans {
            Some(spans) => dispatcher::with_default(spans.dispatch(), || self.isolated.scope(work)),
            None => self.isolated.scope(work),
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Recorder")
            .field("clock", &self.clock)
            .field("spans", &self.spans.is_some())
            .finish_non_exhaustive()
    }
}
