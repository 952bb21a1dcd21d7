//! What is known begins at zero, so that `increase()` sees the first error.

use support::{Result, Stack};

use super::says;

/// Before any call, as far as the attributes know what there will be.
pub(super) fn begins_at_zero(stack: &Stack) -> Result<()> {
    says(
        stack,
        r#"sum by (outcome) (shop_service_requests_total{service="shop"})"#,
        &OUTCOMES_AT_ZERO,
    )?;
    says(
        stack,
        "sum by (service, error_type) (shop_service_errors_total)",
        &[
            "error_type=out_of_stock service=Herald 0",
            "error_type=out_of_stock service=shop 0",
            "error_type=panic service=Herald 0",
            "error_type=panic service=Warehouse 0",
            "error_type=panic service=shop 0",
            "error_type=refused service=Herald 0",
            "error_type=refused service=shop 0",
        ],
    )?;
    says(
        stack,
        r#"sum by (outcome) (shop_action_requests_total{action="reserve"})"#,
        &OUTCOMES_AT_ZERO,
    )?;
    says(
        stack,
        r#"sum by (error_type) (shop_action_errors_total{action="reserve"})"#,
        &KINDS_AT_ZERO,
    )?;
    says(
        stack,
        "sum by (event, service) (shop_event_received_total)",
        &["event=payment.completed service=shop 0"],
    )?;
    says(
        stack,
        "sum by (error_type) (shop_event_failures_total)",
        &KINDS_AT_ZERO,
    )
}

const OUTCOMES_AT_ZERO: [&str; 4] = [
    "outcome=cancelled 0",
    "outcome=error 0",
    "outcome=ok 0",
    "outcome=panic 0",
];

const KINDS_AT_ZERO: [&str; 3] = [
    "error_type=out_of_stock 0",
    "error_type=panic 0",
    "error_type=refused 0",
];

/// After calls that went well: also for what is known only by the first call, a publishing or a struct's method.
pub(super) fn is_zero_before_the_first_error(stack: &Stack) -> Result<()> {
    says(
        stack,
        "sum by (outcome) (shop_event_published_total)",
        &[
            "outcome=cancelled 0",
            "outcome=error 0",
            "outcome=ok 2",
            "outcome=panic 0",
        ],
    )?;
    says(
        stack,
        "sum by (error_type) (shop_event_publish_failures_total)",
        &["error_type=_OTHER 0", "error_type=panic 0"],
    )?;
    says(
        stack,
        r#"sum by (action, outcome) (shop_action_requests_total{action=~"reserve|pick"})"#,
        &[
            "action=pick outcome=cancelled 0",
            "action=pick outcome=error 0",
            "action=pick outcome=ok 3",
            "action=pick outcome=panic 0",
            "action=reserve outcome=cancelled 0",
            "action=reserve outcome=error 0",
            "action=reserve outcome=ok 3",
            "action=reserve outcome=panic 0",
        ],
    )?;
    says(
        stack,
        "sum(shop_service_errors_total) + sum(shop_action_errors_total) + sum(shop_event_failures_total)",
        &["0"],
    )
}

/// Because of the zero before it. The window ends with the last sample, so that nothing is extrapolated.
pub(super) fn increase_sees_the_first_error(stack: &Stack) -> Result<()> {
    let increase = |by: &str, metric: &str, series: &str, expected: &[&str]| {
        let time = format!("max(timestamp({metric}))");
        let last = stack.prometheus().query(&time)?[0].value;
        let query = format!("sum by ({by}) (increase({metric}{{{series}}}[1h] @ {last:.3})) > 0");
        says(stack, &query, expected)
    };
    let by_kind = [
        "error_type=out_of_stock 2",
        "error_type=panic 1",
        "error_type=refused 1",
    ];
    let shop = r#"service="shop""#;
    let reserve = r#"action="reserve""#;
    let outcomes = |ok: &'static str| {
        [
            "outcome=cancelled 4",
            "outcome=error 3",
            ok,
            "outcome=panic 1",
        ]
    };
    increase(
        "outcome",
        "shop_service_requests_total",
        shop,
        &outcomes("outcome=ok 9"),
    )?;
    increase("error_type", "shop_service_errors_total", shop, &by_kind)?;
    increase(
        "outcome",
        "shop_action_requests_total",
        reserve,
        &outcomes("outcome=ok 3"),
    )?;
    increase("error_type", "shop_action_errors_total", reserve, &by_kind)?;
    increase(
        "event",
        "shop_event_received_total",
        "",
        &["event=payment.completed 6"],
    )?;
    increase(
        "error_type",
        "shop_event_failures_total",
        "",
        &["error_type=out_of_stock 1", "error_type=panic 1"],
    )?;
    // The event is known by its first publishing, with which the series begin.
    increase(
        "outcome",
        "shop_event_published_total",
        r#"outcome!="ok""#,
        &["outcome=cancelled 1", "outcome=error 2", "outcome=panic 1"],
    )?;
    increase(
        "error_type",
        "shop_event_publish_failures_total",
        "",
        &["error_type=_OTHER 2", "error_type=panic 1"],
    )
}
