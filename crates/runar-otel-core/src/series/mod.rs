//! Series: one object for each metric and label set, shared by handles, the gate and collections.
//!
//! ```text
//! record: cell += value ─▶ state is LIVE? ─▶ filter is open? ─▶ offer to the reservoir
//! read:   collect the reservoir ─▶ read the cell, or take it if a consumer wants deltas ─▶ a point
//! ```

mod bound;
mod cell;
mod change;
mod delivery;
mod ending;
mod object;
mod observe;
mod observed_state;
mod overflow;
mod places;
mod placing;
mod progress;
mod record;
mod retire;
mod retired_series;
mod stream;
mod value;
mod walk;

pub(crate) use self::{
    bound::BoundSeries,
    cell::ActiveCall,
    change::{LevelStep, SumValue},
    places::{ceiling, ceiling_of_at_least},
    stream::{FormerSeries, Rules},
};
pub use self::{
    delivery::Reading,
    object::Series,
    places::{DEFAULT_CEILING, set_ceiling},
    retired_series::Moment,
    stream::{Mirror, Stream},
    value::{ExponentialBuckets, ExponentialHistogram, Histogram, Number},
    walk::Consumer,
};
