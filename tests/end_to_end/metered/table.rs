//! Each name of the table, asked as a dashboard asks.

use serde_json::json;
use support::{Result, Stack};

use super::{flush, macros, open, says, tell, zero};

#[test]
fn each_name_of_the_table_returns_what_was_done() -> Result<()> {
    let stack = Stack::start()?;
    let mut shop = open(&stack);

    flush(&mut shop);
    zero::begins_at_zero(&stack)?;

    let went_well = [
        "calls ok 3",
        "prices ok 4",
        "events ok 2",
        "jobs ok 1",
        "publishes ok 2",
    ];
    tell(&mut shop, &went_well);
    flush(&mut shop);
    zero::is_zero_before_the_first_error(&stack)?;

    tell(&mut shop, &["hold 2"]);
    flush(&mut shop);
    is_under_way(&stack)?;

    let rest = [
        "release",
        "calls error 2 refused 1 panic 1 cancelled 2",
        "prices ok 2",
        "events ok 1 error 1 panic 1 cancelled 1",
        "jobs ok 1 refused 1 panic 1 cancelled 1",
        "publishes ok 1 error 2 panic 1 cancelled 1",
    ];
    let done = tell(&mut shop, &rest);
    assert_eq!(
        done,
        json!({
            "calls": { "ok": 3, "error": 3, "panic": 1, "cancelled": 4 },
            "prices": { "ok": 6 },
            "events": { "ok": 3, "error": 1, "panic": 1, "cancelled": 1 },
            "jobs": { "ok": 2, "error": 1, "panic": 1, "cancelled": 1 },
            "publishes": { "ok": 3, "error": 2, "panic": 1, "cancelled": 1 },
        })
    );
    flush(&mut shop);
    service(&stack)?;
    action(&stack)?;
    labels(&stack)?;
    received(&stack)?;
    published(&stack)?;
    nothing_is_under_way(&stack)?;
    zero::increase_sees_the_first_error(&stack)?;
    quantiles_know_their_buckets(&stack)?;
    macros::arrived(&stack)?;
    macros::names_are_those_of_the_code(&stack)
}

fn is_under_way(stack: &Stack) -> Result<()> {
    says(
        stack,
        "sum by (service) (shop_service_active_requests)",
        &["service=Herald 0", "service=Warehouse 0", "service=shop 2"],
    )?;
    says(
        stack,
        "sum by (action) (shop_action_active_requests)",
        &[
            "action=check_out 2",
            "action=pick 0",
            "action=price 0",
            "action=reserve 2",
            "action=restock 0",
        ],
    )
}

fn nothing_is_under_way(stack: &Stack) -> Result<()> {
    says(
        stack,
        "sum by (service) (shop_service_active_requests)",
        &["service=Herald 0", "service=Warehouse 0", "service=shop 0"],
    )?;
    says(
        stack,
        "sum by (action) (shop_action_active_requests)",
        &[
            "action=check_out 0",
            "action=pick 0",
            "action=price 0",
            "action=reserve 0",
            "action=restock 0",
        ],
    )
}

/// Only outermost actions: a check-out with a reservation inside is one request to the shop, and one to the warehouse.
fn service(stack: &Stack) -> Result<()> {
    says(
        stack,
        "sum by (service, outcome) (shop_service_requests_total) > 0",
        &SERVICE_OUTCOMES,
    )?;
    says(
        stack,
        "sum by (service, outcome) (shop_service_response_time_seconds_count)",
        &SERVICE_OUTCOMES,
    )?;
    says(
        stack,
        "sum by (service, error_type) (shop_service_errors_total)",
        &[
            "error_type=out_of_stock service=Herald 2",
            "error_type=out_of_stock service=shop 2",
            "error_type=panic service=Herald 1",
            "error_type=panic service=Warehouse 0",
            "error_type=panic service=shop 1",
            "error_type=refused service=Herald 0",
            "error_type=refused service=shop 1",
        ],
    )
}

const SERVICE_OUTCOMES: [&str; 9] = [
    "outcome=cancelled service=Herald 1",
    "outcome=cancelled service=shop 4",
    "outcome=error service=Herald 2",
    "outcome=error service=shop 3",
    "outcome=ok service=Herald 3",
    "outcome=ok service=Warehouse 11",
    "outcome=ok service=shop 9",
    "outcome=panic service=Herald 1",
    "outcome=panic service=shop 1",
];

/// Every call, of actions and jobs.
fn action(stack: &Stack) -> Result<()> {
    says(
        stack,
        "sum by (service, action, outcome) (shop_action_requests_total) > 0",
        &ACTION_OUTCOMES,
    )?;
    says(
        stack,
        "sum by (service, action, outcome) (shop_action_duration_seconds_count)",
        &ACTION_OUTCOMES,
    )?;
    says(
        stack,
        "sum by (action, error_type) (shop_action_errors_total)",
        &[
            "action=check_out error_type=out_of_stock 2",
            "action=check_out error_type=panic 1",
            "action=check_out error_type=refused 1",
            "action=pick error_type=panic 0",
            "action=price error_type=panic 0",
            "action=reserve error_type=out_of_stock 2",
            "action=reserve error_type=panic 1",
            "action=reserve error_type=refused 1",
            "action=restock error_type=out_of_stock 0",
            "action=restock error_type=panic 1",
            "action=restock error_type=refused 1",
        ],
    )
}

const ACTION_OUTCOMES: [&str; 14] = [
    "action=check_out outcome=cancelled service=shop 4",
    "action=check_out outcome=error service=shop 3",
    "action=check_out outcome=ok service=shop 3",
    "action=check_out outcome=panic service=shop 1",
    "action=pick outcome=ok service=Warehouse 11",
    "action=price outcome=ok service=shop 6",
    "action=reserve outcome=cancelled service=shop 4",
    "action=reserve outcome=error service=shop 3",
    "action=reserve outcome=ok service=shop 3",
    "action=reserve outcome=panic service=shop 1",
    "action=restock outcome=cancelled service=shop 1",
    "action=restock outcome=error service=shop 1",
    "action=restock outcome=ok service=shop 2",
    "action=restock outcome=panic service=shop 1",
];

/// One label from an argument, one from `add_label!`; both on each metric but the gauge.
fn labels(stack: &Stack) -> Result<()> {
    let outcomes = [
        "outcome=cancelled payment=card tier=gold 3",
        "outcome=cancelled payment=card tier=silver 1",
        "outcome=error payment=card tier=gold 2",
        "outcome=error payment=card tier=silver 1",
        "outcome=ok payment=card tier=gold 2",
        "outcome=ok payment=card tier=silver 1",
        "outcome=panic payment=card tier=silver 1",
    ];
    for metric in ["requests_total", "duration_seconds_count"] {
        let query = format!(
            r#"sum by (outcome, tier, payment) (shop_action_{metric}{{action="check_out"}})"#
        );
        says(stack, &query, &outcomes)?;
    }
    says(
        stack,
        r#"sum by (error_type, tier, payment) (shop_action_errors_total{action="check_out"})"#,
        &[
            "error_type=out_of_stock payment=card tier=gold 1",
            "error_type=out_of_stock payment=card tier=silver 1",
            "error_type=panic payment=card tier=silver 1",
            "error_type=refused payment=card tier=gold 1",
        ],
    )
}

fn received(stack: &Stack) -> Result<()> {
    says(
        stack,
        "sum by (event, service) (shop_event_received_total)",
        &["event=payment.completed service=shop 6"],
    )?;
    says(
        stack,
        "sum by (event, service, outcome) (shop_event_processing_time_seconds_count)",
        &[
            "event=payment.completed outcome=cancelled service=shop 1",
            "event=payment.completed outcome=error service=shop 1",
            "event=payment.completed outcome=ok service=shop 3",
            "event=payment.completed outcome=panic service=shop 1",
        ],
    )?;
    says(
        stack,
        "sum by (event, service, error_type) (shop_event_failures_total)",
        &[
            "error_type=out_of_stock event=payment.completed service=shop 1",
            "error_type=panic event=payment.completed service=shop 1",
            "error_type=refused event=payment.completed service=shop 0",
        ],
    )
}

fn published(stack: &Stack) -> Result<()> {
    let outcomes = [
        "event=order.placed outcome=cancelled service=Herald 1",
        "event=order.placed outcome=error service=Herald 2",
        "event=order.placed outcome=ok service=Herald 3",
        "event=order.placed outcome=panic service=Herald 1",
    ];
    for metric in ["published_total", "publish_duration_seconds_count"] {
        let query = format!("sum by (event, service, outcome) (shop_event_{metric})");
        says(stack, &query, &outcomes)?;
    }
    says(
        stack,
        "sum by (event, service, error_type) (shop_event_publish_failures_total)",
        &[
            "error_type=_OTHER event=order.placed service=Herald 2",
            "error_type=panic event=order.placed service=Herald 1",
        ],
    )
}

/// The bounds of the attribute arrive: all prices lie between 0.001 and 60, so the median is said to be in the middle.
fn quantiles_know_their_buckets(stack: &Stack) -> Result<()> {
    let median = |metric: &str, series: &str| {
        let query =
            format!("histogram_quantile(0.5, sum by (le) (rate({metric}_bucket{{{series}}}[1h])))");
        let found = stack.prometheus().query(&query)?;
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        Ok(found[0].value)
    };
    let price = median("shop_action_duration_seconds", r#"action="price""#)?;
    assert!((price - 30.0005).abs() < 1e-9, "{price}");
    for metric in [
        "shop_service_response_time_seconds",
        "shop_action_duration_seconds",
        "shop_event_processing_time_seconds",
        "shop_event_publish_duration_seconds",
    ] {
        let seconds = median(metric, r#"outcome="ok""#)?;
        assert!(seconds > 0.0 && seconds < 60.0, "{metric}: {seconds}");
    }
    Ok(())
}
