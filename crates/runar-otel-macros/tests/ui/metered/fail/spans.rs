//! What the span says.

extern crate runar_otel_core as runar_otel;

use runar_otel_macros::metered;

#[metered(kind = "Server")]
fn unknown_kind() {}

#[metered(kind = "gateway")]
fn far_from_any_kind() {}

#[metered(level = "information")]
fn unknown_level() {}

#[metered(level = "INFO")]
fn level_in_capitals() {}

#[metered(skip_span, span_name = "x", fields(a = 1), kind = "server", level = "info")]
fn no_span() {}

#[metered(skip_span, keep_span)]
fn both() {}

#[metered(span_name = "")]
fn empty_name() {}

fn main() {}
