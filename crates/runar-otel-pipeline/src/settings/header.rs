//! Headers of export requests.

/// Headers that describe the body and the connection; only the exporter knows them.
const RESERVED: [&str; 6] = [
    "content-type",
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "host",
];

/// True if the exporter sets this header itself; the name is lower case.
#[must_use]
pub fn is_reserved_header(name: &str) -> bool {
    RESERVED.contains(&name)
}
