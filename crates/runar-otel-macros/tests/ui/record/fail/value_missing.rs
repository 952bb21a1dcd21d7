//! Macros that need a value.

#[path = "../../../record/metrics.rs"]
mod metrics;

fn main() {
    metrics::set!("orders");
    metrics::observe!("order_amount", labels: {"a" => 1});
}
