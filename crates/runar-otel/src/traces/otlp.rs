//! The OTLP exporter for spans: the exporter of metrics, with spans.

use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema,
        trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use prost::Message;
use runar_otel_core::report;
use runar_otel_pipeline::{
    export::{ExportError, OtlpExporter, OtlpOptions, Patience, Urgency},
    observe::{Component, Destination, Flight, Observer},
    schedule::Outage,
    settings::Signal,
    spill::{Request, Spill},
};
use tokio::{runtime::Handle, sync::watch};
use tracing::Level;

use crate::{
    config::OtlpConfig,
    traces::{
        TracesError,
        on_runtime::OnRuntime,
        spilled::{Receiver, SpilledSpans, Unsent},
    },
};

/// Builds an exporter that works on `runtime`. An export takes no longer than `export`, nor than the timeout of OTLP.
///
/// No connection is made yet: an unreachable Collector shows at the first export.
pub(crate) fn exporter(
    config: &OtlpConfig,
    export: Duration,
    runtime: &Handle,
    observer: &Observer,
    spill: Option<Spill>,
) -> Result<OnRuntime<OtlpSpans>, TracesError> {
    let timeout = config.timeout.min(export);
    let mut options = OtlpOptions::new(config.protocol, config.endpoint.expose());
    options.signal = Signal::Traces;
    options.headers.clone_from(&config.headers);
    options.timeout = timeout;
    options.total_timeout = timeout;
    options.compression = config.compression;
    let exporter = OtlpExporter::new(&options).map_err(TracesError::Exporter)?;
    let component = observer.exporter(Destination {
        signal: Signal::Traces,
        protocol: config.protocol,
        endpoint: exporter.destination(),
    });
    let exporter = Arc::new(exporter);
    let spilled = spill.map(|spill| SpilledSpans::start(spill, exporter.clone(), timeout, runtime));
    let spans = OtlpSpans::new(exporter, timeout, component, spilled);
    Ok(OnRuntime::new(spans, runtime.clone(), timeout))
}

/// The urgency of exports of this process: the SDK makes and keeps its exporters by itself.
static URGENCY: LazyLock<watch::Sender<Urgency>> =
    LazyLock::new(|| watch::Sender::new(Urgency::Calm));

/// Tells the exporters of spans how urgent their exports are from now on.
pub(crate) fn set_urgency(urgency: Urgency) {
    URGENCY.send_replace(urgency);
}

/// The size at which batches are cut, in bytes before compression, 3 MiB: gRPC servers take 4 MiB.
const LARGEST: usize = 3 * 1024 * 1024;

/// The time before the end of an export at which the exporter gives up, 20 ms: the reason is known by then.
const MARGIN: Duration = Duration::from_millis(20);

/// Sends spans over OTLP, and tells of outages in the voice of metrics.
#[derive(Debug)]
pub(crate) struct OtlpSpans {
    exporter: Arc<OtlpExporter>,
    timeout: Duration,
    /// Counts the spans.
    component: Component,
    /// The place of spans that are not delivered; `None` without one.
    spilled: Option<Arc<SpilledSpans>>,
    resource: Arc<ResourceAttributesWithSchema>,
    outage: Mutex<Outage>,
    /// The size at which batches are cut, in bytes: less than [`LARGEST`] if the receiver takes less.
    largest: Mutex<usize>,
    /// The time of the last line about sizes or rejected spans; `None` before the first.
    told: Mutex<Option<Instant>>,
}

/// The least size at which batches are cut, in bytes: what is refused below is no matter of size.
const SMALLEST: usize = 2048;

/// The least time between two lines about sizes or rejected spans, 10 min.
const AGAIN: Duration = Duration::from_secs(10 * 60);

impl OtlpSpans {
    fn new(
        exporter: Arc<OtlpExporter>,
        timeout: Duration,
        component: Component,
        spilled: Option<Arc<SpilledSpans>>,
    ) -> Self {
        let advice = "if there is no Collector: OTEL_TRACES_EXPORTER=none";
        Self {
            outage: Mutex::new(Outage::new(
                "spans",
                exporter.destination().to_owned(),
                advice,
            )),
            exporter,
            timeout,
            component,
            spilled,
            resource: Arc::default(),
            largest: Mutex::new(LARGEST),
            told: Mutex::default(),
        }
    }

    /// Sends the spans, in halves where they are too large for a request, and counts those that the receiver takes.
    /// Returns the first failure; the spans that are not sent stay in `rest`.
    async fn send(
        &self,
        rest: &mut Vec<Vec<SpanData>>,
        taken: &mut usize,
        patience: impl Fn() -> Patience,
    ) -> Result<(), ExportError> {
        let all = rest.iter().map(Vec::len).sum();
        let mut flight = Flight::new(&self.component, Signal::Traces, all);
        let mut too_large = None;
        while let Some(batch) = rest.last() {
            let body = self.encode(batch.clone());
            let (size, count) = (body.len(), batch.len());
            if size > *lock(&self.largest) && count > 1 {
                halve(rest);
                continue;
            }
            let begun = Instant::now();
            let end = self.exporter.export_within(body, patience()).await;
            flight.request_ended(count, begun.elapsed(), &end);
            match end {
                Ok(delivered) => {
                    *taken += count;
                    if delivered.rejected > 0 {
                        self.tell_seldom(|to| {
                            let (rejected, why) = (delivered.rejected, &delivered.message);
                            format!(
                                "{to} rejected {rejected} spans, they are not sent again: {why}"
                            )
                        });
                    }
                }
                Err(error @ ExportError::TooLarge { .. }) if count > 1 && size > SMALLEST => {
                    *lock(&self.largest) = (size / 2).max(SMALLEST);
                    self.tell_seldom(|to| {
                        let why = error.chain();
                        format!("{to} refuses {size} bytes of spans: {why}; batches are cut until they fit")
                    });
                    halve(rest);
                    continue;
                }
                // One span alone is too large: the others may still go.
                Err(error @ ExportError::TooLarge { .. }) if size > SMALLEST => {
                    let name = batch.first().map_or("", |span| &span.name);
                    let (to, why) = (self.exporter.destination(), error.chain());
                    let line =
                        format!("the span {name:?} is too large for {to}, and dropped: {why}");
                    // The first of a batch is told in each case: a line about cutting has come before.
                    if too_large.is_none() {
                        report::log(Level::ERROR, line);
                    }
                    too_large = Some(error);
                }
                Err(error) => {
                    if error.is_final() {
                        rest.pop();
                    }
                    return Err(error);
                }
            }
            rest.pop();
        }
        too_large.map_or(Ok(()), Err)
    }

    /// Logs a line about the destination, every ten minutes at the most.
    fn tell_seldom(&self, line: impl FnOnce(&str) -> String) {
        let mut told = lock(&self.told);
        if told.is_none_or(|last| last.elapsed() >= AGAIN) {
            *told = Some(Instant::now());
            report::log(Level::WARN, line(self.exporter.destination()));
        }
    }

    /// Sends what the spill has and then the spans, within the time that the state of the receiver deserves.
    async fn send_after(
        &self,
        spilled: &SpilledSpans,
        rest: &mut Vec<Vec<SpanData>>,
        taken: &mut usize,
    ) -> Result<(), Unsent> {
        let end = Instant::now() + spilled.patience();
        let attempt = async {
            spilled.resend(end).await?;
            let sent = self.send(rest, taken, || spilled.until(end)).await;
            sent.map_err(|error| Unsent::of(&error))
        };
        tokio::select! {
            biased;
            () = spilled.last_call() => Err(Unsent::last_call()),
            sent = attempt => sent,
        }
    }

    /// Encodes spans that are not sent, in the order in which they would be.
    fn requests(&self, mut rest: Vec<Vec<SpanData>>) -> Vec<Request> {
        let mut requests = Vec::new();
        while let Some(batch) = rest.last() {
            let (count, body) = (batch.len(), self.encode(batch.clone()));
            if body.len() > *lock(&self.largest) && count > 1 {
                halve(&mut rest);
                continue;
            }
            rest.pop();
            requests.push(Request { count, body });
        }
        requests
    }

    fn encode(&self, batch: Vec<SpanData>) -> Vec<u8> {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }
}

impl SpanExporter for OtlpSpans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let (mut rest, mut taken) = (vec![batch], 0);
        let sent = match &self.spilled {
            Some(spilled) => self.send_after(spilled, &mut rest, &mut taken).await,
            None => {
                let end = Instant::now() + self.timeout;
                let patience = || {
                    let left = end.saturating_duration_since(Instant::now());
                    Patience {
                        total: left.saturating_sub(MARGIN),
                        urgency: URGENCY.subscribe(),
                    }
                };
                let sent = self.send(&mut rest, &mut taken, patience).await;
                sent.map_err(|error| Unsent::of(&error))
            }
        };
        let Err(Unsent { problem, reason }) = sent else {
            if let Some(spilled) = &self.spilled {
                spilled.note(Receiver::There);
            }
            if let Some(line) = lock(&self.outage).succeeded(Instant::now()) {
                report::log(Level::INFO, line);
            }
            return Ok(());
        };
        let consequence = match &self.spilled {
            Some(spilled) if !rest.is_empty() => {
                spilled.note(Receiver::Away);
                spilled.keep(self.requests(rest)).await
            }
            _ => format!("{} spans are lost", count - taken),
        };
        let line = lock(&self.outage).failed(problem, &reason, &consequence, Instant::now());
        if let Some(line) = line {
            report::log(Level::WARN, line);
        }
        Err(OTelSdkError::InternalFailure(match self.spilled {
            Some(_) => format!("{reason}; {consequence}"),
            None => reason,
        }))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = Arc::new(resource.into());
    }
}

/// Cuts the last batch in two; the first half is last, to be sent next.
fn halve(rest: &mut Vec<Vec<SpanData>>) {
    if let Some(mut batch) = rest.pop() {
        rest.push(batch.split_off(batch.len() / 2));
        rest.push(batch);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
        thread,
        time::Duration,
    };

    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::Resource;
    use runar_otel_pipeline::background::Background;

    use super::*;
    use crate::{
        config::{Config, header::header},
        traces::{provider, shutdown},
    };

    /// Reads one request with a body and answers with status 200.
    fn answer(mut stream: TcpStream) -> Vec<u8> {
        let request = read(&mut stream);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).unwrap();
        request
    }

    /// Reads one request with a body.
    fn read(stream: &mut TcpStream) -> Vec<u8> {
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let read = stream.read(&mut chunk).unwrap();
            request.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let Some((head, _)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            let start = request.windows(4).position(|four| four == b"\r\n\r\n");
            if request.len() >= start.unwrap() + 4 + length {
                return request;
            }
        }
    }

    /// Takes requests of at most so many bytes, and refuses larger ones as too large. Returns the requests that were
    /// taken, and the number of those that were refused.
    fn limited(most: usize, collector: &TcpListener) -> (Vec<ExportTraceServiceRequest>, usize) {
        let (mut taken, mut refused) = (Vec::new(), 0);
        loop {
            let (mut stream, _) = collector.accept().unwrap();
            let request = read(&mut stream);
            let start = request
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
                .unwrap()
                + 4;
            let body = &request[start..];
            let status = match body.len() > most {
                true => "413 Payload Too Large",
                false => "200 OK",
            };
            let answer =
                format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            match body.len() > most {
                true => refused += 1,
                false => taken.push(ExportTraceServiceRequest::decode(body).unwrap()),
            }
            if spans_of(&taken).contains(&"last".to_owned()) {
                return (taken, refused);
            }
        }
    }

    fn spans_of(requests: &[ExportTraceServiceRequest]) -> Vec<String> {
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let spans = resources
            .flat_map(|resource| &resource.scope_spans)
            .flat_map(|scope| &scope.spans);
        spans.map(|span| span.name.clone()).collect()
    }

    #[test]
    fn spans_are_cut_until_the_receiver_takes_them() {
        let collector = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = collector.local_addr().unwrap().port();
        let requests = thread::spawn(move || limited(5_000, &collector));
        let background = Background::start().unwrap();
        let config = Config {
            otlp_traces: OtlpConfig {
                endpoint: crate::config::Url::new(format!("http://127.0.0.1:{port}/v1/traces")),
                ..OtlpConfig::of(Signal::Traces)
            },
            ..Config::default()
        };
        let runtime = background.handle();
        let observer = Observer::default();
        let resource = Resource::builder_empty().build();
        let provider =
            provider::builder(&config, &Default::default(), resource, runtime, &observer)
                .unwrap()
                .build();
        let tracer = provider.tracer("test");
        for at in 0..8 {
            tracer.start(format!("{at}-{}", "x".repeat(1_000)));
        }
        tracer.start("last");
        shutdown::shutdown(&provider, Duration::from_secs(20)).unwrap();
        let (taken, refused) = requests.join().unwrap();
        assert_eq!(spans_of(&taken).len(), 9);
        assert!((1..4).contains(&refused), "{refused}");
    }

    #[test]
    fn span_is_posted_with_the_configured_headers() {
        let collector = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = collector.local_addr().unwrap().port();
        let request = thread::spawn(move || answer(collector.accept().unwrap().0));
        let background = Background::start().unwrap();
        let config = Config {
            otlp_traces: OtlpConfig {
                endpoint: crate::config::Url::new(format!(
                    "http://127.0.0.1:{port}/otel/v1/traces"
                )),
                headers: vec![header("X-Key", "a b").unwrap()],
                ..OtlpConfig::of(Signal::Traces)
            },
            ..Config::default()
        };
        let resource = Resource::builder_empty().build();
        let provider = provider::builder(
            &config,
            &Default::default(),
            resource,
            background.handle(),
            &Default::default(),
        )
        .unwrap()
        .build();
        provider.tracer("test").start("the-span");
        shutdown::shutdown(&provider, Duration::from_secs(20)).unwrap();
        let request = request.join().unwrap();
        let request = String::from_utf8_lossy(&request);
        assert!(request.starts_with("POST /otel/v1/traces HTTP/1.1\r\n"));
        assert!(request.contains("x-key: a b\r\n"), "{request}");
        assert!(request.contains("content-type: application/x-protobuf\r\n"));
        assert!(request.contains("the-span"), "{request}");
    }
}
