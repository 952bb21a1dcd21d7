//! The ledger: what was recorded, counted beside the metrics.

use std::sync::{
    PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicU64, Ordering},
};

use runar_otel_testing::{Metrics as _, Page, Series};

type Labels = &'static [(&'static str, &'static str)];

/// A metric whose sum, or number of values, has to come out right.
pub(crate) struct Account {
    metric: &'static str,
    labels: Labels,
    recorded: AtomicU64,
}

impl Account {
    pub(crate) const fn new(metric: &'static str, labels: Labels) -> Self {
        Self {
            metric,
            labels,
            recorded: AtomicU64::new(0),
        }
    }

    /// Notes what is recorded.
    pub(crate) fn add(&self, count: u64) {
        self.recorded.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed)
    }

    pub(crate) fn clear(&self) {
        self.recorded.store(0, Ordering::Relaxed);
    }

    /// Compares what was recorded with what a page has of it; `None` if both are the same.
    pub(crate) fn wrong_in(&self, page: &Page) -> Option<String> {
        let of_account = |series: &&Series| {
            let has = |(name, value): &(&str, &str)| {
                let known = series.labels.iter();
                known.clone().any(|(of, is)| of == name && is == value)
            };
            series.name == self.metric && self.labels.iter().all(has)
        };
        let all = page.series();
        let found: f64 = all.iter().filter(of_account).map(amount).sum();
        let recorded = self.recorded();
        let is_right = (found - recorded as f64).abs() < 0.5;
        let (metric, labels) = (self.metric, self.labels);
        (!is_right).then(|| format!("{metric} {labels:?}: recorded {recorded}, found {found}"))
    }
}

/// The value of a number, and how many values a distribution has.
fn amount(series: &Series) -> f64 {
    match series.distribution() {
        Some(distribution) => distribution.count as f64,
        None => series.number().unwrap_or(f64::NAN),
    }
}

/// Whoever records holds it for reading; a comparison holds it alone.
static TURN: RwLock<()> = RwLock::new(());

/// Waits until something may be recorded.
pub(crate) fn turn() -> RwLockReadGuard<'static, ()> {
    TURN.read().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until nobody records, and keeps it so.
pub(crate) fn quiet() -> RwLockWriteGuard<'static, ()> {
    TURN.write().unwrap_or_else(PoisonError::into_inner)
}
