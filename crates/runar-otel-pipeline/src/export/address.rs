//! Checks of the OTLP endpoint and of the configured headers.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header::InvalidHeaderValue};

use super::{ExportError, OtlpOptions};
use crate::settings::{
    EndpointFault, Protocol, Secret, check_endpoint, is_reserved_header, redacted,
};

/// Checks the endpoint; see [`check_endpoint`].
pub(super) fn endpoint(options: &OtlpOptions) -> Result<Uri, ExportError> {
    let text = options.endpoint.trim();
    check_endpoint(text, options.protocol).map_err(|fault| match fault {
        EndpointFault::Tls => ExportError::TlsNotSupported {
            endpoint: redacted(text),
        },
        EndpointFault::Invalid => ExportError::InvalidEndpoint {
            endpoint: redacted(text),
            expected: match options.protocol {
                Protocol::Grpc => "http://host:port without path, query and credentials",
                Protocol::HttpProtobuf => "a url like http://host:port without credentials",
            },
        },
    })
}

/// Returns the headers, names in lower case, values marked as sensitive.
pub(super) fn headers(list: &[(String, Secret)]) -> Result<HeaderMap, ExportError> {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        let (name, value) = header(name, value)?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), ExportError> {
    let invalid = |expected, source| ExportError::InvalidHeader {
        name: name.to_owned(),
        expected,
        source,
    };
    let key = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| invalid("a name of letters, digits and hyphens", None))?;
    if is_reserved_header(key.as_str()) {
        return Err(invalid(
            "a name that the exporter does not set itself",
            None,
        ));
    }
    let mut value =
        HeaderValue::from_str(value.expose()).map_err(|source: InvalidHeaderValue| {
            invalid("a value of visible ascii characters", Some(source))
        })?;
    value.set_sensitive(true);
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_endpoint_is_named_without_its_credentials() {
        for (text, shown) in [
            ("https://collector:4317", "https://collector:4317"),
            ("collector:4317", "collector:4317"),
            ("http://me:pw@host/", "http://***@host/"),
        ] {
            let error = endpoint(&OtlpOptions::new(Protocol::Grpc, text)).unwrap_err();
            assert!(error.to_string().contains(shown), "{error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    #[test]
    fn bad_headers_are_named_without_their_value() {
        let bad = [
            ("bad name", "x"),
            ("", "x"),
            ("a", "hunter2\n"),
            ("Content-Type", "x"),
        ];
        for (name, value) in bad {
            let error = headers(&[(name.to_owned(), Secret::new(value))]).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, ExportError::InvalidHeader { .. }));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
