//! The OTLP exporter of metrics.

use bytes::Bytes;

use super::{
    Delivered, ExportError, OtlpOptions, Protocol, RetryPolicy,
    grpc::Grpc,
    http::Http,
    retry::{Bounds, persist},
};

/// Sends metrics to an OTLP receiver, over one connection that is kept.
///
/// The connection belongs to the runtime of the first export: export on that runtime only.
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

    /// Sends an encoded `ExportMetricsServiceRequest` until the receiver gives a final answer or the total timeout is
    /// over.
    ///
    /// The future can be dropped at any time; the receiver may then have the data or not.
    ///
    /// # Errors
    /// When the receiver refuses the data, cannot be reached, or does not answer in time; [`ExportError::is_transient`]
    /// is true if the same data may be sent again.
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

#[derive(Debug)]
enum Transport {
    Http(Box<Http>),
    Grpc(Box<Grpc>),
}
