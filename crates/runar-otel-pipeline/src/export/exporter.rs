//! The OTLP exporter of metrics.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;

use super::{
    ExportError, OtlpOptions, Protocol, RetryPolicy,
    error::readable,
    grpc::Grpc,
    http::Http,
    retry::{Bounds, persist},
};

/// What the exporter calls itself, as the OTLP exporter specification lays down ("User Agent").
pub(super) const USER_AGENT: &str = concat!(
    "runar-otel/",
    env!("CARGO_PKG_VERSION"),
    " OTel-OTLP-Exporter-Rust/",
    env!("CARGO_PKG_VERSION"),
);

/// Sends metrics to an OTLP receiver, over one connection that is kept.
///
/// It holds the connection on the runtime on which it first exports: export on that runtime only.
#[derive(Debug)]
pub struct OtlpExporter {
    transport: Transport,
    retry: RetryPolicy,
    bounds: Bounds,
    max_request_size: usize,
}

impl OtlpExporter {
    /// Checks the options. Nothing is sent or connected yet, and no runtime is needed.
    ///
    /// # Errors
    /// When the endpoint, a header or the total timeout is invalid, and when the endpoint asks for TLS.
    pub fn new(options: &OtlpOptions) -> Result<Self, ExportError> {
        let bounds = Bounds::new(options.timeout, options.total_timeout)?;
        let transport = match options.protocol {
            Protocol::Grpc => Transport::Grpc(Box::new(Grpc::new(options, bounds.attempt())?)),
            Protocol::HttpProtobuf => {
                Transport::Http(Box::new(Http::new(options, bounds.attempt())?))
            }
        };
        Ok(Self {
            transport,
            retry: options.retry,
            bounds,
            max_request_size: options.max_request_size,
        })
    }

    /// Sends an encoded `ExportMetricsServiceRequest` until it is answered for good or the total timeout is over.
    ///
    /// It can be dropped at any time; the receiver may then have the data or not.
    ///
    /// # Errors
    /// When the receiver refuses the data, cannot be reached, or does not answer in time;
    /// [`ExportError::is_transient`] tells whether to keep the data.
    pub async fn export(&self, request: impl Into<Bytes>) -> Result<Delivered, ExportError> {
        let body = request.into();
        let size = body.len();
        if size > self.max_request_size {
            return Err(ExportError::RequestTooLarge {
                size,
                limit: self.max_request_size,
            });
        }
        match &self.transport {
            Transport::Http(http) => {
                let body = http.prepare(body).await;
                persist(self.retry, self.bounds, |deadline| {
                    http.attempt(&body, deadline)
                })
                .await
            }
            Transport::Grpc(grpc) => {
                persist(self.retry, self.bounds, |deadline| {
                    grpc.attempt(&body, deadline)
                })
                .await
            }
        }
    }
}

/// An export that the receiver accepted, perhaps not in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// How many data points it rejected; they must not be sent again.
    pub rejected: i64,
    /// Why, or a warning; empty if there is nothing to say.
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

#[derive(Debug)]
enum Transport {
    Http(Box<Http>),
    Grpc(Box<Grpc>),
}
