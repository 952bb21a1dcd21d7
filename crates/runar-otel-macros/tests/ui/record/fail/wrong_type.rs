//! Values and labels of types that cannot be any.

#[path = "../../../record/metrics.rs"]
mod metrics;

struct Order;

fn main() {
    let order = Order;
    metrics::increment!("orders_total", value: order);
    metrics::observe!("order_amount", value: "12.5");
    metrics::set!("orders", value: Some(1));
    metrics::increment!("orders_total", labels: {"order" => order});
    metrics::increment!("orders_total", labels: {"order" => Some(&order)});
    metrics::add_label!("order", order);
}
