//! `autometrics` with `prometheus` behind it, the fastest of its backends.

use std::convert::Infallible;

use autometrics::{autometrics, settings::AutometricsSettings};
use prometheus::Registry;

use super::call::{Body, poll};
use crate::{case::Case, peer::Peer, readings::in_registry, result::Result, row::Row, work::Work};

/// The registry of the process.
pub(crate) fn start() -> Result<Registry> {
    let registry = Registry::new();
    AutometricsSettings::builder()
        .prometheus_registry(registry.clone())
        .try_init()?;
    Ok(registry)
}

pub(crate) fn case(row: &Row, registry: &Registry) -> Option<Case> {
    let body = Body::default();
    let registry = registry.clone();
    // It has this one function: all of its calls are those of this case.
    let recorded = move || in_registry(&registry, "function_calls_total");
    match row.work {
        Work::Call => {
            let record = move |at| poll(call(&body, at));
            Some(Case::new(Peer::Autometrics, record, recorded))
        }
        _ => None,
    }
}

#[autometrics]
async fn call(body: &Body, at: usize) -> std::result::Result<usize, Infallible> {
    body.run(at)
}
