//! The OTLP exporter for spans, configured by us alone.
//!
//! `opentelemetry-otlp` reads the environment by itself as well. Our settings are passed explicitly and win. Headers
//! are set on each request, which has no others: those of the environment come unchecked. A compression that the
//! environment turns on cannot be turned off.

#[cfg(feature = "otlp-grpc")]
mod grpc;
mod headers;
#[cfg(feature = "otlp-http")]
mod http;

use std::time::Duration;

use opentelemetry_otlp::SpanExporter;
use tokio::runtime::Handle;

use crate::{
    config::{OtlpConfig, Protocol},
    traces::{TracesError, on_runtime::OnRuntime},
};

/// Builds an exporter that works on `runtime`. An export takes no longer than `export`, nor than the timeout of OTLP.
///
/// No connection is made yet: an unreachable Collector shows at the first export.
pub(crate) fn exporter(
    config: &OtlpConfig,
    export: Duration,
    runtime: &Handle,
) -> Result<OnRuntime<SpanExporter>, TracesError> {
    let exporter = match config.protocol {
        #[cfg(feature = "otlp-grpc")]
        Protocol::Grpc => {
            // A channel spawns its worker when it is made.
            let _entered = runtime.enter();
            grpc::exporter(config)?
        }
        #[cfg(feature = "otlp-http")]
        Protocol::HttpProtobuf => http::exporter(config)?,
        // The configuration refuses a protocol without its feature before.
        protocol => return Err(TracesError::NoTransport { protocol }),
    };
    Ok(OnRuntime::new(
        exporter,
        runtime.clone(),
        config.timeout.min(export),
    ))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        thread,
    };

    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::Resource;
    use runar_otel_pipeline::background::Background;

    use super::*;
    use crate::{
        config::{Config, Url, header::header, signal::Signal},
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
                endpoint: Url::new(format!("http://127.0.0.1:{port}/otel/v1/traces")),
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
}
