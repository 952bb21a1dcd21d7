//! Labels of calls that are not written as labels.

#[path = "../../../record/metrics.rs"]
mod metrics;

fn main() {
    metrics::add_label!();
    metrics::add_label!("tier");
    metrics::add_label!("tier",);
    metrics::add_label!("tier" => "gold");
    metrics::add_label!("tier" = "gold");
    metrics::add_label!("tier": "gold");
    metrics::add_label!("", "gold");
    metrics::add_label!("tier", "gold", "silver");
}
