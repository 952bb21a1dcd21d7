//! Measurements recorded before there is a provider: kept for the first one, up to a limit.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use opentelemetry::Context;

use super::{instrument::Instrument, provider::NONE_YET};
use crate::{
    labels::LabelSet,
    metric::number::Value,
    report,
    threads::{context::context_is_alive, forked},
};

/// The largest number of measurements that wait for the first provider, 4096. Further ones are lost; a report says how many.
const MOST: usize = 4096;

/// True while measurements are kept: until the first provider comes, or the limit is reached. Release pairs with
/// Acquire: a thread that finds it closed also finds the provider that closed it. The lock decides about each
/// measurement.
static OPEN: AtomicBool = AtomicBool::new(true);

static KEPT: Mutex<Vec<EarlyMeasurement>> = Mutex::new(Vec::new());

/// The number of measurements that came after the limit was reached.
static LOST: AtomicU64 = AtomicU64::new(0);

struct EarlyMeasurement {
    instrument: Arc<Instrument>,
    value: Value,
    labels: LabelSet,
}

/// Keeps a measurement that found no provider, or records it if a provider came meanwhile.
#[inline]
pub(crate) fn keep(instrument: &Arc<Instrument>, value: Value, labels: &LabelSet) {
    if OPEN.load(Ordering::Acquire) {
        push(instrument, value, labels.clone());
    } else if instrument.recorder().provider().generation() != NONE_YET {
        // A provider may have come after this measurement looked for it, and has then taken what waited already.
        let _ = instrument.record(value, labels);
    } else {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

#[cold]
fn push(instrument: &Arc<Instrument>, value: Value, labels: LabelSet) {
    let Some(mut kept) = forked::lock(&KEPT) else {
        return;
    };
    // Under the lock: nothing may be put down after the provider has taken what there is.
    if !OPEN.load(Ordering::Relaxed) {
        drop(kept);
        let _ = instrument.record(value, &labels);
        return;
    }
    kept.push(EarlyMeasurement {
        instrument: instrument.clone(),
        value,
        labels,
    });
    if kept.len() >= MOST {
        OPEN.store(false, Ordering::Release);
    }
}

/// Records the measurements that wait; later ones are not kept.
pub(crate) fn record_all() {
    // They were measured elsewhere: the span of the installing thread is not theirs.
    let _no_span = context_is_alive().then(|| Context::new().attach());
    for early in close() {
        let _ = early.instrument.record(early.value, &early.labels);
    }
    let lost = LOST.swap(0, Ordering::Relaxed);
    if lost > 0 {
        report::say(format!(
            "{lost} measurements are not counted: they were recorded before `init()`, which keeps {MOST}; expected an \
             earlier `init()`"
        ));
    }
}

/// Forgets the measurements that wait; later ones are not kept.
pub(crate) fn forget() {
    drop(close());
}

fn close() -> Vec<EarlyMeasurement> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    OPEN.store(false, Ordering::Release);
    std::mem::take(&mut *kept)
}
