//! `#[tracing::instrument]`: what a span costs without us.

use std::convert::Infallible;

use tracing::{Span, instrument};

use super::call::{Body, poll};
use crate::{case::Case, peer::Peer, regime::Regime, result::Result, row::Row, work::Work};

pub(crate) fn case(row: &Row) -> Result<Option<Case>> {
    if row.work != Work::SpannedCall {
        return Ok(None);
    }
    // It counts nothing that could be read back: so it is looked whether it makes spans.
    let spans = !span_within().is_none();
    if spans != (row.regime != Regime::NoSubscriber) {
        return Err(format!("{}: spans are made: {spans}", row.title).into());
    }
    let body = Body::default();
    let kept = body.clone();
    let record = move |at| poll(call(&body, at));
    Ok(Some(Case::new(Peer::Bare, record, move || kept.ran())))
}

#[instrument(skip_all)]
async fn call(body: &Body, at: usize) -> std::result::Result<usize, Infallible> {
    body.run(at)
}

#[instrument(skip_all)]
fn span_within() -> Span {
    Span::current()
}
