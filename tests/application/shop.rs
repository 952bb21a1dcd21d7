//! A shop: services that are measured by attributes and by the macros of `metrics`, as a user writes them.

mod errands;
mod told;

use runar_otel::prelude::*;

pub(crate) use errands::Errands;
use told::Told;

/// Why a call of the shop fails; the kinds are the label `error_type`.
#[derive(Debug, ErrorType)]
pub(crate) enum ShopError {
    OutOfStock,
    Refused,
}

/// Both attributes: what is measured is known, and starts at zero, before the first call.
#[service(name = "shop")]
#[metrics(prefix = "shop_", events = true)]
#[derive(Default)]
struct Shop {
    #[inject]
    warehouse: Warehouse,
}

#[metrics]
impl Shop {
    /// One request, with another action of the shop and one of the warehouse inside.
    #[action]
    #[metered(labels = ["tier", "payment"])]
    async fn check_out(&self, tier: &str, told: Told) -> Result<(), ShopError> {
        let packing = metrics::timer!("shop_packing_time");
        pay();
        note(tier);
        drop(packing);
        self.reserve(told).await
    }

    #[action]
    #[metered]
    async fn reserve(&self, told: Told) -> Result<(), ShopError> {
        self.warehouse.pick().await;
        told.work().await;
        told.end().await
    }

    /// Between its two bounds, however busy the machine is.
    #[action]
    #[metered(buckets = [0.001, 60.0])]
    fn price(&self) -> u32 {
        std::thread::sleep(Duration::from_millis(2));
        7
    }

    #[event_handler("payment.completed")]
    async fn payment_completed(&self, context: &EventContext, told: Told) -> Result<(), ShopError> {
        assert_eq!(context.topic(), "payment.completed");
        told.end().await
    }

    #[job(schedule = "*/5 * * * *")]
    async fn restock(&self, _context: &JobContext, told: Told) -> Result<(), ShopError> {
        told.end().await
    }
}

/// The attribute on the struct alone: its methods find it with their first call.
#[service]
#[metrics(prefix = "shop_")]
#[derive(Default)]
struct Warehouse;

impl Warehouse {
    #[action]
    #[metered]
    async fn pick(&self) {
        self.find_shelf().await;
    }

    #[action]
    async fn find_shelf(&self) {}
}

/// Publishes events; the bus is left out.
#[publisher]
#[metrics(prefix = "shop_", events = true)]
#[derive(Default)]
struct Herald;

#[metrics]
impl Herald {
    #[action]
    async fn announce(&self, told: Told) -> Result<(), ShopError> {
        metrics::event_published("order.placed", told.end()).await
    }
}

/// Below the metered call, whose label it sets.
fn pay() {
    metrics::add_label!("payment", "card");
}

/// In bytes because the declaration says so.
#[metric(
    type = "histogram",
    name = "shop_basket",
    description = "Size of baskets",
    unit = "By",
    labels = ["tier"],
    buckets = [100.0, 1000.0]
)]
struct Basket;

/// Measures by every macro, with units of every origin: declaration, name, type of the value.
fn note(tier: &str) {
    Basket::observe(300, tier);
    metrics::observe!("shop_basket", value: 500, labels: {"tier" => tier});
    metrics::observe!("shop_patience", value: Duration::from_millis(1500));
    metrics::observe!("shop_parcel_grams", value: 250.5);
    metrics::increment!("shop_receipt_bytes_total", value: 64);
    metrics::increment!("shop_orders_total", labels: {"tier" => tier});
    metrics::set!("shop_free_shelves_ratio", value: 0.75);
    metrics::set!("shop_open_tills", value: 3);
}
