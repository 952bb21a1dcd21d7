//! Spans over HTTP.

use std::{fmt, future::Future, pin::Pin};

use http::HeaderMap;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
#[cfg(feature = "gzip")]
use opentelemetry_otlp::Compression as OtlpCompression;
use opentelemetry_otlp::{
    Protocol as OtlpProtocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use runar_otel_pipeline::export::http_client;

use super::headers::{header_map, put};
#[cfg(feature = "gzip")]
use crate::config::Compression;
use crate::{config::OtlpConfig, traces::TracesError};

pub(super) fn exporter(config: &OtlpConfig) -> Result<SpanExporter, TracesError> {
    let client = http_client(&config.endpoint, config.timeout).map_err(TracesError::HttpClient)?;
    let builder = SpanExporter::builder()
        .with_http()
        .with_http_client(WithHeaders {
            client,
            headers: header_map(&config.headers),
        })
        .with_protocol(OtlpProtocol::HttpBinary)
        .with_endpoint(&config.endpoint)
        .with_timeout(config.timeout);
    #[cfg(feature = "gzip")]
    let builder = match config.compression {
        Compression::Gzip => builder.with_compression(OtlpCompression::Gzip),
        _ => builder,
    };
    builder.build().map_err(|source| TracesError::Exporter {
        endpoint: config.endpoint.clone(),
        source,
    })
}

/// A client that puts the configured headers on each request.
struct WithHeaders {
    client: reqwest::Client,
    headers: HeaderMap,
}

impl fmt::Debug for WithHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithHeaders").finish_non_exhaustive()
    }
}

impl HttpClient for WithHeaders {
    fn send_bytes<'a, 'b>(
        &'a self,
        mut request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        put(request.headers_mut(), &self.headers);
        self.client.send_bytes(request)
    }
}
