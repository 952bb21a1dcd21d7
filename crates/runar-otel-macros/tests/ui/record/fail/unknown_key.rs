//! Keys that do not exist.

#[path = "../../../record/metrics.rs"]
mod metrics;

fn main() {
    metrics::increment!("orders_total", valeu: 5);
    metrics::increment!("orders_total", label: {"a" => 1});
    metrics::increment!("orders_total", colour: 5, vlaue: 2);
    let _timer = metrics::timer!("order_seconds", value: 5);
    metrics::increment!("orders_total", value: 5, value: 6);
    metrics::increment!("orders_total", labels: {}, labels: {});
}
