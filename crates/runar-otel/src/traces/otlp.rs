//! The OTLP exporter for spans, configured by us alone.
//!
//! `opentelemetry-otlp` reads the environment by itself as well. Our settings are passed explicitly and win. Headers
//! are set on each request, because those of the environment would replace the ones given to its builder. A compression
//! that the environment turns on cannot be turned off.

use std::{fmt, future::Future, pin::Pin};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    Compression as OtlpCompression, ExporterBuildError, Protocol as OtlpProtocol, SpanExporter,
    WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use runar_otel_pipeline::export::http_client;
use tokio::runtime::Handle;
use tonic::metadata::MetadataMap;

use crate::{
    config::{Compression, Header, OtlpConfig, Protocol},
    traces::{TracesError, on_runtime::OnRuntime},
};

/// Builds an exporter that works on `runtime`.
///
/// No connection is made yet: an unreachable Collector shows at the first export.
pub(crate) fn exporter(
    config: &OtlpConfig,
    runtime: &Handle,
) -> Result<OnRuntime<SpanExporter>, TracesError> {
    let built = match config.protocol {
        Protocol::Grpc => {
            // A channel spawns its worker when it is made.
            let _entered = runtime.enter();
            grpc(config)
        }
        _ => http(config)?,
    };
    let exporter = built.map_err(|source| TracesError::Exporter {
        endpoint: config.endpoint.clone(),
        source,
    })?;
    Ok(OnRuntime::new(exporter, runtime.clone(), config.timeout))
}

type Built = Result<SpanExporter, ExporterBuildError>;

fn http(config: &OtlpConfig) -> Result<Built, TracesError> {
    let client = http_client(&config.endpoint, config.timeout).map_err(TracesError::HttpClient)?;
    let mut builder = SpanExporter::builder()
        .with_http()
        .with_http_client(WithHeaders {
            client,
            headers: header_map(&config.headers),
        })
        .with_protocol(OtlpProtocol::HttpBinary)
        .with_endpoint(&config.endpoint)
        .with_timeout(config.timeout);
    if config.compression == Compression::Gzip {
        builder = builder.with_compression(OtlpCompression::Gzip);
    }
    Ok(builder.build())
}

fn grpc(config: &OtlpConfig) -> Built {
    let added = header_map(&config.headers);
    let mut builder = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&config.endpoint)
        .with_timeout(config.timeout)
        .with_interceptor(move |mut request: tonic::Request<()>| {
            put_metadata(request.metadata_mut(), &added);
            Ok(request)
        });
    if config.compression == Compression::Gzip {
        builder = builder.with_compression(OtlpCompression::Gzip);
    }
    builder.build()
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

fn put(headers: &mut HeaderMap, added: &HeaderMap) {
    for (name, value) in added {
        headers.insert(name.clone(), value.clone());
    }
}

fn put_metadata(metadata: &mut MetadataMap, added: &HeaderMap) {
    let mut headers = std::mem::take(metadata).into_headers();
    put(&mut headers, added);
    *metadata = MetadataMap::from_headers(headers);
}

/// Converts headers, whose names and values the configuration has checked already.
fn header_map(headers: &[Header]) -> HeaderMap {
    let pairs = headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        thread,
        time::Duration,
    };

    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::Resource;
    use runar_otel_pipeline::background::Background;

    use super::*;
    use crate::{
        config::{Config, header::header, signal::Signal},
        traces::{provider, shutdown},
    };

    /// Reads one request with a body and answers with status 200.
    fn answer(mut stream: TcpStream) -> Vec<u8> {
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let read = stream.read(&mut chunk).unwrap();
            request.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let Some((head, _)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            let start = request.windows(4).position(|four| four == b"\r\n\r\n");
            if request.len() >= start.unwrap() + 4 + length {
                break;
            }
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).unwrap();
        request
    }

    #[test]
    fn span_is_posted_with_the_configured_headers() {
        let collector = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = collector.local_addr().unwrap().port();
        let request = thread::spawn(move || answer(collector.accept().unwrap().0));
        let background = Background::start().unwrap();
        let config = Config {
            otlp_traces: OtlpConfig {
                endpoint: format!("http://127.0.0.1:{port}/otel/v1/traces"),
                headers: vec![header("X-Key", "a b").unwrap()],
                ..OtlpConfig::of(Signal::Traces)
            },
            ..Config::default()
        };
        let resource = Resource::builder_empty().build();
        let provider =
            provider::builder(&config, &Default::default(), resource, background.handle())
                .unwrap()
                .build();
        provider.tracer("test").start("the-span");
        shutdown::shutdown(&provider, Duration::from_secs(20)).unwrap();
        let request = request.join().unwrap();
        let request = String::from_utf8_lossy(&request);
        assert!(request.starts_with("POST /otel/v1/traces HTTP/1.1\r\n"));
        assert!(request.contains("x-key: a b\r\n"), "{request}");
        assert!(request.contains("content-type: application/x-protobuf\r\n"));
        assert!(request.contains("the-span"), "{request}");
    }

    #[test]
    fn configured_metadata_replaces_that_of_the_environment() {
        let mut metadata = MetadataMap::new();
        metadata.insert("x-key", "environment".parse().unwrap());
        metadata.insert("kept", "1".parse().unwrap());
        let added = [header("x-key", "builder").unwrap()];
        put_metadata(&mut metadata, &header_map(&added));
        let headers = metadata.into_headers();
        let values: Vec<_> = headers.get_all("x-key").iter().collect();
        assert_eq!(values, ["builder"]);
        assert_eq!(headers["kept"], "1");
    }
}
