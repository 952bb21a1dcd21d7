//! The end of a process, and refusals of every size.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn nobody_who_listens_holds_up_the_end_of_a_process() {
    let background = Background::start().unwrap();
    let streams = Streams::new(GateOptions::default());
    let gate = Gate::new(streams.clone());
    gate.meter("shop").u64_counter("orders").build().add(1, &[]);
    let collector = Arc::new(Collector::new(streams, Arc::default(), Vec::new()));
    let otlp = OtlpOptions::new(Protocol::HttpProtobuf, "http://127.0.0.1:1/v1/metrics");
    let sink = Sink::Otlp(OtlpExporter::new(&otlp).unwrap());
    let push = Push::spawn(background.handle(), collector, sink, PushOptions::default());
    // Also one that is under way.
    let under_way = push.begin_flush(PATIENCE);
    std::thread::sleep(Duration::from_millis(100));
    let end = Instant::now();
    push.hurry();
    let error = push.flush(PATIENCE).unwrap_err().to_string();
    assert!(error.contains("refused"), "{error}");
    under_way.wait().unwrap_err();
    assert!(end.elapsed() < PATIENCE / 2, "{:?}", end.elapsed());
}

#[test]
fn the_end_of_a_process_takes_nothing_from_the_push_under_way() {
    let quick = |options: &mut PushOptions| options.interval = Duration::from_millis(20);
    for script in [
        vec![Answer::Silence],
        vec![Answer::Status(503), Answer::Silence],
    ] {
        let rig = rig(&script, TemporalityPreference::Delta, Vec::new(), quick);
        rig.counter.add(1, &[]);
        while rig.receiver.requests() == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        rig.push.hurry();
        rig.counter.add(2, &[]);
        let begin = Instant::now();
        rig.push.flush(PATIENCE).unwrap();
        assert!(begin.elapsed() < PATIENCE / 3, "{:?}", begin.elapsed());
        assert_eq!(deduplicated(&rig.receiver.taken()), 3);
    }
}

#[test]
fn lost_points_are_counted_and_stay_for_another_caller() {
    let refused = [Answer::Status(404), Answer::Status(404)];
    let rig = rig(&refused, TemporalityPreference::Delta, Vec::new(), |_| ());
    rig.counter.add(1, &[]);
    rig.push.hurry();
    for _ in 0..2 {
        let error = rig.push.flush(PATIENCE).unwrap_err().to_string();
        assert!(error.contains("data points are lost"), "{error}");
        rig.counter.add(1, &[]);
    }
    rig.push.flush(PATIENCE).unwrap();
    assert_eq!(deduplicated(&rig.receiver.taken()), 3);
}

#[test]
fn a_receiver_that_refuses_every_size_gets_everything_once_it_takes_some() {
    for temporality in [
        TemporalityPreference::Cumulative,
        TemporalityPreference::Delta,
    ] {
        let rig = rig(&[Answer::Limit(0)], temporality, Vec::new(), |_| ());
        for at in 0..500 {
            rig.counter.add(1, &[KeyValue::new("at", at)]);
        }
        rig.push.flush(PATIENCE).unwrap_err();
        assert!(rig.receiver.requests() < 30, "{}", rig.receiver.requests());
        rig.receiver.script.lock().unwrap().clear();
        rig.push.flush(PATIENCE).unwrap();
        assert_eq!(deduplicated(&rig.receiver.taken()), 500, "{temporality:?}");
    }
}
