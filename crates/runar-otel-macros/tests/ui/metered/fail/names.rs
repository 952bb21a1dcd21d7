//! Names that would be none of a metric.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(name = "check out")]
fn letter_that_is_not_valid() {}

#[metered(name = "1st")]
fn starts_with_a_digit() {}

#[metered(name = "")]
fn empty() {}

#[metered(prefix = "shop!")]
fn prefix_that_is_not_valid() {}

#[metered(name = "orders_total")]
fn total() {}

#[metered(name = "orders_requests_total")]
fn whole_name() {}

#[metered(name = "orders_requests_total_total")]
fn twice_as_much() {}

#[metered(name = "orders_duration_seconds")]
fn duration() {}

#[metered(
    prefix = "shop_",
    name = "a23456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789_123456789"
)]
fn too_long() {}

fn main() {}
