//! The answer of a receiver that took an export.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;

use super::error::readable;

/// An export that the receiver accepted, perhaps not in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// The number of data points that the receiver rejected; they must not be sent again.
    pub rejected: i64,
    /// The reason for the rejection, or a warning; empty without either.
    pub message: String,
}

impl From<ExportMetricsServiceResponse> for Delivered {
    fn from(response: ExportMetricsServiceResponse) -> Self {
        let partial = response.partial_success.unwrap_or_default();
        Self {
            rejected: partial.rejected_data_points,
            message: readable(&partial.error_message),
        }
    }
}
