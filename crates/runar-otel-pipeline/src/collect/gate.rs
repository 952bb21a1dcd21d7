//! What collecting needs from the recording side, and from others who have metrics.

use std::time::SystemTime;

use opentelemetry::InstrumentationScope;
use runar_otel_core::{attributes::Attributes, gate::stream::Shape};

use crate::{
    snapshot::ScopeMetrics,
    store::{StreamExemplars, StreamFacts},
};

/// Knows what the collected data does not say about a stream.
pub trait Plans {
    /// The facts about the stream of this identity, `None` if it is not known.
    ///
    /// Without facts the instrument counts as a synchronous one with the default limits, unless the data itself
    /// says that it was observed.
    fn facts(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        shape: Shape,
    ) -> Option<StreamFacts>;

    /// New label sets of the stream that others keep: those of them that were collected are kept instead of copies.
    fn label_sets(
        &self,
        scope: &InstrumentationScope,
        name: &str,
        unit: &str,
        shape: Shape,
    ) -> Vec<Attributes>;
}

/// The gate that every measurement passes, seen from the collecting side.
pub trait Gate: Plans + Send + Sync {
    /// Takes what the reservoirs hold, and empties them.
    fn freeze(&self) -> Vec<StreamExemplars>;

    /// Runs the SDK's collection.
    ///
    /// The calling thread is marked meanwhile: an instrument that a callback creates has to wait until the
    /// SDK has let go of the lock that it holds over its callbacks.
    fn during_collection(&self, collect: &mut dyn FnMut());
}

/// A source of metrics outside the SDK, such as a bridged Prometheus registry.
pub trait Producer: Send + Sync {
    /// Its metrics now, cumulative, whichever temporality the consumer prefers.
    fn produce(&self, now: SystemTime) -> Vec<ScopeMetrics>;
}
