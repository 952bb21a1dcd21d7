//! Spans over HTTP.

use std::{fmt, future::Future, pin::Pin};

use http::{
    HeaderMap, HeaderValue, Uri,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
#[cfg(feature = "gzip")]
use opentelemetry_otlp::Compression as OtlpCompression;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol as OtlpProtocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use runar_otel_pipeline::export::http_client;

use super::headers::{header_map, only_ours};
#[cfg(feature = "gzip")]
use crate::config::Compression;
use crate::{config::OtlpConfig, traces::TracesError};

pub(super) fn exporter(config: &OtlpConfig) -> Result<SpanExporter, TracesError> {
    let endpoint = config.endpoint.expose();
    let failed = |source| TracesError::Exporter {
        endpoint: config.endpoint.redacted(),
        source,
    };
    let client = http_client(endpoint, config.timeout).map_err(TracesError::HttpClient)?;
    let url = endpoint
        .parse::<Uri>()
        .map_err(|error| failed(ExporterBuildError::InvalidConfiguration(error.to_string())))?;
    // The exporter writes its URL into the log.
    let shown = endpoint.split('?').next().unwrap_or_default();
    let builder = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender {
            client,
            url,
            headers: header_map(&config.headers),
        })
        .with_protocol(OtlpProtocol::HttpBinary)
        .with_endpoint(shown)
        .with_timeout(config.timeout);
    #[cfg(feature = "gzip")]
    let builder = match config.compression {
        Compression::Gzip => builder.with_compression(OtlpCompression::Gzip),
        _ => builder,
    };
    builder.build().map_err(failed)
}

/// A client that sends each request to the configured URL, with the exporter's and the configured headers alone.
struct Sender {
    client: reqwest::Client,
    url: Uri,
    headers: HeaderMap,
}

impl Sender {
    fn prepare(&self, request: &mut Request<Bytes>) {
        let mut headers = only_ours(request.headers(), &self.headers);
        headers.insert(CONTENT_TYPE, PROTOBUF);
        // The header may be one of the environment; a body in Protobuf never begins like this.
        if request.body().starts_with(&GZIP_MAGIC) {
            headers.insert(CONTENT_ENCODING, GZIP);
        }
        *request.headers_mut() = headers;
        request.uri_mut().clone_from(&self.url);
    }
}

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// The first bytes of data that is compressed with gzip (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl HttpClient for Sender {
    fn send_bytes<'a, 'b>(
        &'a self,
        mut request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        self.prepare(&mut request);
        let sent = self.client.send_bytes(request);
        Box::pin(async move { sent.await.map_err(without_url) })
    }
}

/// Takes the URL, whose query may be secret, out of an error of the client.
fn without_url(error: HttpError) -> HttpError {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => Box::new(error.without_url()),
        Err(other) => other,
    }
}
