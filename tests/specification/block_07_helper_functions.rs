//! *Macro-Based Helper Functions*: `increment!`, `observe!`, `set!`, `timer!`.

use std::time::Duration;

use runar_otel_testing::{Metrics as _, Recorder, assert_metric};

use super::runar_node::prelude::*;

fn helpers(duration: Duration, count: usize) {

// ---- the document
// Increment a counter
metrics::increment!("custom_counter");

// Increment with a specific value
metrics::increment!("custom_counter", value: 5);

// Increment with labels
metrics::increment!("custom_counter", labels: {"label1" => "value1"});

// Observe a value on a histogram
metrics::observe!("response_time", value: duration);

// Set a gauge
metrics::set!("active_connections", value: count);

// Start a timer and automatically record when dropped
let _timer = metrics::timer!("operation_duration");
// ----

}

#[test]
fn every_helper_records() {
    let recorder = Recorder::new();
    recorder.run(|| helpers(Duration::from_millis(40), 12));
    assert_metric!(recorder, "custom_counter", exactly {}, == 6);
    assert_metric!(recorder, "custom_counter", {"label1" => "value1"}, == 1);
    assert_metric!(recorder, "response_time", {}, count == 1);
    assert_metric!(recorder, "response_time", {}, sum == 0.04);
    assert_metric!(recorder, "active_connections", {}, == 12);
    assert_metric!(recorder, "operation_duration", {}, count == 1);
    for series in recorder.series() {
        if ["response_time", "operation_duration"].contains(&&*series.name) {
            assert_eq!(series.unit, "s", "{series}");
        }
    }
}
