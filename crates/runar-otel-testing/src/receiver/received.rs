//! The data that a receiver has received.

use std::fmt;

use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    trace::v1::ResourceSpans,
};

use crate::{
    metrics::Metrics,
    otlp::{FinishedSpan, State, labels, of_span},
    series::Series,
};

/// The data that a receiver has received until a moment.
///
/// The series are those that a backend would show: deltas are added up, the last total counts, and exemplars gather.
#[derive(Clone, Debug, Default)]
pub struct Received {
    state: State,
    requests: Vec<ExportMetricsServiceRequest>,
    spans: Vec<FinishedSpan>,
    span_requests: usize,
    refused: usize,
}

impl Received {
    /// Returns the spans, in the order of their arrival.
    #[must_use]
    pub fn spans(&self) -> &[FinishedSpan] {
        &self.spans
    }

    /// Returns the first span of this name.
    #[must_use]
    pub fn span(&self, name: &str) -> Option<&FinishedSpan> {
        self.spans.iter().find(|span| span.name == name)
    }

    /// Returns the requests with metrics as they came, for facts that the series do not show.
    #[must_use]
    pub fn requests(&self) -> &[ExportMetricsServiceRequest] {
        &self.requests
    }

    /// Returns the number of refused requests.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    pub(super) fn take_metrics(&mut self, request: ExportMetricsServiceRequest) {
        self.state.take(&request);
        self.requests.push(request);
    }

    pub(super) fn take_spans(&mut self, request: &ExportTraceServiceRequest) {
        self.spans.extend(spans(request));
        self.span_requests += 1;
    }

    pub(super) fn refuse(&mut self) {
        self.refused += 1;
    }
}

impl Metrics for Received {
    fn series(&self) -> Vec<Series> {
        self.state.series()
    }
}

/// Lists the series and spans, after their numbers.
impl fmt::Display for Received {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = self.series();
        let (metrics, spans) = (self.requests.len(), self.spans.len());
        write!(
            out,
            "{} series in {metrics} requests, {spans} spans in {} requests, {} requests refused",
            series.len(),
            self.span_requests,
            self.refused
        )?;
        for one in series {
            write!(out, "\n  {one}")?;
        }
        for span in &self.spans {
            write!(out, "\n  span {:?} of trace {}", span.name, span.trace_id)?;
        }
        Ok(())
    }
}

/// Returns the spans of a request.
fn spans(request: &ExportTraceServiceRequest) -> Vec<FinishedSpan> {
    let resources = request.resource_spans.iter();
    resources.flat_map(of_resource).collect()
}

fn of_resource(from: &ResourceSpans) -> Vec<FinishedSpan> {
    let resource = from.resource.as_ref();
    let mut attributes = resource.map(|resource| labels(&resource.attributes));
    let service = attributes
        .as_mut()
        .and_then(|all| all.remove("service.name"));
    let service = service.unwrap_or_default();
    let spans = from.scope_spans.iter().flat_map(|scope| &scope.spans);
    spans.map(|span| of_span(span, &service)).collect()
}
