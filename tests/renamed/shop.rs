// A shop that uses every macro, through whatever `telemetry` is in the module that includes it.

use std::{pin::Pin, time::SystemTime};

use runar_otel_testing::{Recorder, assert_metric};

use self::telemetry::prelude::*;

/// A counter, with accessors.
#[metric(type = "counter", name = "renamed_signups_total", labels = ["source"], crate = telemetry)]
struct Signups;

#[derive(Debug, ErrorType)]
#[error_type(crate = telemetry)]
enum ShopError {
    SoldOut,
}

#[service(name = "renamed", crate = telemetry)]
#[metrics(prefix = "renamed_", default)]
struct Shop {
    #[inject]
    stock: u32,
    #[metric_field(unit = "{order}")]
    open_orders: Gauge,
}

/// The path is said once, on the impl.
#[service(crate = telemetry)]
#[metrics(prefix = "renamed_", crate = telemetry)]
impl Shop {
    #[action(cache(enabled = true, ttl = 60))]
    #[metered(labels = ["tier"])]
    async fn buy(&self, context: &RequestContext, amount: u32) -> Result<u32, ShopError> {
        metrics::add_label!("tier", context.user_tier().unwrap_or("free"));
        self.open_orders.increment();
        if amount > self.stock {
            return Err(ShopError::SoldOut);
        }
        Ok(amount)
    }

    #[event_handler("renamed.sold")]
    #[metered]
    fn sold(&self, _context: &EventContext) {
        self.open_orders.decrement();
    }

    #[job(schedule = "0 4 * * *")]
    #[metered(name = "count")]
    fn count(&self, _context: &JobContext) -> u32 {
        self.stock
    }
}

#[async_trait]
trait Pack {
    async fn pack(&self) -> u32;
}

#[metrics(prefix = "renamed_", crate = telemetry)]
#[async_trait]
impl Pack for Shop {
    #[action(metrics = true)]
    async fn pack(&self) -> u32 {
        self.stock
    }
}

#[dht_service(crate = telemetry)]
struct Table;

#[metrics(prefix = "renamed_", crate = telemetry)]
impl Table {
    #[dht_operation(metrics = true)]
    fn put(&self) {}
}

#[p2p_service(crate = telemetry)]
struct Peers;

#[service(crate = telemetry)]
impl Peers {
    #[action]
    fn find(&self) {}
}

/// A service whose impl has no attribute: each function says the path.
mod plain {
    use super::telemetry::{self, prelude::*};

    #[publisher(crate = telemetry)]
    #[metrics(prefix = "renamed_", events = true)]
    pub(super) struct News;

    impl News {
        #[action(crate = telemetry)]
        #[metered(crate = telemetry)]
        pub(super) async fn announce(&self) -> Result<()> {
            metrics::event_published("renamed.news", async { Ok(()) }).await
        }

        #[event_handler("renamed.read", metrics = true, crate = telemetry)]
        pub(super) fn read(&self) {}

        #[job(schedule = "*/5 * * * *", metrics = true, crate = telemetry)]
        pub(super) fn sweep(&self) {}

        #[dht_operation(crate = telemetry)]
        pub(super) fn store(&self) {}
    }
}

#[metered(prefix = "renamed_", service = "free", crate = telemetry)]
fn parse(number: &str) -> Result<u32> {
    Ok(number.parse()?)
}

#[metered(prefix = "renamed_", service = "free", until = "drop", buckets = [0.1, 1], fields(most), crate = telemetry)]
fn numbers(most: u32) -> impl Iterator<Item = u32> {
    0..most
}

#[metered(prefix = "renamed_", service = "free", crate = telemetry)]
fn boxed(most: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move { most })
}

fn record() {
    metrics::increment!("renamed_orders_total", labels: {"source" => "web"});
    metrics::increment!("renamed_visitors", value: 5);
    metrics::decrement!("renamed_visitors", value: 2);
    metrics::set!("renamed_shelves", value: 2.5);
    metrics::observe!("renamed_weight", value: 12, labels: {"kind" => 7});
    metrics::timer!("renamed_packing_seconds").stop();
}

#[tokio::test]
async fn a_service_is_described_and_counted() {
    let recorder = Recorder::new();
    let context = RequestContext::new("main").with_value("user_tier", "gold");
    recorder
        .run_async(async {
            let shop = Shop {
                stock: 3,
                ..Shop::default()
            };
            assert_eq!(shop.buy(&context, 2).await.unwrap(), 2);
            shop.buy(&context, 4).await.unwrap_err();
            shop.sold(&EventContext::new("main", "renamed.sold"));
            shop.count(&JobContext::new("main", SystemTime::UNIX_EPOCH));
            Table.put();
            Peers.find();
        })
        .await;
    for outcome in ["ok", "error"] {
        assert_metric!(recorder, "renamed_action_requests_total", {"service" => "renamed", "action" => "buy", "tier" => "gold", "outcome" => outcome}, == 1);
        assert_metric!(recorder, "renamed_service_requests_total", {"service" => "renamed", "outcome" => outcome}, == 1);
    }
    assert_metric!(recorder, "renamed_action_errors_total", {"error_type" => "sold_out"}, == 1);
    assert_metric!(recorder, "renamed_event_received_total", {"event" => "renamed.sold"}, == 1);
    assert_metric!(recorder, "renamed_count_requests_total", {"outcome" => "ok"}, == 1);
    assert_metric!(recorder, "renamed_open_orders", == 1);
    assert_metric!(recorder, "renamed_action_requests_total", {"service" => "Table", "action" => "put", "outcome" => "ok"}, == 1);
    assert_eq!(
        (
            Shop::actions().len(),
            Shop::jobs().len(),
            Shop::event_handlers().len()
        ),
        (2, 1, 1)
    );
    assert_eq!((Table::actions().len(), Peers::actions().len()), (1, 1));
}

#[tokio::test]
async fn traits_and_boxed_futures_are_counted() {
    let recorder = Recorder::new();
    let called = recorder.run_async(async {
        let shop = Shop::default();
        (shop.pack().await, boxed(7).await)
    });
    assert_eq!(called.await, (0, 7));
    for (service, action) in [("renamed", "pack"), ("free", "boxed")] {
        assert_metric!(recorder, "renamed_action_requests_total", {"service" => service, "action" => action, "outcome" => "ok"}, == 1);
    }
}

#[tokio::test]
async fn functions_of_an_impl_without_attribute_find_their_service() {
    let recorder = Recorder::new();
    recorder
        .run_async(async {
            plain::News.announce().await.unwrap();
            plain::News.read();
            plain::News.sweep();
            plain::News.store();
        })
        .await;
    for (metric, event) in [
        ("renamed_event_published_total", "renamed.news"),
        ("renamed_event_received_total", "renamed.read"),
    ] {
        assert_metric!(recorder, metric, {"service" => "News", "event" => event}, == 1);
    }
    for action in ["announce", "sweep"] {
        assert_metric!(recorder, "renamed_action_requests_total", {"service" => "News", "action" => action, "outcome" => "ok"}, == 1);
    }
    assert_metric!(recorder, "renamed_service_requests_total", {"service" => "News", "outcome" => "ok"}, == 2);
    use plain::News;
    assert_eq!(
        (
            News::actions().len(),
            News::jobs().len(),
            News::event_handlers().len()
        ),
        (2, 1, 1)
    );
}

#[test]
fn free_functions_are_counted() {
    let recorder = Recorder::new();
    recorder.run(|| {
        assert_eq!(parse("7").unwrap(), 7);
        assert!(parse("seven").is_err());
        assert_eq!(numbers(3).count(), 3);
    });
    for (action, outcome) in [("parse", "ok"), ("parse", "error"), ("numbers", "ok")] {
        assert_metric!(recorder, "renamed_action_requests_total", {"service" => "free", "action" => action, "outcome" => outcome}, == 1);
    }
}

#[test]
fn records_and_accessors_record() {
    let recorder = Recorder::new();
    recorder.run(|| {
        record();
        Signups::increment("web");
    });
    assert_metric!(recorder, "renamed_orders_total", {"source" => "web"}, == 1);
    assert_metric!(recorder, "renamed_shelves", == 2.5);
    assert_metric!(recorder, "renamed_weight", {"kind" => "7"}, sum == 12);
    assert_metric!(recorder, "renamed_packing_seconds", count == 1);
    assert_metric!(recorder, "renamed_signups_total", {"source" => "web"}, == 1);
}
