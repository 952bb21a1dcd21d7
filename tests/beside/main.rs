//! Beside a dependency called `metrics`: one import by name, and ours are module and attribute.

#![deny(warnings)]

use runar_otel::prelude::metrics;
use runar_otel::prelude::*;
use runar_otel_testing::{Recorder, assert_metric};

#[metrics(prefix = "beside_")]
struct Shop;

#[metrics(prefix = "beside_")]
impl Shop {
    #[action]
    fn open(&self) {
        metrics::increment!("beside_ours_total");
        ::metrics::counter!("beside_theirs_total").increment(1);
    }
}

#[test]
fn the_module_and_the_attribute_are_ours() {
    let recorder = Recorder::new();
    recorder.run(|| Shop.open());
    assert_metric!(recorder, "beside_ours_total", == 1);
    assert_metric!(recorder, "beside_service_requests_total", {"service" => "Shop", "outcome" => "ok"}, == 1);
}
