//! Headers of export requests.

use runar_otel_pipeline::settings::{Secret, is_reserved_header};

/// A header of export requests; its name is lower case.
pub(crate) type Header = (String, Secret);

/// Checks a header and brings its name to lower case, as gRPC demands; `None` if it is invalid or reserved.
pub(crate) fn header(name: &str, value: &str) -> Option<Header> {
    let name = name.trim().to_ascii_lowercase();
    let is_name = !name.is_empty() && name.bytes().all(is_token);
    let is_value = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    // gRPC has names of its own, and reads the value of a name with `-bin` at its end as binary data.
    let is_of_grpc = name == "te" || name.starts_with("grpc-") || name.ends_with("-bin");
    let is_free = !is_reserved_header(&name) && !is_of_grpc;
    (is_name && is_value && is_free).then(|| (name, Secret::new(value)))
}

/// True if a byte may stand in a header name (RFC 9110, `tchar`).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_value() {
        assert_eq!(
            format!("{:?}", header("Authorization", "Bearer 1")),
            "Some((\"authorization\", ***))"
        );
    }

    #[test]
    fn a_bad_header_is_refused() {
        for (name, value) in [
            ("", "v"),
            ("a b", "v"),
            ("a", "x\ny"),
            ("a", "ü"),
            ("Host", "v"),
            ("trace-bin", "v"),
            ("Grpc-Timeout", "1n"),
            ("te", "trailers"),
        ] {
            assert_eq!(header(name, value), None, "{name}={value}");
        }
    }
}
