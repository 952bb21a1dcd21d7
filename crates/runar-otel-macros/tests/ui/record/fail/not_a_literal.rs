//! Names that are known at run time only.

#[path = "../../../record/metrics.rs"]
mod metrics;

fn main() {
    let name = "orders_total";
    metrics::increment!(name);
    metrics::decrement!(name);
    metrics::set!(name, value: 1);
    metrics::observe!(concat!("a", "b"), value: 1);
    let _timer = metrics::timer!(name.to_owned());
    metrics::add_label!(name, "value");
}
