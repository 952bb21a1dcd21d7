//! The pull endpoint, read by others: the Python parsers and promtool.

use serde_json::Value;
use support::{Result, check, http, python};

use crate::application::{Application, number};

const OPENMETRICS: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
     application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
     text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

fn alone() -> Application {
    Application::start(&[
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ])
}

fn samples<'a>(families: &'a Value, name: &str) -> Vec<&'a Value> {
    let all = families
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|family| family["samples"].as_array().unwrap());
    all.filter(|sample| sample["name"] == name).collect()
}

fn sum(families: &Value, name: &str) -> f64 {
    samples(families, name)
        .iter()
        .filter_map(|sample| sample["value"].as_f64())
        .sum()
}

#[test]
fn the_openmetrics_page_is_read_by_the_reference_parser() -> Result<()> {
    let mut application = alone();
    let ledger = application.tell("orders 8");
    application.tell("foreign 2");
    let url = format!("http://{}/metrics", application.prometheus());
    let page = http::get(&url, OPENMETRICS)?;
    assert!(
        page.content_type
            .starts_with("application/openmetrics-text; version=1.0.0"),
        "{}",
        page.content_type
    );

    let families = python::openmetrics::parse(&page.body)?;
    assert!(
        (sum(&families, "app_orders_total") - 8.0).abs() < f64::EPSILON,
        "{}",
        page.body
    );
    assert!((sum(&families, "app_order_duration_seconds_count") - 8.0).abs() < f64::EPSILON);
    let seconds = sum(&families, "app_order_duration_seconds_sum");
    assert!((seconds - number(&ledger, "seconds")).abs() < 1e-9);
    assert!((sum(&families, "legacy_total") - 7.0).abs() < f64::EPSILON);

    let buckets = samples(&families, "app_order_duration_seconds_bucket");
    let linked = buckets
        .iter()
        .filter(|bucket| !bucket["exemplar"].is_null());
    let ids: Vec<_> = linked
        .map(|bucket| {
            bucket["exemplar"]["labels"]["trace_id"]
                .as_str()
                .unwrap()
                .len()
        })
        .collect();
    assert!(
        ids.len() >= 3 && ids.iter().all(|length| *length == 32),
        "{ids:?}\n{}",
        page.body
    );
    assert!(
        samples(&families, "app_orders_total")
            .iter()
            .all(|sample| !sample["exemplar"].is_null())
    );
    assert_eq!(samples(&families, "target_info").len(), 1);
    Ok(())
}

#[test]
fn the_text_page_is_read_by_the_reference_parser_and_promtool() -> Result<()> {
    let mut application = alone();
    application.tell("orders 4");
    let url = format!("http://{}/metrics", application.prometheus());
    let page = http::get(&url, "text/plain")?;
    assert!(
        page.content_type.starts_with("text/plain; version=0.0.4"),
        "{}",
        page.content_type
    );
    let families = python::text::parse(&page.body)?;
    assert!((sum(&families, "app_orders_total") - 4.0).abs() < f64::EPSILON);
    check::text_page(&page.body)
}

#[test]
fn scrapes_neither_empty_exemplars_nor_each_other() -> Result<()> {
    let mut application = alone();
    application.tell("orders 4");
    let url = format!("http://{}/metrics", application.prometheus());
    let exemplars = |body: &str| body.lines().filter(|line| line.contains(" # {")).count();
    let first = exemplars(&http::get(&url, OPENMETRICS)?.body);
    let second = exemplars(&http::get(&url, OPENMETRICS)?.body);
    assert!(first > 0);
    assert_eq!(first, second);
    Ok(())
}
