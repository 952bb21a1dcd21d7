//! `metered`, the last release that has attributes.

use std::{convert::Infallible, sync::Arc};

use metered::{ErrorCount, HitCount, InFlight, ResponseTime, metered};

use super::call::{Body, poll};
use crate::{case::Case, peer::Peer, row::Row, work::Work};

#[derive(Default)]
struct Service {
    metrics: ServiceMetrics,
    body: Body,
}

#[metered(registry = ServiceMetrics, visibility = pub(self))]
#[measure([HitCount, ErrorCount, InFlight, ResponseTime])]
impl Service {
    #[measure]
    async fn call(&self, at: usize) -> Result<usize, Infallible> {
        self.body.run(at)
    }
}

pub(crate) fn case(row: &Row) -> Option<Case> {
    let service = Arc::new(Service::default());
    let kept = Arc::clone(&service);
    match row.work {
        // Its calls have no labels.
        Work::Call | Work::LabelledCall => {
            let record = move |at| poll(service.call(at));
            Some(Case::new(Peer::Metered, record, move || recorded(&kept)))
        }
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn recorded(service: &Service) -> f64 {
    let metrics = &service.metrics.call;
    let (hits, timed) = (
        metrics.hit_count.0.get(),
        metrics.response_time.0.histogram().len(),
    );
    if hits == timed { hits as f64 } else { f64::NAN }
}
