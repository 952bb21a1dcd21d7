//! The OTLP exporter.

use std::time::Duration;

use bytes::Bytes;

#[cfg(feature = "otlp-grpc")]
use super::grpc::Grpc;
#[cfg(feature = "otlp-http")]
use super::http::Http;
use super::{
    AttemptError, Delivered, ExportError, FaultKind, OtlpOptions, Protocol, RetryPolicy,
    address::endpoint,
    retry::{Bounds, Patience, persist},
    secrets::Secrets,
};
use crate::{resolver::is_under_way, settings::redacted};

/// Sends one signal to an OTLP receiver, over one connection that is kept.
///
/// The connection belongs to the runtime of the first export: export on that runtime only.
#[derive(Debug)]
pub struct OtlpExporter {
    transport: Transport,
    destination: String,
    host: String,
    secrets: Secrets,
    retry: RetryPolicy,
    bounds: Bounds,
}

impl OtlpExporter {
    /// Checks the options. Nothing is sent or connected yet, and no runtime is needed.
    ///
    /// # Errors
    /// When the endpoint, a header or the total timeout is invalid, when the endpoint asks for TLS, and when the protocol or
    /// the compression needs a Cargo feature that is off.
    pub fn new(options: &OtlpOptions) -> Result<Self, ExportError> {
        if !options.compression.is_compiled() {
            return Err(ExportError::NoGzip);
        }
        let bounds = Bounds::new(options.timeout, options.total_timeout)?;
        let transport = match options.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => Transport::Grpc(Box::new(Grpc::new(options, bounds.attempt())?)),
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf => {
                Transport::Http(Box::new(Http::new(options, bounds.attempt())?))
            }
            #[cfg(not(all(feature = "otlp-http", feature = "otlp-grpc")))]
            protocol => return Err(ExportError::NoTransport { protocol }),
        };
        Ok(Self {
            transport,
            destination: redacted(&options.endpoint),
            host: endpoint(options)?
                .host()
                .unwrap_or_default()
                .to_ascii_lowercase(),
            secrets: Secrets::of(options),
            retry: options.retry,
            bounds,
        })
    }

    /// Returns the protocol of the transport.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match &self.transport {
            #[cfg(feature = "otlp-http")]
            Transport::Http(_) => Protocol::HttpProtobuf,
            #[cfg(feature = "otlp-grpc")]
            Transport::Grpc(_) => Protocol::Grpc,
        }
    }

    /// Returns the endpoint, without credentials and query.
    #[must_use]
    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// Sends an encoded request of the signal, such as an `ExportMetricsServiceRequest`, until the receiver gives a final
    /// answer or the total timeout is over.
    ///
    /// The future can be dropped at any time; the receiver may then have the data or not.
    ///
    /// # Errors
    /// When the receiver refuses the data, cannot be reached, or does not answer in time; [`ExportError::is_final`] is
    /// true if the same data must not be sent again.
    pub async fn export(&self, request: impl Into<Bytes>) -> Result<Delivered, ExportError> {
        let patience = Patience::calm(Duration::MAX);
        self.export_within(request, patience).await
    }

    /// Like [`export`](Self::export), within a time that ends before the total timeout, or sooner if the process ends.
    ///
    /// # Errors
    /// As [`export`](Self::export).
    pub async fn export_within(
        &self,
        request: impl Into<Bytes>,
        patience: Patience,
    ) -> Result<Delivered, ExportError> {
        let body = request.into();
        let outcome = match &self.transport {
            #[cfg(feature = "otlp-http")]
            Transport::Http(http) => {
                let body = http.prepare(body).await;
                persist(self.retry, self.bounds, patience, |deadline| {
                    http.attempt(&body, deadline)
                })
                .await
            }
            #[cfg(feature = "otlp-grpc")]
            Transport::Grpc(grpc) => {
                persist(self.retry, self.bounds, patience, |deadline| {
                    grpc.attempt(&body, deadline)
                })
                .await
            }
        };
        match outcome {
            Ok(mut delivered) => {
                self.secrets.hide(&mut delivered.message);
                Ok(delivered)
            }
            Err(error) => Err(self.explained(error)),
        }
    }

    /// Hides secrets in the words of the receiver, and names the resolver as the cause of silence while a look-up of the host is under way.
    fn explained(&self, mut error: ExportError) -> ExportError {
        if let Some(message) = error.message_mut() {
            self.secrets.hide(message);
        }
        match error {
            ExportError::TimedOut { attempts, last, .. }
            | ExportError::Unavailable { attempts, last, .. }
                if matches!(last.kind(), FaultKind::Timeout | FaultKind::Connection)
                    && is_under_way(&self.host) =>
            {
                ExportError::Unavailable {
                    attempts,
                    last: AttemptError::SlowLookUp {
                        host: self.host.clone(),
                    },
                    retry_after: None,
                }
            }
            error => error,
        }
    }
}

#[derive(Debug)]
enum Transport {
    #[cfg(feature = "otlp-http")]
    Http(Box<Http>),
    #[cfg(feature = "otlp-grpc")]
    Grpc(Box<Grpc>),
}
