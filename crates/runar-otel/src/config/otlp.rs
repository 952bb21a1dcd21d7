//! The OpenTelemetry protocol: settings of one signal, merged from builder and environment.

use std::{borrow::Cow, time::Duration};

use runar_otel_pipeline::settings::{Compression, Protocol, Signal};

use crate::config::{
    endpoint::{self, EndpointKind, Fault},
    environment::Environment,
    header::{Header, header},
    pairs,
    problem::{Problem, Source},
    url::Url,
};

/// The settings with which one signal is pushed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OtlpConfig {
    pub(crate) protocol: Protocol,
    /// The full URL for HTTP, the target for gRPC; always `http://…`.
    pub(crate) endpoint: Url,
    /// The headers of each request, sorted by name, each name once.
    pub(crate) headers: Vec<Header>,
    /// The time limit of one attempt to export, 10 s by default.
    pub(crate) timeout: Duration,
    pub(crate) compression: Compression,
}

impl OtlpConfig {
    /// Returns the documented default: protobuf over HTTP to a Collector on this host.
    pub(crate) fn of(signal: Signal) -> Self {
        Self {
            protocol: Protocol::default(),
            endpoint: Url::new(endpoint::default_for(Protocol::default(), signal)),
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            compression: Compression::default(),
        }
    }
}

/// A protocol that the specification names, supported here or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    Supported(Protocol),
    HttpJson,
}

/// A value with the key and the source that set it.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) key: Cow<'static, str>,
    pub(crate) source: Source,
    pub(crate) value: T,
}

impl<T> Entry<T> {
    fn problem(&self, value: impl Into<String>, expected: impl Into<Cow<'static, str>>) -> Problem {
        Problem::new(self.source, self.key.clone(), value, expected)
    }
}

/// The settings of one level: the builder, the variables of a signal, or the general variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    pub(crate) protocol: Option<Entry<Requested>>,
    pub(crate) endpoint: Option<Entry<Url>>,
    pub(crate) headers: Option<Vec<Header>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) compression: Option<Entry<Compression>>,
    /// True if a gRPC endpoint without a scheme is reached without TLS; `None`, if unset, counts as false.
    pub(crate) insecure: Option<bool>,
    /// Paths of files with certificates and keys, without use as long as TLS is not supported.
    pub(crate) tls: Vec<Entry<String>>,
}

impl Layer {
    /// Reads the variables of one signal, or the general ones.
    pub(crate) fn from_environment(
        environment: &mut Environment<'_>,
        signal: Option<Signal>,
    ) -> Self {
        let key = |name: &str| {
            let infix = signal.map_or("", Signal::infix);
            format!("OTEL_EXPORTER_OTLP_{infix}{name}")
        };
        let protocol = environment.parsed(&key("PROTOCOL"), requested);
        let tls = ["CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"]
            .iter()
            .filter_map(|name| Some(entry(key(name), environment.text(&key(name))?)))
            .collect();
        Self {
            protocol: protocol.map(|value| entry(key("PROTOCOL"), value)),
            endpoint: environment
                .text(&key("ENDPOINT"))
                .map(|value| entry(key("ENDPOINT"), Url::new(value))),
            headers: headers(environment, &key("HEADERS")),
            timeout: environment.milliseconds(&key("TIMEOUT")),
            compression: environment
                .choice(&key("COMPRESSION"))
                .map(|value| entry(key("COMPRESSION"), value)),
            insecure: environment.truth(&key("INSECURE")),
            tls,
        }
    }
}

/// The three levels of settings; for each setting the first level with a value wins.
pub(crate) struct Layers<'a> {
    pub(crate) builder: &'a Layer,
    pub(crate) signal: &'a Layer,
    pub(crate) general: &'a Layer,
}

/// The merged settings, and the problems among them.
pub(crate) struct Merged {
    pub(crate) config: OtlpConfig,
    /// Bad values; the default stands in for them.
    pub(crate) ignored: Vec<Problem>,
    /// Settings that ask for unsupported features; exporting without these would be wrong.
    pub(crate) refused: Vec<Problem>,
    /// True if the endpoint asks for TLS.
    asks_for_tls: bool,
}

impl Layers<'_> {
    /// Merges the settings of one signal.
    pub(crate) fn merge(&self, signal: Signal) -> Merged {
        let mut merged = Merged {
            config: OtlpConfig::of(signal),
            ignored: Vec::new(),
            refused: Vec::new(),
            asks_for_tls: false,
        };
        self.merge_protocol(&mut merged);
        self.merge_endpoint(signal, &mut merged);
        self.merge_tls(&mut merged);
        merged.config.headers = self.merged_headers();
        if let Some(timeout) = self.first(|layer| layer.timeout) {
            merged.config.timeout = timeout;
        }
        self.merge_compression(&mut merged);
        merged
    }

    fn first<T>(&self, setting: impl Fn(&Layer) -> Option<T>) -> Option<T> {
        [self.builder, self.signal, self.general]
            .into_iter()
            .find_map(setting)
    }

    fn merge_protocol(&self, merged: &mut Merged) {
        let Some(protocol) = self.first(|layer| layer.protocol.clone()) else {
            return;
        };
        match protocol.value {
            Requested::Supported(supported) if supported.is_compiled() => {
                merged.config.protocol = supported;
            }
            Requested::Supported(off) => merged.refused.push(protocol.problem(
                off.to_string(),
                format!(
                    "a protocol whose Cargo feature is on: it needs `{}`, nothing is exported",
                    off.feature()
                ),
            )),
            Requested::HttpJson => merged.refused.push(protocol.problem(
                "http/json",
                "`grpc` or `http/protobuf`; `http/json` is not supported yet, nothing is exported",
            )),
        }
    }

    fn merge_compression(&self, merged: &mut Merged) {
        let Some(compression) = self.first(|layer| layer.compression.clone()) else {
            return;
        };
        if compression.value.is_compiled() {
            merged.config.compression = compression.value;
        } else {
            let expected =
                "`none`: gzip needs the Cargo feature `gzip`, requests are not compressed";
            merged.ignored.push(compression.problem("gzip", expected));
        }
    }

    fn merge_endpoint(&self, signal: Signal, merged: &mut Merged) {
        let protocol = merged.config.protocol;
        merged.config.endpoint = Url::new(endpoint::default_for(protocol, signal));
        let base = |layer: &Layer| {
            layer
                .endpoint
                .clone()
                .map(|entry| (entry, EndpointKind::Base))
        };
        let exact = |layer: &Layer| {
            layer
                .endpoint
                .clone()
                .map(|entry| (entry, EndpointKind::Signal))
        };
        let found = base(self.builder)
            .or_else(|| exact(self.signal))
            .or_else(|| base(self.general));
        let Some((entry, kind)) = found else {
            return;
        };
        let resolved = match protocol {
            Protocol::Grpc => {
                let insecure = self.first(|layer| layer.insecure).unwrap_or(false);
                endpoint::grpc(entry.value.expose(), insecure)
            }
            _ => endpoint::http(entry.value.expose(), kind, signal),
        };
        let value = entry.value.redacted();
        match resolved {
            Ok(endpoint) => merged.config.endpoint = Url::new(endpoint),
            Err(Fault::Bad(expected)) => merged.ignored.push(entry.problem(value, expected)),
            Err(Fault::Tls(expected)) => {
                merged.asks_for_tls = true;
                merged.refused.push(entry.problem(value, expected));
            }
        }
    }

    /// Certificates are for TLS: refused with an endpoint that asks for it, and without effect beside a plain one.
    fn merge_tls(&self, merged: &mut Merged) {
        let certificates = self.signal.tls.iter().chain(&self.general.tls);
        if merged.asks_for_tls {
            let expected = "to be unset: TLS is not supported yet, nothing is exported";
            let problem = |entry: &Entry<String>| entry.problem(entry.value.clone(), expected);
            merged.refused.extend(certificates.map(problem));
        } else {
            let expected = "to be unset: the endpoint is `http://…`, where it has no effect";
            let problem = |entry: &Entry<String>| entry.problem(entry.value.clone(), expected);
            merged.ignored.extend(certificates.map(problem));
        }
    }

    /// Merges the headers: the signal's replace the general ones, the builder's are added to either.
    fn merged_headers(&self) -> Vec<Header> {
        let environment = self
            .signal
            .headers
            .as_ref()
            .or(self.general.headers.as_ref());
        let builder = self.builder.headers.iter().flatten();
        let mut headers = std::collections::BTreeMap::new();
        for (name, value) in environment.into_iter().flatten().chain(builder) {
            headers.insert(name.clone(), value.clone());
        }
        headers.into_iter().collect()
    }
}

fn entry<T>(key: String, value: T) -> Entry<T> {
    Entry {
        key: key.into(),
        source: Source::Environment,
        value,
    }
}

fn requested(name: &str) -> Result<Requested, Cow<'static, str>> {
    match name.to_ascii_lowercase().as_str() {
        "grpc" => Ok(Requested::Supported(Protocol::Grpc)),
        "http/protobuf" => Ok(Requested::Supported(Protocol::HttpProtobuf)),
        "http/json" => Ok(Requested::HttpJson),
        _ => Err("`grpc` or `http/protobuf`".into()),
    }
}

/// Reads headers; the good ones stay when others are bad. Values never get into a problem.
fn headers(environment: &mut Environment<'_>, key: &str) -> Option<Vec<Header>> {
    let text = environment.text(key)?;
    let (good, bad): (Vec<_>, Vec<_>) = pairs::split(&text)
        .map(|pair| pair.ok().and_then(|(name, value)| header(&name, &value)))
        .partition(Option::is_some);
    if !bad.is_empty() {
        let expected = "percent-encoded `name=value` pairs separated by commas; \
             what is none is left out";
        environment.report(key.to_owned(), "***", expected);
    }
    Some(good.into_iter().flatten().collect())
}
