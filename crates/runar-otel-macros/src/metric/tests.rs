//! Snapshots of the code that `#[metric]` generates.

use quote::quote;

use super::metric;
use crate::pretty::pretty;

#[test]
fn a_counter_has_accessors_for_its_labels() {
    let generated = metric(
        quote!(
            type = "counter",
            name = "user_registration_total",
            description = "Total number of user registrations",
            labels = ["source", "type"]
        ),
        quote! {
            pub struct UserRegistrationMetric;
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}

#[test]
fn a_timer_starts() {
    let generated = metric(
        quote!(type = "timer", name = "took_seconds", buckets = [0.1, 1], crate = a::b),
        quote! {
            /// How long it took.
            struct Took;
        },
    );
    insta::assert_snapshot!(pretty(&generated));
}

#[test]
fn a_gauge_goes_both_ways() {
    let generated = metric(
        quote!(type = "gauge", name = "queue_length"),
        quote!(
            pub struct QueueLength;
        ),
    );
    insta::assert_snapshot!(pretty(&generated));
}
