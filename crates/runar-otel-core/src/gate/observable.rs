//! Observable instruments behind the gate: callbacks that cannot do harm, and labels that views remove.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Callback},
};

use super::{
    deferral::during_collection, number::Measured, stream::InstrumentKind, streams::Stream,
};
use crate::{
    attributes::{Attributes, canonical},
    report,
};

/// The callbacks of an instrument, run for one of its streams.
pub(super) fn observe<M: Measured>(
    callbacks: &[Callback<M>],
    stream: &Stream,
    instrument: &dyn AsyncInstrument<M>,
) {
    let observer = Observer {
        instrument,
        stream,
        sums: sums(stream).then(Mutex::default),
    };
    for callback in callbacks {
        // A panic here would poison the SDK's pipeline: no collection would succeed any more.
        if catch_unwind(AssertUnwindSafe(|| {
            during_collection(|| callback(&observer));
        }))
        .is_err()
        {
            report::once(("callback", &stream.plan.name), || {
                format!(
                    "a callback of observable metric `{}` panicked: its values are missing",
                    stream.plan.name
                )
            });
        }
    }
    observer.finish();
}

/// Whether observations of one collection are added up: attribute sets that a view makes equal.
///
/// OpenTelemetry specification, metrics SDK: *Asynchronous instrument, spatial re-aggregation*.
fn sums(stream: &Stream) -> bool {
    let additive = matches!(
        stream.plan.kind,
        InstrumentKind::ObservableCounter | InstrumentKind::ObservableUpDownCounter
    );
    additive && stream.labels.is_some()
}

struct Observer<'a, M> {
    instrument: &'a dyn AsyncInstrument<M>,
    stream: &'a Stream,
    sums: Option<Mutex<HashMap<Attributes, M>>>,
}

impl<M: Measured> Observer<'_, M> {
    fn finish(&self) {
        let Some(sums) = &self.sums else { return };
        let sums = std::mem::take(&mut *sums.lock().unwrap_or_else(PoisonError::into_inner));
        for (attributes, value) in sums {
            self.instrument.observe(value, &attributes);
        }
    }
}

impl<M: Measured> AsyncInstrument<M> for Observer<'_, M> {
    fn observe(&self, value: M, attributes: &[KeyValue]) {
        let attributes = canonical(attributes);
        let kept: Attributes = match &self.stream.labels {
            Some(labels) => labels.kept(&attributes).into(),
            None => attributes.clone(),
        };
        match &self.sums {
            None => self.instrument.observe(value, &kept),
            Some(sums) => {
                let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
                sums.entry(kept.clone())
                    .and_modify(|sum| *sum = sum.plus(value))
                    .or_insert(value);
            }
        }
        if let Some(exemplars) = &self.stream.exemplars {
            let labels = self.stream.labels.as_ref();
            exemplars.offer_observed(
                &self.stream.plan,
                value.as_f64(),
                &attributes,
                &kept,
                labels,
            );
        }
    }
}

/// Callbacks shared by the streams of an instrument.
pub(super) type Callbacks<M> = Arc<Vec<Callback<M>>>;
