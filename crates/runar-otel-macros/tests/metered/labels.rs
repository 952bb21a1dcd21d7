//! Where the values of declared labels come from, and what the labels of the macro itself say.

use std::{borrow::Cow, collections::BTreeMap};

use runar_otel_core::LabelSource;
use runar_otel_macros::metered;

use crate::recorded::{series, start};

/// What a host hands to an action.
struct Context {
    tier: &'static str,
}

impl LabelSource for Context {
    fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        (name == "tier").then_some(Cow::Borrowed(self.tier))
    }
}

struct Orders;

impl Orders {
    #[metered(name = "labels_method", labels = ["priority", "tier", "unset"])]
    fn check_out(&self, _other: &str, context: &Context, priority: u8) -> u8 {
        context.tier.len().try_into().unwrap_or(priority)
    }

    #[metered(name = "labels_returned", prefix = "t_", service = "shop", labels = ["tier", "id"])]
    fn returned(&self, context: Context, id: String) -> impl Future<Output = usize> + use<> {
        let id = id.len() + context.tier.len();
        async move { id }
    }
}

struct Known;

#[runar_otel_macros::metrics]
impl Known {
    #[metered(name = "labels_known")]
    async fn never_called(&self, name: &str) -> Result<&str, std::io::Error> {
        let _ = name.parse::<u8>().map_err(std::io::Error::other)?;
        Ok("known")
    }
}

#[metered(name = "labels_free")]
fn free() {}

#[metered(event = "labels.updated")]
fn on_updated() {}

fn requests(metric: &str) -> BTreeMap<String, String> {
    let all = series(metric);
    let used = all.into_iter().find(|(_, count)| *count > 0);
    used.expect("one call was made").0
}

fn labels<const N: usize>(labels: [(&str, &str); N]) -> BTreeMap<String, String> {
    let owned = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    owned.into_iter().collect()
}

#[test]
fn values_come_from_arguments_and_contexts() {
    start();
    Orders.check_out("other", &Context { tier: "gold" }, 3);
    let expected = [
        ("service", "Orders"),
        ("action", "check_out"),
        ("outcome", "ok"),
        ("priority", "3"),
        ("tier", "gold"),
        ("unset", ""),
    ];
    assert_eq!(requests("labels_method_requests_total"), labels(expected));
}

#[tokio::test]
async fn arguments_that_are_gone_when_the_future_runs_give_values_too() {
    start();
    let call = Orders.returned(Context { tier: "gold" }, "abc".to_owned());
    assert_eq!(call.await, 7);
    let expected = [
        ("service", "shop"),
        ("action", "returned"),
        ("outcome", "ok"),
        ("tier", "gold"),
        ("id", "abc"),
    ];
    assert_eq!(
        requests("t_labels_returned_requests_total"),
        labels(expected)
    );
}

#[test]
fn a_free_function_belongs_to_its_crate() {
    start();
    free();
    let expected = [
        ("service", "metered"),
        ("action", "free"),
        ("outcome", "ok"),
    ];
    assert_eq!(requests("labels_free_requests_total"), labels(expected));
}

#[test]
fn error_types_of_a_known_owner_begin_at_zero() {
    start();
    drop(Known.never_called("1"));
    let all = series("labels_known_errors_total");
    let types: Vec<&str> = all
        .iter()
        .map(|(labels, _)| &*labels["error_type"])
        .collect();
    assert!(types.contains(&"_OTHER"), "{all:?}");
    assert!(all.iter().all(|(_, count)| *count == 0), "{all:?}");
}

#[test]
fn an_event_has_labels_of_its_own() {
    start();
    on_updated();
    let all = series("event_received_total");
    let ours = labels([("service", "metered"), ("event", "labels.updated")]);
    assert!(all.contains(&(ours, 1)), "{all:?}");
}
