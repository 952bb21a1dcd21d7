//! What the macros of `metrics` recorded on the way.

use std::collections::BTreeSet;

use support::{Result, Stack};

use super::says;

/// Each under the name that its unit makes: stated, of the name, or of the value's type.
pub(super) fn arrived(stack: &Stack) -> Result<()> {
    let expected: [(&str, &[&str]); 10] = [
        (
            "sum by (tier) (shop_orders_total)",
            &["tier=gold 7", "tier=silver 4"],
        ),
        (
            "sum by (tier) (shop_basket_bytes_sum)",
            &["tier=gold 5600", "tier=silver 3200"],
        ),
        (
            "sum by (le) (shop_basket_bytes_bucket)",
            &["le=+Inf 22", "le=100 0", "le=1000 22"],
        ),
        ("sum(shop_patience_seconds_sum)", &["16.5"]),
        ("sum(shop_patience_seconds_count)", &["11"]),
        ("sum(shop_parcel_grams_sum)", &["2755.5"]),
        ("sum(shop_receipt_bytes_total)", &["704"]),
        ("sum(shop_packing_time_seconds_count)", &["11"]),
        ("sum(shop_free_shelves_ratio)", &["0.75"]),
        ("sum(shop_open_tills)", &["3"]),
    ];
    for (query, lines) in expected {
        says(stack, query, lines)?;
    }
    Ok(())
}

const SINGLE: [&str; 14] = [
    "shop_action_active_requests",
    "shop_action_errors_total",
    "shop_action_requests_total",
    "shop_event_failures_total",
    "shop_event_publish_failures_total",
    "shop_event_published_total",
    "shop_event_received_total",
    "shop_free_shelves_ratio",
    "shop_open_tills",
    "shop_orders_total",
    "shop_receipt_bytes_total",
    "shop_service_active_requests",
    "shop_service_errors_total",
    "shop_service_requests_total",
];

const HISTOGRAMS: [&str; 8] = [
    "shop_action_duration_seconds",
    "shop_basket_bytes",
    "shop_event_processing_time_seconds",
    "shop_event_publish_duration_seconds",
    "shop_packing_time_seconds",
    "shop_parcel_grams",
    "shop_patience_seconds",
    "shop_service_response_time_seconds",
];

/// Nothing else arrives, and no suffix is doubled.
pub(super) fn names_are_those_of_the_code(stack: &Stack) -> Result<()> {
    let parts = |name| ["_bucket", "_count", "_sum"].map(|part| format!("{name}{part}"));
    let expected: BTreeSet<String> = SINGLE
        .iter()
        .map(ToString::to_string)
        .chain(HISTOGRAMS.iter().flat_map(parts))
        .collect();
    let found = stack
        .prometheus()
        .query(r#"count by (__name__) ({__name__=~"shop_.*"})"#)?;
    let names: BTreeSet<String> = found
        .iter()
        .map(|sample| sample.labels["__name__"].clone())
        .collect();
    assert_eq!(names, expected);
    Ok(())
}
