//! `runar-otel`: functions under `#[metered]`.

use std::convert::Infallible;

use runar_otel::prelude::metered;

use super::call::{Body, poll};
use crate::{
    case::Case, labels::LabelSets, peer::Peer, regime::DROPPED, row::Row, setting::Setting,
    work::Work,
};

/// Each function has metrics of its own, which the row names.
pub(crate) fn case(row: &Row, recorded: impl Fn() -> f64 + 'static) -> Option<Case> {
    let body = Body::default();
    match (row.work, row.setting) {
        (Work::Call, _) if row.metric.starts_with(DROPPED) => {
            let record = move |at| poll(dropped(&body, at));
            Some(Case::new(Peer::Ours, record, recorded))
        }
        (Work::LabelledCall, _) => {
            let sets = LabelSets::new(8);
            let record = move |at| {
                let of = sets.of(at);
                poll(with_two_labels(&body, at, of.method, of.status));
            };
            Some(Case::new(Peer::Ours, record, recorded))
        }
        (Work::Call, _) => {
            let record = move |at| poll(without_span(&body, at));
            Some(Case::new(Peer::Ours, record, recorded))
        }
        (Work::SpannedCall, Setting::Plain) => {
            let record = move |at| poll(at_the_root(&body, at));
            Some(Case::new(Peer::Ours, record, recorded))
        }
        (Work::SpannedCall, _) => {
            let record = move |at| poll(below_a_caller(&body, at));
            Some(Case::new(Peer::Ours, record, recorded))
        }
        _ => None,
    }
}

#[metered(name = "off", skip_span)]
async fn without_span(body: &Body, at: usize) -> Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "dropped_off", skip_span)]
async fn dropped(body: &Body, at: usize) -> Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "two", skip_span, labels = ["method", "status"])]
async fn with_two_labels(
    body: &Body,
    at: usize,
    method: &str,
    status: &str,
) -> Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "root")]
async fn at_the_root(body: &Body, at: usize) -> Result<usize, Infallible> {
    body.run(at)
}

#[metered(name = "child")]
async fn below_a_caller(body: &Body, at: usize) -> Result<usize, Infallible> {
    body.run(at)
}
