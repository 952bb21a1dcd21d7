//! `#[metric_field]`, with and without `default`.

use runar_otel_core::{__private::METRICS, Counter, Gauge, Histogram, Timer};
use runar_otel_macros::metrics;

use crate::recorded::recorder;

#[metrics(prefix = "fields_", default)]
struct Registered<T> {
    #[metric_field(description = "Orders", unit = "{order}")]
    orders: Counter,
    #[metric_field]
    ratio: Gauge,
    #[metric_field(name = "fields_named_bytes", buckets = [1.0, 2.0])]
    sizes: Histogram<u64>,
    #[metric_field(buckets = [0.5, 1])]
    took: Timer,
    #[inject]
    items: Vec<T>,
}

#[metrics(default)]
struct Tuple(u8, String);

#[metrics(prefix = "byhand_")]
struct ByHand {
    #[metric_field]
    plain: Gauge,
    #[metric_field(description = "Sizes of requests", unit = "By", buckets = [64.0, 256.0])]
    size: Histogram,
}

impl ByHand {
    fn new() -> Self {
        Self {
            plain: Gauge::new("byhand_plain", "By hand").register(),
            size: Histogram::new("byhand_size", "").register(),
        }
    }
}

#[test]
fn default_registers_what_the_fields_say() {
    let recorder = recorder();
    let registered = Registered::<u8>::default();
    registered.orders.increment();
    registered.ratio.set(0.5);
    registered.sizes.observe(2);
    registered.took.start().stop();
    assert!(registered.items.is_empty());
    let orders = recorder.one("fields_orders");
    assert_eq!(
        (orders.unit.as_str(), orders.description.as_str()),
        ("{order}", "Orders")
    );
    assert_eq!(recorder.one("fields_ratio").kind, "gauge");
    assert_eq!(recorder.one("fields_named_bytes").bounds, [1.0, 2.0]);
    let took = recorder.one("fields_took");
    assert_eq!(
        (took.bounds.as_slice(), took.unit.as_str()),
        ([0.5, 1.0].as_slice(), "s")
    );
    let tuple = Tuple::default();
    assert!(tuple.0 == 0 && tuple.1.is_empty());
}

#[test]
fn a_handle_made_by_hand_gets_what_the_field_says() {
    let recorder = recorder();
    let by_hand = ByHand::new();
    by_hand.plain.set(1.0);
    by_hand.size.observe(1.0);
    let size = recorder.one("byhand_size");
    assert_eq!(size.bounds, [64.0, 256.0]);
    assert_eq!(
        (size.unit.as_str(), size.description.as_str()),
        ("By", "Sizes of requests")
    );
    assert!(METRICS.iter().all(|metric| metric.name != "byhand_plain"));
}
