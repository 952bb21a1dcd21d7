//! Values and labels without their keys.

#[path = "../../../record/metrics.rs"]
mod metrics;

fn main() {
    let (count, source) = (5, "web");
    metrics::increment!("orders_total", 5);
    metrics::set!("orders", count);
    metrics::increment!("orders_total", value = 5);
    metrics::increment!("orders_total", { "source" => source });
    let _timer = metrics::timer!("order_seconds", 5);
}
