//! The name that the exporter gives itself.

/// The `User-Agent` of each request, as the OTLP exporter specification lays down ("User Agent").
pub(super) const USER_AGENT: &str = concat!(
    "runar-otel/",
    env!("CARGO_PKG_VERSION"),
    " OTel-OTLP-Exporter-Rust/",
    env!("CARGO_PKG_VERSION"),
);
