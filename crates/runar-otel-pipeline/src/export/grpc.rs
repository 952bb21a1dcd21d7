//! OTLP over gRPC.

use std::{
    error::Error,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use prost::Message;
use tokio::time::{Instant, timeout_at};
use tonic::{
    Code, Request, TimeoutExpired,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;
use tower_service::Service;

use super::{
    AttemptError, Compression, Delivered, ExportError, OtlpOptions, Status, address,
    delivered::ExportResponse, error::readable, retry::Failure, user_agent::USER_AGENT,
};
use crate::resolver::{LookupError, look_up};

/// Words with which gRPC libraries refuse a message for its size, in lower case: those of grpc-go and grpc-core, of
/// grpc-java, of tonic. The code of tonic, `OutOfRange`, would be retryable.
const TOO_LARGE: [&str; 3] = [
    "larger than max",
    "exceeds maximum size",
    "length too large",
];

/// The gRPC transport of an exporter.
#[derive(Debug)]
pub(super) struct Grpc {
    endpoint: Endpoint,
    method: PathAndQuery,
    metadata: MetadataMap,
    compression: Compression,
    max_response_size: usize,
    /// The channel, which connects when first used and needs the runtime for that. `None` before, and after a timeout
    /// or a failed connection.
    channel: Mutex<Option<Channel>>,
}

impl Grpc {
    /// Checks the options. Nothing connects yet.
    pub(super) fn new(options: &OtlpOptions, timeout: Duration) -> Result<Self, ExportError> {
        let url = address::endpoint(options)?;
        let headers = address::headers(&options.headers)?;
        if let Some(name) = headers.keys().find(|name| name.as_str().ends_with("-bin")) {
            return Err(ExportError::InvalidHeader {
                name: name.to_string(),
                expected: "a name without -bin, which marks binary metadata",
                source: None,
            });
        }
        let endpoint = Endpoint::from_shared(url.to_string())
            .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
            .map_err(ExportError::GrpcClient)?
            .connect_timeout(timeout);
        Ok(Self {
            endpoint,
            method: PathAndQuery::from_static(options.signal.method()),
            metadata: MetadataMap::from_headers(headers),
            compression: options.compression,
            max_response_size: options.max_response_size,
            channel: Mutex::new(None),
        })
    }

    /// Sends the encoded request once.
    pub(super) async fn attempt(
        &self,
        body: &Bytes,
        deadline: Instant,
    ) -> Result<Delivered, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(outcome) = timeout_at(deadline, self.call(body.clone(), left)).await else {
            return Err(self.silent(left));
        };
        match outcome {
            Ok(response) => Ok(Delivered::from(response)),
            Err(status) if cause::<TimeoutExpired>(&status) => Err(self.silent(left)),
            Err(status) if is_long_answer(&status, body.len()) => {
                let limit = self.max_response_size;
                Err(Failure::Permanent(ExportError::ResponseTooLarge { limit }))
            }
            Err(status) => Err(failed(status, body.len())),
        }
    }

    async fn call(&self, body: Bytes, left: Duration) -> Result<ExportResponse, tonic::Status> {
        let mut client = tonic::client::Grpc::new(self.channel())
            .max_decoding_message_size(self.max_response_size);
        if self.compression == Compression::Gzip {
            client = compressing(client);
        }
        client.ready().await.map_err(|error| {
            self.disconnect();
            tonic::Status::from_error(Box::new(error))
        })?;
        let mut request = Request::new(body);
        *request.metadata_mut() = self.metadata.clone();
        request.set_timeout(left);
        let response = client.unary(request, self.method.clone(), Encoded).await?;
        Ok(response.into_inner())
    }

    /// Reports a timeout and drops the channel: the connection may be dead without either side knowing.
    fn silent(&self, after: Duration) -> Failure {
        self.disconnect();
        Failure::transient(AttemptError::TimedOut(after))
    }

    fn channel(&self) -> Channel {
        let mut channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner);
        channel
            .get_or_insert_with(|| {
                let connector = connector(self.endpoint.get_connect_timeout());
                self.endpoint.connect_with_connector_lazy(connector)
            })
            .clone()
    }

    fn disconnect(&self) {
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Lets a client compress its requests.
#[cfg(feature = "gzip")]
fn compressing(client: tonic::client::Grpc<Channel>) -> tonic::client::Grpc<Channel> {
    use tonic::codec::CompressionEncoding;

    // Receivers answer compressed requests in kind, the Collector does so even unasked.
    client
        .send_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Gzip)
}

/// An exporter that is to compress is not made without the feature.
#[cfg(not(feature = "gzip"))]
fn compressing(client: tonic::client::Grpc<Channel>) -> tonic::client::Grpc<Channel> {
    client
}

fn failed(status: tonic::Status, size: usize) -> Failure {
    let code = status.code();
    // A status with a source was made on this side, when no answer came.
    if status.source().is_some() {
        return Failure::transient(AttemptError::Grpc(Box::new(status)));
    }
    let retry_info = status.get_details_retry_info();
    let message = readable(status.message());
    if retry_info.is_none() && is_too_large(code, &message) {
        let status = Status::Grpc(code);
        return Failure::Permanent(ExportError::TooLarge {
            size,
            status,
            message,
        });
    }
    if !is_retryable_code(code, retry_info.is_some()) {
        let status = Status::Grpc(code);
        return Failure::Permanent(ExportError::Rejected { status, message });
    }
    Failure::Transient {
        error: AttemptError::Refused {
            status: Status::Grpc(code),
            message,
        },
        demanded: retry_info.and_then(|info| info.retry_delay),
    }
}

/// True if the answer is longer than we take. The library refuses it in the words in which a receiver that uses the same
/// library refuses a request, but names another size than that of the request.
fn is_long_answer(status: &tonic::Status, sent: usize) -> bool {
    let message = status.message();
    status.code() == Code::OutOfRange
        && message.contains("message length too large")
        && !message.contains(&format!("found {sent} bytes"))
}

/// True if a receiver refuses the request for its size.
fn is_too_large(code: Code, message: &str) -> bool {
    let message = message.to_lowercase();
    matches!(code, Code::ResourceExhausted | Code::OutOfRange)
        && TOO_LARGE.iter().any(|words| message.contains(words))
}

/// Makes the connector of channels: the library's own one with our look-ups.
fn connector(timeout: Option<Duration>) -> HttpConnector<GrpcResolver> {
    let mut connector = HttpConnector::new_with_resolver(GrpcResolver);
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(timeout);
    connector
}

/// The resolver of channels.
#[derive(Clone, Copy, Debug)]
struct GrpcResolver;

impl Service<Name> for GrpcResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = LookupError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, LookupError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move { Ok(look_up(name.as_str()).await?.to_vec().into_iter()) })
    }
}

/// True if an error of type `E` is among the sources of the status.
fn cause<E: Error + 'static>(status: &tonic::Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<E>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// A codec for requests that are encoded already: the generated client would copy them for every attempt.
#[derive(Clone, Copy, Debug)]
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = ExportResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, dst: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        dst.put(item);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = ExportResponse;
    type Error = tonic::Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, tonic::Status> {
        // The data was taken; a response that cannot be read must not cause a second delivery.
        // All of it is read, else the rest would be taken for the next message.
        let message = src.copy_to_bytes(src.remaining());
        Ok(Some(Self::Item::decode(message).unwrap_or_default()))
    }
}

/// True if OTLP/gRPC allows another attempt after this code (OTLP specification, "Failures").
///
/// `ResourceExhausted` allows it only with a `RetryInfo`, by which the receiver says that it will recover.
fn is_retryable_code(code: Code, has_retry_info: bool) -> bool {
    match code {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted => has_retry_info,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_the_table_of_otlp() {
        let retryable = |code: i32| is_retryable_code(Code::from_i32(code), false);
        let codes: Vec<i32> = (0..=16).filter(|code| retryable(*code)).collect();
        assert_eq!(codes, [1, 4, 10, 11, 14, 15]);
        assert!(is_retryable_code(Code::ResourceExhausted, true));
    }
}
