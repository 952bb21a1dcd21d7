//! Specifications of instruments, as the instrumentation requests them.

use std::borrow::Cow;

use opentelemetry::InstrumentationScope;

use crate::metric::{Aggregation, InstrumentKind, number::NumberKind, sharing::Sharing};

/// The specification of a requested instrument.
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
    /// The aggregation that the instrumentation requests.
    pub(crate) aggregation: Aggregation,
    pub(crate) sharing: Sharing,
}
