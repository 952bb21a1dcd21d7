//! Checks of the OTLP endpoint and of the configured headers.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header::InvalidHeaderValue};
use reqwest::Url;

use super::{ExportError, OtlpOptions};
use crate::settings::{Protocol, Secret, is_reserved_header, redacted};

/// Parses the endpoint: an `http` URL without credentials, and for gRPC without a path.
pub(super) fn endpoint(options: &OtlpOptions) -> Result<Url, ExportError> {
    let text = options.endpoint.trim();
    let invalid = |expected| ExportError::InvalidEndpoint {
        endpoint: redacted(text),
        expected,
    };
    let url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        _ => return Err(invalid("a url like http://host:port")),
    };
    if url.scheme() == "https" {
        return Err(ExportError::TlsNotSupported {
            endpoint: redacted(text),
        });
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("credentials in a header, not in the url"));
    }
    if options.protocol == Protocol::Grpc && (url.path() != "/" || url.query().is_some()) {
        return Err(invalid("http://host:port without a path for grpc"));
    }
    Ok(url)
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

/// True if the host is this machine, which no proxy can reach for us.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().map_or_else(
        |_| bare == "localhost" || bare.ends_with(".localhost"),
        |ip| ip.is_loopback(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(protocol: Protocol, text: &str) -> Result<Url, ExportError> {
        endpoint(&OtlpOptions::new(protocol, text))
    }

    #[test]
    fn plain_endpoints_are_accepted() {
        for text in [
            "http://localhost:4317",
            "http://[::1]:4317/",
            " http://collector ",
        ] {
            checked(Protocol::Grpc, text).unwrap();
        }
        let url = checked(Protocol::HttpProtobuf, "http://c:4318/v1/metrics?tenant=a").unwrap();
        assert_eq!(url.path(), "/v1/metrics");
    }

    #[test]
    fn tls_is_refused_and_never_silently_plain() {
        for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
            let error = checked(protocol, "https://collector:4317").unwrap_err();
            assert!(matches!(error, ExportError::TlsNotSupported { .. }));
            assert!(error.to_string().contains("https://collector:4317"));
        }
    }

    #[test]
    fn a_bad_endpoint_is_named() {
        for text in [
            "",
            "localhost:4317",
            "http://",
            "ftp://host",
            "http:// host",
            "unix:/a",
        ] {
            let error = checked(Protocol::HttpProtobuf, text).unwrap_err();
            assert!(
                matches!(error, ExportError::InvalidEndpoint { .. }),
                "{text}"
            );
        }
        let error = checked(Protocol::HttpProtobuf, "http://me:pw@host/").unwrap_err();
        assert!(!error.to_string().contains("pw"), "{error}");
        checked(Protocol::Grpc, "http://host:4317/v1/metrics").unwrap_err();
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

    #[test]
    fn loopback_is_recognised() {
        let loopback = |text: &str| is_loopback(&Url::parse(text).unwrap());
        assert!(
            loopback("http://localhost:1")
                && loopback("http://127.9.9.9")
                && loopback("http://[::1]:1")
        );
        assert!(!loopback("http://10.0.0.1") && !loopback("http://localhost.example.com"));
    }
}
