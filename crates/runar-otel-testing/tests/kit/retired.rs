//! Series that handles end.

use runar_otel::{Counter, Gauge, Histogram, Timer};
use runar_otel_testing::{Metrics, Recorder, assert_metric, assert_no_metric};

#[test]
fn a_handle_ends_its_series() {
    let recorder = Recorder::new();
    recorder.run(|| {
        let peers = Gauge::new("kit_peer_height", "").register();
        let bytes = Counter::new("kit_peer_bytes", "")
            .with_label("peer", "b")
            .register();
        peers.set_with(3.0, &[("peer", "a")]);
        peers.set_with(4.0, &[("peer", "b")]);
        bytes.add(10);
        let _ = recorder.snapshot();
        peers.retire_with(&[("peer", "a")]);
        bytes.retire();
        // Seen once more, then gone.
        assert_metric!(recorder, "kit_peer_height", {"peer" => "a"}, == 3);
        assert_no_metric!(recorder, "kit_peer_height", {"peer" => "a"});
        assert_metric!(recorder, "kit_peer_height", {"peer" => "b"}, == 4);
        assert_eq!(recorder.counter("kit_peer_bytes", &[]), None);
        bytes.add(2);
        assert_metric!(recorder, "kit_peer_bytes", {"peer" => "b"}, == 2);
    });
}

#[test]
fn every_handle_can_end_its_series() {
    let recorder = Recorder::new();
    recorder.run(|| {
        let histogram = Histogram::new("kit_retired_bytes", "").register();
        let timer = Timer::new("kit_retired_seconds", "").register();
        let gauge = Gauge::new("kit_retired", "").register();
        histogram.observe(1.0);
        timer.observe(std::time::Duration::from_millis(1));
        gauge.set(1.0);
        histogram.retire();
        timer.retire();
        gauge.retire();
        // Retired twice, it ends once.
        gauge.retire();
        let _ = recorder.snapshot();
        for metric in ["kit_retired_bytes", "kit_retired_seconds", "kit_retired"] {
            assert_no_metric!(recorder, metric);
        }
        gauge.inc();
        assert_metric!(recorder, "kit_retired", == 1);
    });
}
