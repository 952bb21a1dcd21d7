//! Pushes to a scripted receiver: what arrives, in which windows, and what is told.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, SystemTime},
};

use ::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opentelemetry::{KeyValue, metrics::MeterProvider};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest, metrics::v1::metric::Data,
};
use prost::Message;
use runar_otel_core::gate::{Gate, GateOptions, Streams};
use tokio::net::TcpListener;

use super::*;
use crate::{
    background::Background,
    collect::{Collector, Producer},
    export::{OtlpExporter, OtlpOptions},
    observe::Observer,
    settings::{Protocol, TemporalityPreference},
    snapshot::ScopeMetrics,
    spill::Spill,
    store::ConsumerId,
};

mod ending;
mod observed;

/// The answer to one request.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Status(u16),
    /// A refusal with this many seconds in `Retry-After`.
    Later(u64),
    /// The receiver has the request, and is silent.
    Silence,
    /// A limit in bytes: 413 beyond it, else 200.
    Limit(usize),
}

/// A point as the receiver sees it: labels, start, time and value.
type Seen = (String, u64, u64, i64);

/// A receiver that follows a script, and takes everything once that is over.
#[derive(Clone, Default)]
struct Receiver {
    script: Arc<Mutex<VecDeque<Answer>>>,
    taken: Arc<Mutex<Vec<Vec<Seen>>>>,
    requests: Arc<Mutex<Vec<usize>>>,
}

impl Receiver {
    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let receiver = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| receiver.clone().answer(request));
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        self.requests.lock().unwrap().push(body.len());
        let next = self.next();
        let (status, headers) = match next {
            Answer::Status(status) => (status, HeaderMap::new()),
            Answer::Later(seconds) => {
                let mut headers = HeaderMap::new();
                headers.insert("retry-after", seconds.into());
                (429, headers)
            }
            Answer::Limit(most) if body.len() > most => (413, HeaderMap::new()),
            Answer::Limit(_) | Answer::Silence => (200, HeaderMap::new()),
        };
        if status == 200 {
            self.taken.lock().unwrap().push(points(&body));
        }
        if matches!(next, Answer::Silence) {
            std::future::pending::<()>().await;
        }
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = status.try_into().unwrap();
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Returns the answer to the next request; a limit holds for all that follow.
    fn next(&self) -> Answer {
        let mut script = self.script.lock().unwrap();
        match script.front().copied() {
            Some(limit @ Answer::Limit(_)) => limit,
            _ => script.pop_front().unwrap_or(Answer::Status(200)),
        }
    }

    /// Returns the requests that were taken, each with its points.
    fn taken(&self) -> Vec<Vec<Seen>> {
        self.taken.lock().unwrap().clone()
    }

    fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

fn points(body: &[u8]) -> Vec<Seen> {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let scopes = request
        .resource_metrics
        .into_iter()
        .flat_map(|of| of.scope_metrics);
    let metrics = scopes.flat_map(|scope| scope.metrics);
    let mut all = Vec::new();
    for metric in metrics {
        let Some(Data::Sum(sum)) = metric.data else {
            continue;
        };
        for point in sum.data_points {
            use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
            let Some(Value::AsInt(value)) = point.value else {
                panic!("{point:?}");
            };
            let labels = format!("{:?}", point.attributes);
            all.push((
                labels,
                point.start_time_unix_nano,
                point.time_unix_nano,
                value,
            ));
        }
    }
    all
}

/// A counter, its pushes to a receiver, and the time limits of a test.
struct Rig {
    counter: opentelemetry::metrics::Counter<u64>,
    collector: Arc<Collector>,
    consumer: ConsumerId,
    push: Push,
    receiver: Receiver,
    _gate: Gate,
    _background: Background,
}

const PATIENCE: Duration = Duration::from_secs(30);

fn rig(
    script: &[Answer],
    temporality: TemporalityPreference,
    producers: Vec<Arc<dyn Producer>>,
    change: impl FnOnce(&mut PushOptions),
) -> Rig {
    rig_with(script, temporality, producers, change, none, None)
}

/// Makes an observer that observes nothing.
fn none(_: &Gate) -> Observer {
    Observer::default()
}

fn rig_observed(
    script: &[Answer],
    temporality: TemporalityPreference,
    producers: Vec<Arc<dyn Producer>>,
    change: impl FnOnce(&mut PushOptions),
    observe: impl FnOnce(&Gate) -> Observer,
) -> Rig {
    rig_with(script, temporality, producers, change, observe, None)
}

fn rig_with(
    script: &[Answer],
    temporality: TemporalityPreference,
    producers: Vec<Arc<dyn Producer>>,
    change: impl FnOnce(&mut PushOptions),
    observe: impl FnOnce(&Gate) -> Observer,
    spill: Option<Spill>,
) -> Rig {
    let background = Background::start().unwrap();
    let receiver = Receiver::default();
    receiver.script.lock().unwrap().extend(script);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/v1/metrics", listener.local_addr().unwrap());
    let serving = receiver.clone();
    background.handle().spawn(async move {
        serving
            .serve(TcpListener::from_std(listener).unwrap())
            .await;
    });
    let streams = Streams::new(GateOptions::default());
    let gate = Gate::new(streams.clone());
    let counter = gate.meter("shop").u64_counter("orders").build();
    let collector = Collector::new(streams, Arc::default(), producers);
    let collector = Arc::new(collector.observed_by(observe(&gate)));
    let mut otlp = OtlpOptions::new(Protocol::HttpProtobuf, url);
    otlp.timeout = Duration::from_millis(400);
    let sink = Sink::Otlp(OtlpExporter::new(&otlp).unwrap());
    let mut options = PushOptions {
        interval: Duration::from_secs(3600),
        temporality,
        ..PushOptions::default()
    };
    change(&mut options);
    Rig {
        counter,
        consumer: collector.register(TemporalityPreference::Cumulative),
        collector: collector.clone(),
        push: Push::spawn_with(background.handle(), collector, sink, options, spill),
        receiver,
        _gate: gate,
        _background: background,
    }
}

/// Adds the values of all windows, each window once.
fn deduplicated(taken: &[Vec<Seen>]) -> i64 {
    let mut windows = BTreeMap::new();
    for (labels, start, time, value) in taken.iter().flatten() {
        let known = windows.insert((labels.clone(), *start, *time), *value);
        assert!(known.is_none_or(|known| known == *value), "{taken:?}");
    }
    windows.values().sum()
}

/// Fails if two windows of one series overlap without being the same.
fn assert_no_overlap(taken: &[Vec<Seen>]) {
    let all: Vec<&Seen> = taken.iter().flatten().collect();
    for (at, one) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            let same = (one.1, one.2) == (other.1, other.2);
            let apart = one.2 <= other.1 || other.2 <= one.1;
            assert!(one.0 != other.0 || same || apart, "{one:?} {other:?}");
        }
    }
}

#[test]
fn a_window_whose_answer_is_lost_comes_again_as_it_was() {
    use Answer::{Silence, Status};
    let short = |options: &mut PushOptions| options.timeout = Duration::from_millis(300);
    let script = [Silence, Silence, Status(200), Status(200)];
    let rig = rig(&script, TemporalityPreference::Delta, Vec::new(), short);
    for _ in 0..2 {
        rig.counter.add(10, &[]);
        rig.push.flush(PATIENCE).unwrap_err();
    }
    rig.counter.add(10, &[]);
    rig.push.flush(PATIENCE).unwrap();
    let taken = rig.receiver.taken();
    assert_eq!(taken.len(), 4, "{taken:?}");
    assert_eq!(taken[0], taken[1]);
    assert_eq!(taken[0], taken[2]);
    assert_no_overlap(&taken);
    assert_eq!(taken[0][0].2, taken[3][0].1, "windows are adjacent");
    assert_eq!(deduplicated(&taken), 30);
}

#[test]
fn totals_of_a_failed_push_give_way_to_newer_ones() {
    let script = [Answer::Status(400), Answer::Status(200)];
    let rig = rig(
        &script,
        TemporalityPreference::Cumulative,
        Vec::new(),
        |_| (),
    );
    rig.counter.add(10, &[]);
    rig.push.flush(PATIENCE).unwrap_err();
    rig.counter.add(10, &[]);
    rig.push.flush(PATIENCE).unwrap();
    let taken = rig.receiver.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0][0].3, 20);
}

#[test]
fn a_window_is_cut_until_the_receiver_takes_it_and_the_size_is_remembered() {
    for temporality in [
        TemporalityPreference::Cumulative,
        TemporalityPreference::Delta,
    ] {
        let rig = rig(&[Answer::Limit(20_000)], temporality, Vec::new(), |_| ());
        for round in 1..=2 {
            for at in 0..1000 {
                rig.counter.add(1, &[KeyValue::new("at", at)]);
            }
            rig.push.flush(PATIENCE).unwrap();
            let taken = rig.receiver.taken();
            let points: usize = taken.iter().map(Vec::len).sum();
            assert_eq!(points, round * 1000, "{temporality:?}");
            if temporality == TemporalityPreference::Delta {
                assert_no_overlap(&taken);
            }
        }
        let refused = rig.receiver.requests() - rig.receiver.taken().len();
        assert!(
            (1..=3).contains(&refused),
            "{refused} requests were refused"
        );
    }
}

#[test]
fn requests_have_at_most_the_points_and_the_bytes_of_the_options() {
    let small = |options: &mut PushOptions| {
        options.max_points = 70;
        options.max_bytes = 5_000;
    };
    let rig = rig(&[], TemporalityPreference::Cumulative, Vec::new(), small);
    for at in 0..500 {
        rig.counter.add(1, &[KeyValue::new("at", at)]);
    }
    rig.push.flush(PATIENCE).unwrap();
    let taken = rig.receiver.taken();
    assert_eq!(taken.iter().map(Vec::len).sum::<usize>(), 500);
    assert!(taken.iter().all(|request| request.len() <= 70));
    let sizes = rig.receiver.requests.lock().unwrap().clone();
    assert!(sizes.iter().all(|size| *size <= 5_000), "{sizes:?}");
}

#[test]
fn a_single_point_that_is_too_large_is_dropped_by_name_and_no_other_one() {
    let rig = rig(
        &[Answer::Limit(2_000)],
        TemporalityPreference::Delta,
        Vec::new(),
        |_| (),
    );
    for at in 0..20 {
        rig.counter.add(1, &[KeyValue::new("at", at)]);
    }
    rig.counter
        .add(1, &[KeyValue::new("at", "x".repeat(3_000))]);
    let error = rig.push.flush(PATIENCE).unwrap_err().to_string();
    assert!(error.contains("orders{at=xxx"), "{error}");
    assert!(error.len() < 500, "{error}");
    assert_eq!(deduplicated(&rig.receiver.taken()), 20);
    rig.push.flush(PATIENCE).unwrap();
}

#[test]
fn a_wait_that_the_receiver_wants_outlasts_the_push() {
    let quick = |options: &mut PushOptions| options.interval = Duration::from_millis(20);
    let rig = rig(
        &[Answer::Later(3600)],
        TemporalityPreference::Delta,
        Vec::new(),
        quick,
    );
    rig.counter.add(1, &[]);
    while rig.receiver.requests() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(rig.receiver.requests(), 1);
    // A caller who waits has a reason.
    rig.push.flush(PATIENCE).unwrap();
    assert_eq!(deduplicated(&rig.receiver.taken()), 1);
}

/// A source of metrics that takes its time once.
struct Slow(Mutex<mpsc::Receiver<()>>);

impl Producer for Slow {
    fn produce(&self, _: SystemTime) -> Vec<ScopeMetrics> {
        let _ = self.0.lock().unwrap().recv();
        Vec::new()
    }
}

#[test]
fn a_collection_that_takes_too_long_is_delivered_later() {
    for temporality in [
        TemporalityPreference::Cumulative,
        TemporalityPreference::Delta,
    ] {
        let (go_on, may_go_on) = mpsc::channel();
        let slow: Arc<dyn Producer> = Arc::new(Slow(Mutex::new(may_go_on)));
        let short = |options: &mut PushOptions| options.timeout = Duration::from_millis(200);
        let rig = rig(&[], temporality, vec![slow], short);
        rig.counter.add(1, &[]);
        let error = rig.push.flush(PATIENCE).unwrap_err().to_string();
        assert!(error.contains("collection takes longer"), "{error}");
        assert_eq!(rig.receiver.requests(), 0);
        go_on.send(()).unwrap();
        rig.push.flush(PATIENCE).unwrap();
        assert_eq!(rig.receiver.taken()[0][0].3, 1, "{temporality:?}");
        assert_eq!(rig.receiver.taken().len(), 1);
    }
}

#[test]
fn nothing_is_sent_without_points() {
    let rig = rig(&[], TemporalityPreference::Delta, Vec::new(), |_| ());
    rig.counter.add(1, &[]);
    rig.push.flush(PATIENCE).unwrap();
    rig.push.flush(PATIENCE).unwrap();
    assert_eq!(rig.receiver.requests(), 1);
}

#[cfg(feature = "spill")]
#[test]
fn data_that_is_left_at_the_end_goes_first_the_next_time() {
    use TemporalityPreference::{Cumulative, Delta};

    use crate::{settings::Signal, spill::SpillOptions};

    for (temporality, values) in [(Delta, vec![10, 5, 1]), (Cumulative, vec![15, 1])] {
        let directory = tempfile::tempdir().unwrap();
        let spill = || {
            let options = SpillOptions::new(directory.path());
            Some(Spill::new(options, Signal::Metrics))
        };
        let short = |options: &mut PushOptions| options.timeout = Duration::from_millis(600);
        let away = [Answer::Status(503); 20];
        let rig = rig_with(&away, temporality, Vec::new(), short, none, spill());
        rig.counter.add(10, &[]);
        let told = rig.push.flush(PATIENCE).unwrap_err().to_string();
        assert!(!told.contains("kept"), "{told}");
        rig.counter.add(5, &[]);
        rig.push.hurry();
        let told = rig.push.flush(PATIENCE).unwrap_err().to_string();
        let kept = format!(
            "{} data points are kept in {}",
            values.len() - 1,
            directory.path().display()
        );
        assert!(told.ends_with(&kept), "{told}");
        drop(rig);
        // The receiver refuses the first attempt.
        let script = [Answer::Status(503)];
        let rig = rig_with(&script, temporality, Vec::new(), |_| (), none, spill());
        rig.counter.add(1, &[]);
        rig.push.flush(PATIENCE).unwrap();
        let taken = rig.receiver.taken();
        let seen: Vec<i64> = taken.iter().flatten().map(|point| point.3).collect();
        assert_eq!(seen, values);
    }
}
