//! The check of an OTLP endpoint.

use http::Uri;

use super::Protocol;

/// The reason why an endpoint cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointFault {
    /// The endpoint is no URL of the protocol.
    Invalid,
    /// The endpoint is an `https` URL; TLS is not supported yet.
    Tls,
}

/// Checks the endpoint of a protocol: an `http` URL with a host and without credentials, for gRPC without path and query.
///
/// # Errors
/// When the endpoint is something else.
pub fn check_endpoint(endpoint: &str, protocol: Protocol) -> Result<Uri, EndpointFault> {
    let (scheme, _) = endpoint.split_once("://").ok_or(EndpointFault::Invalid)?;
    if scheme.eq_ignore_ascii_case("https") {
        return Err(EndpointFault::Tls);
    }
    let url: Uri = endpoint.parse().map_err(|_| EndpointFault::Invalid)?;
    let is_http = scheme.eq_ignore_ascii_case("http");
    let has_host = url.host().is_some_and(|host| !host.is_empty());
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none();
    let fits = protocol != Protocol::Grpc || is_bare;
    // The parser drops a fragment.
    let is_plain = !endpoint.contains(['@', '#']);
    if is_http && has_host && fits && is_plain && has_usable_port(&url) {
        Ok(url)
    } else {
        Err(EndpointFault::Invalid)
    }
}

/// True if the URL has no port, or one that fits 16 bits.
fn has_usable_port(url: &Uri) -> bool {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let (_, tail) = authority.rsplit_once(']').unwrap_or(("", authority));
    !tail.contains(':') || url.port_u16().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Protocol; 2] = [Protocol::Grpc, Protocol::HttpProtobuf];

    #[test]
    fn plain_endpoints_are_accepted() {
        for text in ["http://localhost:4317", "http://[::1]:4317/", "HTTP://c"] {
            for protocol in BOTH {
                check_endpoint(text, protocol).unwrap();
            }
        }
        let url = check_endpoint("http://c:4318/v1/metrics?tenant=a", Protocol::HttpProtobuf);
        assert_eq!(url.unwrap().path(), "/v1/metrics");
    }

    #[test]
    fn tls_is_refused_and_never_silently_plain() {
        for protocol in BOTH {
            let fault = check_endpoint("HTTPS://collector:4317", protocol);
            assert_eq!(fault, Err(EndpointFault::Tls));
        }
    }

    #[test]
    fn a_bad_endpoint_is_invalid() {
        for text in [
            "",
            "localhost:4317",
            "http://",
            "ftp://host",
            "http:// host",
            "unix:/a",
            "unix:///a",
            "://",
            "http://me:pw@host/",
            "http://host:70000",
            "http://host/#part",
        ] {
            for protocol in BOTH {
                let fault = check_endpoint(text, protocol);
                assert_eq!(fault, Err(EndpointFault::Invalid), "{text}");
            }
        }
        for text in ["http://host:4317/v1/metrics", "http://host/?a=b"] {
            let fault = check_endpoint(text, Protocol::Grpc);
            assert_eq!(fault, Err(EndpointFault::Invalid), "{text}");
        }
    }
}
