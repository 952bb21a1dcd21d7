//! Snapshots of the code that the macros generate.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Macro, add_label, expand};

fn shown(expansion: &TokenStream) -> String {
    let file = quote!(fn of_the_user() { #expansion });
    prettyplease::unparse(&syn::parse2(file).unwrap())
}

#[test]
fn a_record_is_one_static_site_and_one_call() {
    let expansion = expand(
        Macro::Observe,
        quote!([::runar_otel] "payment_amount", value: event.amount, labels: {
            "payment_method" => event.payment_method,
        }),
    );
    insta::assert_snapshot!(shown(&expansion));
}

#[test]
fn an_increment_without_value_adds_one() {
    let expansion = expand(Macro::Increment, quote!([::runar_otel] "orders_total"));
    insta::assert_snapshot!(shown(&expansion));
}

#[test]
fn a_timer_gets_only_labels() {
    let expansion = expand(
        Macro::Timer,
        quote!([::runar_otel] "operation_duration", labels: {"kind" => 1}),
    );
    insta::assert_snapshot!(shown(&expansion));
}

#[test]
fn a_label_is_one_call_that_names_its_place() {
    let expansion = add_label(quote!([::runar_otel] "user_tier", tier));
    insta::assert_snapshot!(shown(&expansion));
}

#[test]
fn all_errors_are_said_at_once() {
    let expansion = expand(
        Macro::Set,
        quote!([::runar_otel] "a b", vlaue: 1, labels: {"a" = 1, "a" => 2}),
    );
    insta::assert_snapshot!(shown(&expansion));
}
