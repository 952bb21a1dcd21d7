//! Spans over gRPC.

use http::HeaderMap;
#[cfg(feature = "gzip")]
use opentelemetry_otlp::Compression as OtlpCompression;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use tonic::metadata::MetadataMap;

use super::headers::{header_map, only_ours};
#[cfg(feature = "gzip")]
use crate::config::Compression;
use crate::{config::OtlpConfig, traces::TracesError};

pub(super) fn exporter(config: &OtlpConfig) -> Result<SpanExporter, TracesError> {
    let configured = header_map(&config.headers);
    let builder = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(config.endpoint.expose())
        .with_timeout(config.timeout)
        .with_interceptor(move |mut request: tonic::Request<()>| {
            keep_ours(request.metadata_mut(), &configured);
            Ok(request)
        });
    #[cfg(feature = "gzip")]
    let builder = match config.compression {
        Compression::Gzip => builder.with_compression(OtlpCompression::Gzip),
        _ => builder,
    };
    builder.build().map_err(|source| TracesError::Exporter {
        endpoint: config.endpoint.redacted(),
        source,
    })
}

fn keep_ours(metadata: &mut MetadataMap, configured: &HeaderMap) {
    let made = std::mem::take(metadata).into_headers();
    *metadata = MetadataMap::from_headers(only_ours(&made, configured));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::header::header;

    #[test]
    fn metadata_of_the_environment_is_dropped() {
        let mut metadata = MetadataMap::new();
        metadata.insert("x-key", "environment".parse().unwrap());
        metadata.insert("grpc-timeout", "1n".parse().unwrap());
        metadata.insert("user-agent", "OTel-OTLP-Exporter-Rust/1".parse().unwrap());
        let configured = [header("x-key", "builder").unwrap()];
        keep_ours(&mut metadata, &header_map(&configured));
        let headers = metadata.into_headers();
        assert_eq!(headers.len(), 2, "{headers:?}");
        assert_eq!(headers["x-key"], "builder");
        assert_eq!(headers["user-agent"], "OTel-OTLP-Exporter-Rust/1");
    }
}
