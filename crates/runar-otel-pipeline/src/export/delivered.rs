//! The answer of a receiver that took an export.

/// An export that the receiver accepted, perhaps not in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// The number of data points or spans that the receiver rejected; they must not be sent again.
    pub rejected: i64,
    /// The reason for the rejection, or a warning; empty without either.
    pub message: String,
}

/// The answer to an export. The messages of all signals have these fields under these numbers.
#[cfg(feature = "otlp")]
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[cfg(feature = "otlp")]
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

#[cfg(feature = "otlp")]
impl From<ExportResponse> for Delivered {
    fn from(response: ExportResponse) -> Self {
        let partial = response.partial_success.unwrap_or_default();
        Self {
            rejected: partial.rejected,
            message: super::error::readable(&partial.error_message),
        }
    }
}
