//! Endpoint URLs of the OpenTelemetry protocol (specification, *OTLP exporter*, *Endpoint URLs*).

use std::borrow::Cow;

use runar_otel_pipeline::settings::{EndpointFault, Protocol, Signal, check_endpoint};

/// The kind of an endpoint setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointKind {
    /// The base URL of all signals; over HTTP each signal appends its path.
    Base,
    /// The URL of a single signal, used unchanged.
    Signal,
}

/// The reason that an endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The value is no valid endpoint; the string says what was expected.
    Bad(Cow<'static, str>),
    /// The endpoint asks for TLS, which is not supported yet; the string says what was expected.
    Tls(Cow<'static, str>),
}

const HTTP: &str = "a URL such as `http://localhost:4318`, without user name";
const GRPC: &str = "a URL such as `http://localhost:4317`, without user name and path";

/// Returns the default endpoint on this host: port 4318 and the signal's path for HTTP, port 4317 for gRPC.
pub(crate) fn default_for(protocol: Protocol, signal: Signal) -> String {
    match protocol {
        Protocol::Grpc => "http://localhost:4317".to_owned(),
        _ => format!("http://localhost:4318{}", signal.path()),
    }
}

/// Makes the URL to which a signal is posted.
pub(crate) fn http(text: &str, kind: EndpointKind, signal: Signal) -> Result<String, Fault> {
    check(text, Protocol::HttpProtobuf)?;
    match kind {
        EndpointKind::Signal => Ok(text.to_owned()),
        EndpointKind::Base if text.contains('?') => Err(Fault::Bad(HTTP.into())),
        EndpointKind::Base => Ok(format!("{}{}", text.trim_end_matches('/'), signal.path())),
    }
}

/// Makes the target of a gRPC channel.
///
/// Without a scheme TLS is meant unless `…_INSECURE` says otherwise; with one the scheme decides.
pub(crate) fn grpc(text: &str, insecure: bool) -> Result<String, Fault> {
    let url = match text.contains("://") {
        true => text.to_owned(),
        false if insecure => format!("http://{text}"),
        false => {
            return Err(Fault::Tls(
                "a scheme: without one gRPC uses TLS, which is not supported yet, so nothing is exported; \
                 write `http://…` or set OTEL_EXPORTER_OTLP_INSECURE=true"
                    .into(),
            ));
        }
    };
    check(&url, Protocol::Grpc)?;
    Ok(url)
}

fn check(url: &str, protocol: Protocol) -> Result<(), Fault> {
    match check_endpoint(url, protocol) {
        Ok(_) => Ok(()),
        Err(EndpointFault::Tls) => Err(tls()),
        Err(EndpointFault::Invalid) => Err(Fault::Bad(match protocol {
            Protocol::Grpc => GRPC.into(),
            _ => HTTP.into(),
        })),
    }
}

fn tls() -> Fault {
    Fault::Tls("`http://…`: TLS is not supported yet, nothing is exported".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_the_exporter_refuses_is_bad() {
        let bad = |made: Result<String, Fault>| matches!(made, Err(Fault::Bad(_)));
        assert!(bad(http(
            "http://host:70000",
            EndpointKind::Base,
            Signal::Metrics
        )));
        assert!(bad(grpc("http://host:4317/v1/metrics", false)));
        assert!(bad(grpc("host:70000", true)));
        assert!(!bad(grpc("http://[::1]:4317/", false)));
        assert!(!bad(grpc("http://host", false)));
    }

    fn url(text: &str) -> Result<String, Fault> {
        Ok(text.to_owned())
    }

    #[test]
    fn base_gets_the_path_of_the_signal() {
        for (base, expected) in [
            ("http://c:4318", "http://c:4318/v1/traces"),
            ("http://c:4318/", "http://c:4318/v1/traces"),
            ("http://c/otel/", "http://c/otel/v1/traces"),
            ("HTTP://[::1]:4318", "HTTP://[::1]:4318/v1/traces"),
        ] {
            assert_eq!(
                http(base, EndpointKind::Base, Signal::Traces),
                url(expected)
            );
        }
    }

    #[test]
    fn endpoint_of_a_signal_is_used_as_it_is() {
        for text in ["http://c:4318", "http://c/x/", "http://c/x?y=1"] {
            assert_eq!(http(text, EndpointKind::Signal, Signal::Metrics), url(text));
        }
    }

    #[test]
    fn http_needs_a_scheme_and_a_host() {
        for text in [
            "c:4318",
            "ftp://c",
            "http://",
            "http:// c",
            "http://u:p@c",
            "://",
        ] {
            let endpoint = http(text, EndpointKind::Base, Signal::Traces);
            assert_eq!(endpoint, Err(Fault::Bad(HTTP.into())), "{text}");
        }
    }

    #[test]
    fn tls_is_refused() {
        assert_eq!(
            http("https://c", EndpointKind::Base, Signal::Traces),
            Err(tls())
        );
        assert_eq!(grpc("HTTPS://c", true), Err(tls()));
        assert!(matches!(grpc("c:4317", false), Err(Fault::Tls(_))));
    }

    #[test]
    fn insecure_grpc_needs_no_scheme() {
        assert_eq!(grpc("c:4317", true), url("http://c:4317"));
        assert_eq!(grpc("http://c:4317", false), url("http://c:4317"));
        assert_eq!(grpc("unix:///x", true), Err(Fault::Bad(GRPC.into())));
        assert_eq!(grpc("a b", true), Err(Fault::Bad(GRPC.into())));
    }
}
