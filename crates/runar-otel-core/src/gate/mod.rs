//! The gate: our meter provider, which every measurement passes.
//!
//! It implements the metrics SDK of the OpenTelemetry specification behind the OpenTelemetry API. Set as the global
//! provider, it sees the measurements of the facade, the macros and third-party libraries, and applies the views.

mod conflict;
mod instrument;
mod meter;
mod observable;
mod overflow;
mod spec;
mod streams;
mod table;
mod view;
mod worker;

use std::{fmt, sync::Arc};

use opentelemetry::{
    InstrumentationScope,
    metrics::{Meter, MeterProvider},
};

use self::meter::GateMeter;
pub(crate) use self::spec::InstrumentSpec;
pub use self::{
    observable::in_callback,
    streams::{GateOptions, Streams},
    view::View,
};
use crate::{
    report,
    threads::{context::observe_contexts, forked},
};

/// The meter provider.
#[derive(Clone)]
pub struct Gate {
    streams: Arc<Streams>,
}

impl Gate {
    /// Makes the provider whose instruments feed these streams.
    #[must_use]
    pub fn new(streams: Arc<Streams>) -> Self {
        observe_contexts();
        forked::note();
        Self { streams }
    }

    /// The streams of all instruments made so far.
    #[must_use]
    pub fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }
}

impl MeterProvider for Gate {
    /// OpenTelemetry specification, metrics SDK: *Meter Creation*: a meter without a name works, with a report.
    fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
        if scope.name().is_empty() {
            report::once("meter without a name", || {
                "a meter has no name: expected that of the library that it measures".to_owned()
            });
        }
        Meter::new(Arc::new(GateMeter::new(scope, self.streams.clone())))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gate")
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}
