//! Metrics as they are declared: kinds of instrument, aggregations, and the plans of streams.

mod stream;

pub use self::stream::{
    Aggregation, DEFAULT_CARDINALITY_LIMIT, InstrumentKind, OVERFLOW_KEY, Shape, StreamPlan,
};
