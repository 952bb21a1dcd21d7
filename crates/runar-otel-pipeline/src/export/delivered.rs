//! The answer of a receiver that took an export.

/// An export that the receiver accepted, perhaps not in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// The number of data points that the receiver rejected; they must not be sent again.
    pub rejected: i64,
    /// The reason for the rejection, or a warning; empty without either.
    pub message: String,
}

#[cfg(feature = "otlp")]
impl From<opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse>
    for Delivered
{
    fn from(
        response: opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse,
    ) -> Self {
        let partial = response.partial_success.unwrap_or_default();
        Self {
            rejected: partial.rejected_data_points,
            message: super::error::readable(&partial.error_message),
        }
    }
}
