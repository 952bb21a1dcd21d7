//! Each wire format, as the snapshots beside this file have it.

use insta::{assert_debug_snapshot, assert_snapshot};

use super::{console, exposition, otlp, sample::everything};

#[test]
fn otlp_is_as_recorded() {
    assert_debug_snapshot!(otlp::tests::request(&everything()));
}

#[test]
fn openmetrics_is_as_recorded() {
    let exposition = exposition::openmetrics(&everything());
    assert_eq!(exposition.problems, []);
    assert_snapshot!(exposition.body);
}

#[test]
fn text_is_as_recorded() {
    let exposition = exposition::text(&everything());
    assert_eq!(exposition.problems, []);
    assert_snapshot!(exposition.body);
}

#[test]
fn console_is_as_recorded() {
    assert_snapshot!(console::text(&everything()));
}
