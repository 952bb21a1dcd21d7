//! The parsers and tools that judge our pages accept what is right and name what is wrong.

use support::python::{openmetrics, text};
use support::{Result, check};

use crate::sample::{self, TRACE_ID};

#[test]
fn openmetrics_parser_reads_families_and_exemplars() -> Result<()> {
    let families = openmetrics::parse(&sample::page())?;
    assert_eq!(families[0]["name"], "order_duration_seconds");
    assert_eq!(families[0]["type"], "histogram");
    assert_eq!(families[0]["unit"], "seconds");
    assert_eq!(
        families[0]["samples"][1]["exemplar"]["labels"]["trace_id"],
        TRACE_ID
    );
    assert_eq!(
        families[0]["samples"][0]["exemplar"],
        serde_json::Value::Null
    );
    Ok(())
}

#[test]
fn openmetrics_parser_names_what_is_wrong() {
    let error = openmetrics::parse("up 1\n").expect_err("a page ends with # EOF");
    assert!(error.to_string().contains("Missing # EOF"), "{error}");
}

#[test]
fn text_parser_reads_families() -> Result<()> {
    let families =
        text::parse("# HELP up Whether it is up.\n# TYPE up gauge\nup{node=\"a\\\"b\"} +Inf\n")?;
    assert_eq!(families[0]["samples"][0]["labels"]["node"], "a\"b");
    assert_eq!(families[0]["samples"][0]["value"], "+Inf");
    Ok(())
}

#[test]
fn promtool_accepts_a_good_page_and_names_what_is_wrong() -> Result<()> {
    check::text_page("# HELP orders_total Orders.\n# TYPE orders_total counter\norders_total 1\n")?;
    let error =
        check::text_page("# TYPE orders counter\norders 1\n").expect_err("no help, no suffix");
    assert!(error.to_string().contains("no help text"), "{error}");
    Ok(())
}
