//! Labels that are not written as labels.

#[path = "../../../record/metrics.rs"]
mod metrics;

fn main() {
    let source = "web";
    metrics::increment!("orders_total", labels: ["source" => source]);
    metrics::increment!("orders_total", labels: source);
    metrics::increment!("orders_total", labels: {source => "web"});
    metrics::increment!("orders_total", labels: {"source" = "web", "kind": 1});
    metrics::increment!("orders_total", labels: {"source"});
    metrics::increment!("orders_total", labels: {"source" => source, "source" => "x"});
    metrics::increment!("orders_total", labels: {"" => source});
    metrics::increment!("orders_total", labels: {"a" => source "b" => source});
    metrics::observe!("order_amount", value: 1, labels: {"le" => "x"});
}
