//! Instruments as they are asked for.

use std::borrow::Cow;

use opentelemetry::InstrumentationScope;

use crate::metric::{Aggregation, InstrumentKind, number::NumberKind, sharing::Sharing};

/// An instrument as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct InstrumentSpec {
    pub(crate) scope: InstrumentationScope,
    pub(crate) name: Cow<'static, str>,
    pub(crate) unit: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) kind: InstrumentKind,
    pub(crate) number: NumberKind,
    /// Bucket bounds that the instrumentation advises.
    pub(crate) bounds: Option<Vec<f64>>,
    /// The aggregation that the instrumentation asks for.
    pub(crate) aggregation: Aggregation,
    pub(crate) sharing: Sharing,
}
