//! From a bucket to the very call that fell into it, however it ended.

use std::collections::BTreeSet;

use support::{
    Result, Stack,
    client::{Exemplar, ExemplarSeries, Span, Trace},
};

use super::{SOON, flush, open, tell};
use crate::link::BOUNDS;

/// The tags that tell how a call ended: outcome, status and type of error.
fn told(span: &Span) -> [Option<&str>; 4] {
    ["outcome", "otel.status_code", "error", "error.type"]
        .map(|tag| span.tags.get(tag).map(String::as_str))
}

fn tag<'a>(span: &'a Span, name: &str) -> &'a str {
    span.tags.get(name).map_or("", String::as_str)
}

#[test]
fn a_bucket_leads_to_the_call_however_it_ended() -> Result<()> {
    let stack = Stack::start()?;
    let mut shop = open(&stack);
    tell(
        &mut shop,
        &["calls ok 3 error 1 refused 1 panic 1 cancelled 2"],
    );
    flush(&mut shop);
    for (outcome, ended) in [
        ("ok", [Some("ok"), None, None, None]),
        ("cancelled", [Some("cancelled"), None, None, None]),
        (
            "panic",
            [Some("panic"), Some("ERROR"), Some("true"), Some("panic")],
        ),
    ] {
        for (span, trace) in linked(&stack, outcome)? {
            assert_eq!(told(&span), ended, "{span:?}");
            is_below_its_caller(&span, &trace);
        }
    }
    for (span, trace) in linked(&stack, "error")? {
        let [outcome, status, error, kind] = told(&span);
        assert_eq!(
            (outcome, status, error),
            (Some("error"), Some("ERROR"), Some("true"))
        );
        assert!(matches!(kind, Some("out_of_stock" | "refused")), "{span:?}");
        is_below_its_caller(&span, &trace);
    }
    errors_lead_to_errors(&stack)
}

/// Each exemplar of an error counter leads to an error of that type; what began at zero and stayed there has none.
fn errors_lead_to_errors(stack: &Stack) -> Result<()> {
    let prometheus = stack.prometheus();
    let mut kinds = BTreeSet::new();
    let query = r#"{__name__=~"shop_(service|action)_errors_total"}"#;
    for series in prometheus.query_exemplars(query)? {
        let kind = &series.series_labels["error_type"];
        kinds.insert(kind.clone());
        for exemplar in series.exemplars {
            assert!((exemplar.value - 1.0).abs() < f64::EPSILON, "{exemplar:?}");
            let (trace, id) = (&exemplar.labels["trace_id"], &exemplar.labels["span_id"]);
            let failed = |span: &Span| span.span_id == *id && tag(span, "error.type") == kind;
            let arrived = |trace: &Trace| trace.spans.iter().any(failed);
            stack.jaeger().wait_for_trace(trace, SOON, arrived)?;
        }
    }
    let expected = ["out_of_stock", "panic", "refused"].map(str::to_owned);
    assert_eq!(kinds, BTreeSet::from(expected));
    Ok(())
}

/// Every exemplar of the action with this outcome, followed to its span.
fn linked(stack: &Stack, outcome: &str) -> Result<Vec<(Span, Trace)>> {
    let query =
        format!(r#"shop_action_duration_seconds_bucket{{action="reserve",outcome="{outcome}"}}"#);
    let arrived =
        |found: &[ExemplarSeries]| found.iter().any(|series| !series.exemplars.is_empty());
    let found = stack
        .prometheus()
        .wait_for_exemplars(&query, SOON, arrived)?;
    let mut spans = Vec::new();
    for series in found {
        let bound = series.series_labels["le"].parse().expect("a bound");
        for exemplar in series.exemplars {
            spans.push(follow(stack, bound, &exemplar)?);
        }
    }
    Ok(spans)
}

fn follow(stack: &Stack, bound: f64, exemplar: &Exemplar) -> Result<(Span, Trace)> {
    let (trace_id, span_id) = (&exemplar.labels["trace_id"], &exemplar.labels["span_id"]);
    // Check-out, reservation, picking, and the shelf that is found for it.
    let trace = stack
        .jaeger()
        .wait_for_trace(trace_id, SOON, |trace| trace.spans.len() == 4)?;
    let span = trace.spans.iter().find(|span| span.span_id == *span_id);
    let span = span.unwrap_or_else(|| panic!("no span {span_id} in {trace:?}"));
    assert_eq!(
        (span.name.as_str(), span.service.as_str()),
        ("reserve", "orders")
    );
    assert_eq!(
        (tag(span, "service"), tag(span, "action")),
        ("shop", "reserve")
    );

    let below = BOUNDS.iter().copied().filter(|lower| *lower < bound);
    let lower = below.fold(f64::NEG_INFINITY, f64::max);
    let seconds = span.duration.as_secs_f64();
    for took in [exemplar.value, seconds] {
        assert!(
            lower < took && took <= bound,
            "{took} in ({lower}, {bound}]"
        );
    }
    // It works for 17 ms. The span begins just before the clock and ends just after it.
    assert!(exemplar.value >= 0.017, "{exemplar:?}");
    assert!(
        (seconds - exemplar.value).abs() < 0.005,
        "span {seconds}, recorded {}",
        exemplar.value
    );
    Ok((span.clone(), trace))
}

/// The caller ended in the same way; what was called before went well.
fn is_below_its_caller(span: &Span, trace: &Trace) {
    let caller = trace.span("check_out").expect("the caller");
    assert_eq!(span.parent.as_ref(), Some(&caller.span_id));
    assert_eq!(caller.parent, None);
    assert_eq!(told(caller), told(span));
    let line = "code.line.number";
    assert_ne!(tag(caller, line), tag(span, line), "each where it stands");
    let pick = trace.span("pick").expect("the warehouse");
    assert_eq!(pick.parent.as_ref(), Some(&span.span_id));
    assert_eq!(tag(pick, "service"), "Warehouse");
    assert_eq!(told(pick), [Some("ok"), None, None, None]);
}

#[test]
fn calls_are_found_in_jaeger_by_how_they_ended() -> Result<()> {
    let stack = Stack::start()?;
    let mut shop = open(&stack);
    let lines = [
        "calls ok 3 error 2 panic 1 cancelled 2",
        "events ok 1 refused 1 panic 1 cancelled 1",
        "jobs ok 1 error 1 cancelled 1",
        "publishes ok 1 error 1 panic 1 cancelled 1",
    ];
    tell(&mut shop, &lines);
    flush(&mut shop);
    let found = |name: &str, tags: &[(&str, &str)], number: usize| {
        let all = |traces: &[Trace]| traces.len() == number;
        let jaeger = stack.jaeger();
        jaeger.wait_for_search(("orders", name, tags), SOON, all)
    };
    // First all of them: what is found then by a tag is all that there is.
    found("reserve", &[], 8)?;
    found("reserve", &[("outcome", "ok")], 3)?;
    found("reserve", &[("outcome", "error"), ("service", "shop")], 2)?;
    found(
        "reserve",
        &[("outcome", "panic"), ("error.type", "panic")],
        1,
    )?;
    found("reserve", &[("outcome", "cancelled")], 2)?;
    found("check_out", &[], 8)?;
    found("check_out", &[("error.type", "out_of_stock")], 2)?;
    found("check_out", &[("outcome", "cancelled")], 2)?;
    found("payment_completed", &[("event", "payment.completed")], 4)?;
    found("payment_completed", &[("error.type", "refused")], 1)?;
    found("restock", &[], 3)?;
    found("restock", &[("outcome", "cancelled")], 1)?;
    found("announce", &[], 4)?;
    found(
        "announce",
        &[("outcome", "panic"), ("service", "Herald")],
        1,
    )?;
    found("announce", &[("outcome", "cancelled")], 1)?;
    Ok(())
}
