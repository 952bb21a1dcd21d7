//! Sources of metrics outside of the gate.

use std::{borrow::Cow, time::SystemTime};

use crate::snapshot::ScopeMetrics;

/// A source of metrics outside of the gate, such as a bridged Prometheus registry.
pub trait Producer: Send + Sync {
    /// Returns the name of the source in reports.
    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("a source of external metrics")
    }

    /// Returns the metrics of the source now, cumulative, whichever temporality the consumer prefers.
    fn produce(&self, now: SystemTime) -> Vec<ScopeMetrics>;
}
