//! Spans over gRPC.

use http::HeaderMap;
#[cfg(feature = "gzip")]
use opentelemetry_otlp::Compression as OtlpCompression;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use runar_otel_pipeline::{export::grpc_channel, settings::redacted};
use tonic::metadata::MetadataMap;

use super::headers::{header_map, put};
#[cfg(feature = "gzip")]
use crate::config::Compression;
use crate::{config::OtlpConfig, traces::TracesError};

pub(super) fn exporter(config: &OtlpConfig) -> Result<SpanExporter, TracesError> {
    let added = header_map(&config.headers);
    let refused = |source| TracesError::Exporter {
        endpoint: redacted(&config.endpoint),
        source,
    };
    let channel = grpc_channel(&config.endpoint, config.timeout)
        .map_err(|error| refused(ExporterBuildError::InternalFailure(error.to_string())))?;
    let builder = SpanExporter::builder()
        .with_tonic()
        .with_channel(channel)
        .with_timeout(config.timeout)
        .with_interceptor(move |mut request: tonic::Request<()>| {
            put_metadata(request.metadata_mut(), &added);
            Ok(request)
        });
    #[cfg(feature = "gzip")]
    let builder = match config.compression {
        Compression::Gzip => builder.with_compression(OtlpCompression::Gzip),
        _ => builder,
    };
    builder.build().map_err(refused)
}

fn put_metadata(metadata: &mut MetadataMap, added: &HeaderMap) {
    let mut headers = std::mem::take(metadata).into_headers();
    put(&mut headers, added);
    *metadata = MetadataMap::from_headers(headers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::header::header;

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
