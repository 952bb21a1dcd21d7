//! Metrics as they are declared: kinds of instrument, aggregations, and the plans of streams.

mod declaration;
pub(crate) mod descriptor;
pub(crate) mod duration;
pub mod error;
pub mod name;
pub(crate) mod number;
pub(crate) mod refusal;
pub(crate) mod sharing;
mod stream;

pub use self::declaration::MetricDeclaration;
pub use self::stream::{
    Aggregation, DEFAULT_CARDINALITY_LIMIT, InstrumentKind, OVERFLOW_KEY, Shape, StreamPlan,
};
