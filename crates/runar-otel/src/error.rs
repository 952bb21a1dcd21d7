//! The errors of `init()` and a flush.

use std::io;

use runar_otel_core::error::ViewError;
use runar_otel_pipeline::{export::ExportError, schedule::FlushError};

use crate::{config::Problem, traces::TracesError};

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The builder was given values that cannot be used; all of them are here.
    #[error("invalid configuration: {}", joined(problems, views))]
    Invalid {
        /// The values of the builder that cannot be used.
        problems: Vec<Problem>,
        /// The views that cannot be used.
        views: Vec<ViewError>,
    },
    /// Telemetry runs already in this process.
    #[error(
        "telemetry runs already: expected one `init()` until its guard is shut down or dropped"
    )]
    Running,
    /// The system refuses a thread or the resources of the private runtime.
    #[error("the background thread cannot start")]
    Background(#[source] io::Error),
    /// The exporter of metrics cannot be made.
    #[error("the exporter of metrics cannot be made")]
    Metrics(#[source] ExportError),
    /// The exporter of spans cannot be made.
    #[error("the exporter of spans cannot be made")]
    Traces(#[source] TracesError),
}

fn joined(problems: &[Problem], views: &[ViewError]) -> String {
    let problems = problems.iter().map(ToString::to_string);
    let all: Vec<String> = problems
        .chain(views.iter().map(ToString::to_string))
        .collect();
    all.join("; ")
}

/// Telemetry that a flush did not deliver.
#[derive(Debug, thiserror::Error)]
#[error("not delivered: {}", told(metrics, traces.as_ref()))]
#[non_exhaustive]
pub struct DeliveryError {
    /// The failures of metrics: one for each exporter that failed, and one for attached readers.
    pub metrics: Vec<FlushError>,
    /// The failure of spans; `None` if they were delivered.
    #[source]
    pub traces: Option<TracesError>,
}

impl DeliveryError {
    pub(crate) fn check(metrics: Vec<FlushError>, traces: Option<TracesError>) -> Result<(), Self> {
        if metrics.is_empty() && traces.is_none() {
            return Ok(());
        }
        Err(Self { metrics, traces })
    }
}

/// Joins the failures to one line.
pub(crate) fn told(metrics: &[FlushError], traces: Option<&TracesError>) -> String {
    let metrics = metrics.iter().map(ToString::to_string);
    let all: Vec<String> = metrics.chain(traces.map(ToString::to_string)).collect();
    all.join("; ").replace('\n', " ")
}
