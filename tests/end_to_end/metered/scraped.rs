//! The same shop on the other way in: Prometheus scrapes it, and so is told types, units and descriptions.

use support::{Result, Stack, ports};

use super::{says, tell};
use crate::application::Application;

#[test]
fn scraped_each_name_has_its_type_and_unit() -> Result<()> {
    let [port] = ports::free()?;
    let stack = Stack::builder()
        .prometheus_scrapes(format!("127.0.0.1:{port}"))
        .start()?;
    let mut shop = Application::start(&[
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", &port.to_string()),
    ]);
    says(
        &stack,
        r#"sum by (outcome) (shop_service_requests_total{service="shop"})"#,
        &[
            "outcome=cancelled 0",
            "outcome=error 0",
            "outcome=ok 0",
            "outcome=panic 0",
        ],
    )?;
    let lines = [
        "calls ok 2 error 1 panic 1 cancelled 1",
        "events ok 1",
        "publishes ok 1 cancelled 1",
    ];
    tell(&mut shop, &lines);
    says(
        &stack,
        "sum by (service, outcome) (shop_service_requests_total) > 0",
        &[
            "outcome=cancelled service=Herald 1",
            "outcome=cancelled service=shop 1",
            "outcome=error service=shop 1",
            "outcome=ok service=Herald 1",
            "outcome=ok service=Warehouse 5",
            "outcome=ok service=shop 2",
            "outcome=panic service=shop 1",
        ],
    )?;
    says(
        &stack,
        "sum by (event, outcome) (shop_event_published_total) > 0",
        &[
            "event=order.placed outcome=cancelled 1",
            "event=order.placed outcome=ok 1",
        ],
    )?;
    for (family, kind, unit, help) in METADATA {
        let found = stack.prometheus().metadata(family)?;
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.kind.as_str(), one.unit.as_str(), one.help.as_str()))
            .collect();
        assert_eq!(told, [(kind, unit, help)], "{family}");
    }
    Ok(())
}

/// By the names of the families, which have no `_total`. What is counted (`{request}`) and a ratio are no units there.
const METADATA: [(&str, &str, &str, &str); 22] = [
    (
        "shop_service_requests",
        "counter",
        "",
        "Requests to the service that are over, by outcome",
    ),
    (
        "shop_service_active_requests",
        "gauge",
        "",
        "Requests that the service is working on",
    ),
    (
        "shop_service_errors",
        "counter",
        "",
        "Requests to the service that ended in an error or a panic, by type",
    ),
    (
        "shop_service_response_time_seconds",
        "histogram",
        "seconds",
        "How long requests to the service took, by outcome",
    ),
    (
        "shop_action_requests",
        "counter",
        "",
        "Calls of the action that are over, by outcome",
    ),
    (
        "shop_action_active_requests",
        "gauge",
        "",
        "Calls of the action that are under way",
    ),
    (
        "shop_action_errors",
        "counter",
        "",
        "Calls of the action that ended in an error or a panic, by type",
    ),
    (
        "shop_action_duration_seconds",
        "histogram",
        "seconds",
        "How long calls of the action took, by outcome",
    ),
    (
        "shop_event_received",
        "counter",
        "",
        "Events that reached their handler",
    ),
    (
        "shop_event_processing_time_seconds",
        "histogram",
        "seconds",
        "How long the handling of events took, by outcome",
    ),
    (
        "shop_event_failures",
        "counter",
        "",
        "Events whose handler ended in an error or a panic, by type",
    ),
    (
        "shop_event_published",
        "counter",
        "",
        "Events that were published, by outcome",
    ),
    (
        "shop_event_publish_duration_seconds",
        "histogram",
        "seconds",
        "How long the publishing of events took, by outcome",
    ),
    (
        "shop_event_publish_failures",
        "counter",
        "",
        "Events whose publishing ended in an error or a panic, by type",
    ),
    ("shop_basket_bytes", "histogram", "bytes", "Size of baskets"),
    ("shop_patience_seconds", "histogram", "seconds", ""),
    ("shop_parcel_grams", "histogram", "grams", ""),
    ("shop_packing_time_seconds", "histogram", "seconds", ""),
    ("shop_receipt_bytes", "counter", "bytes", ""),
    ("shop_orders", "counter", "", ""),
    ("shop_free_shelves_ratio", "gauge", "", ""),
    ("shop_open_tills", "gauge", "", ""),
];
