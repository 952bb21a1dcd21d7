//! The gate: a meter provider around the SDK's, which every measurement passes.
//!
//! Built from traits of the OpenTelemetry API alone and set as the global provider, it sees what the facade, the
//! macros and third-party libraries record, applies the views, and offers exemplars.

mod batch;
mod bound;
mod deferral;
mod joined;
pub(crate) mod labels;
mod meter;
mod number;
mod observable;
pub mod stream;
mod streams;
mod tap;
mod view;

use std::{fmt, sync::Arc};

use opentelemetry::{
    InstrumentationScope,
    metrics::{Meter, MeterProvider},
};

pub(crate) use self::{batch::Ring, bound::BoundSeries, deferral::is_collecting, tap::Source};
pub use self::{
    deferral::during_collection,
    streams::{GateOptions, Streams},
    view::View,
};
use self::{
    meter::{GateMeter, InnerMeter},
    stream::Aggregation,
};

/// A meter provider that decorates another one.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<dyn MeterProvider + Send + Sync>,
    streams: Arc<Streams>,
}

impl Gate {
    /// Puts the gate before a provider.
    #[must_use]
    pub fn new(streams: Arc<Streams>, inner: Arc<dyn MeterProvider + Send + Sync>) -> Self {
        streams.hook().install(&*inner);
        Self { inner, streams }
    }

    /// The streams of all instruments made so far.
    #[must_use]
    pub fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    /// A meter whose instruments ask for an aggregation, which the API has no words for.
    pub(crate) fn meter_with(
        &self,
        scope: InstrumentationScope,
        aggregation: Aggregation,
    ) -> GateMeter {
        GateMeter {
            inner: Arc::new(InnerMeter::new(self.inner.clone(), scope.clone())),
            scope,
            aggregation,
            streams: self.streams.clone(),
        }
    }
}

impl MeterProvider for Gate {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
        Meter::new(Arc::new(self.meter_with(scope, Aggregation::Default)))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gate")
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}
