//! Names that are not valid.

#[path = "../../../record/metrics.rs"]
mod metrics;

fn main() {
    metrics::increment!("order count");
    metrics::observe!("1st_order", value: 1);
    metrics::set!("", value: 1);
    metrics::increment!();
    metrics::set!();
    metrics::increment!(value: 5);
    metrics::increment!("orders" value: 5);
}
