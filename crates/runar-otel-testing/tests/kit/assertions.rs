//! Assertions that hold, and the messages of those that fail.

use std::time::Duration;

use runar_otel_testing::{Page, Query, assert_metric, assert_no_metric};

use crate::panic_message;

fn page() -> Page {
    Page::parse(concat!(
        "# TYPE orders counter\n",
        "orders_total{otel_scope_name=\"shop\",outcome=\"ok\",source=\"web\"} 2\n",
        "orders_total{otel_scope_name=\"shop\",outcome=\"error\",source=\"web\"} 1\n",
        "# TYPE rooms gauge\n",
        "rooms 4.5\n",
        "# TYPE duration_seconds histogram\n",
        "duration_seconds_bucket{le=\"0.1\"} 1 # {trace_id=\"0a\",span_id=\"0b\"} 0.05\n",
        "duration_seconds_bucket{le=\"+Inf\"} 2\n",
        "duration_seconds_sum 0.30000000000000004\n",
        "duration_seconds_count 2\n",
        "# EOF\n",
    ))
    .unwrap()
}

#[test]
fn every_form_of_the_grammar_holds() {
    let page = page();
    let outcome = String::from("ok");
    assert_metric!(page, "orders_total");
    assert_metric!(page, "orders_total", == 3);
    assert_metric!(page, "orders_total", {"outcome" => "ok"});
    assert_metric!(page, "orders_total", {"outcome" => outcome}, == 2);
    assert_metric!(&page, "orders_total", exactly {"outcome" => "ok", "source" => "web",}, >= 2_u64);
    assert_metric!(page, "orders_total", {}, series == 2, != 4);
    assert_metric!(page, String::from("rooms"), < 5, > 4, <= 4.5);
    assert_metric!(page, "duration_seconds", exactly {}, count == 2, sum ~ 0.3, exemplars == 1,);
    assert_metric!(page, "duration_seconds", sum ~ Duration::from_millis(300));
    assert_no_metric!(page, "orders");
    assert_no_metric!(page, "orders_total", {"outcome" => "panic"});
    assert_no_metric!(page, "orders_total", exactly {"outcome" => "ok"});
}

#[test]
fn a_wrong_value_is_told_with_the_series() {
    let message =
        panic_message(|| assert_metric!(page(), "orders_total", {"outcome" => "ok"}, == 3));
    assert_eq!(
        message,
        "`orders_total{outcome=\"ok\"}`: expected == 3, found 2\n  the series:\n    \
         orders_total{otel_scope_name=\"shop\",outcome=\"ok\",source=\"web\"} 2 (counter)"
    );
}

#[test]
fn a_missing_series_is_told_with_the_closest_first() {
    let message =
        panic_message(|| assert_metric!(page(), "order_total", {"outcome" => "error"}, == 1));
    let start = "there is no series `order_total{outcome=\"error\"}` (expected == 1); did you mean \
                 `orders_total`?\n  there are, the closest first:\n    orders_total{otel_scope_name=\"shop\",\
                 outcome=\"error\"";
    assert!(message.starts_with(start), "{message}");
    assert_eq!(message.lines().count(), 6, "{message}");
}

#[test]
fn a_wrong_label_is_named() {
    let name = panic_message(|| assert_metric!(page(), "orders_total", {"outcom" => "ok"}));
    assert!(
        name.contains("it has no label `outcom`: did you mean `outcome`?"),
        "{name}"
    );
    let value = panic_message(|| assert_metric!(page(), "orders_total", {"source" => "shop"}));
    assert!(
        value.contains("`source` is \"web\" in the closest one"),
        "{value}"
    );
}

#[test]
fn a_wrong_part_is_told() {
    let number = panic_message(|| assert_metric!(page(), "duration_seconds", == 1));
    assert!(
        number.contains("but a histogram has `count` and `sum`"),
        "{number}"
    );
    let count = panic_message(|| assert_metric!(page(), "rooms", count == 1));
    assert!(
        count.contains("expected count == 1, but a gauge has neither"),
        "{count}"
    );
}

#[test]
fn a_series_that_should_not_be_is_told() {
    let message = panic_message(|| assert_no_metric!(page(), "rooms"));
    assert_eq!(
        message,
        "expected no series `rooms`\n  found:\n    rooms 4.5 (gauge)"
    );
}

#[test]
fn nothing_at_all_is_told() {
    let message = panic_message(|| assert_metric!(Vec::new(), "rooms"));
    assert_eq!(
        message,
        "there is no series `rooms`; there are no series at all"
    );
}

#[test]
fn a_query_is_shown_as_it_was_asked() {
    let query = Query::new("a").label("b", 1).exactly();
    assert_eq!(query.to_string(), "a{b=\"1\"} without further labels");
}
