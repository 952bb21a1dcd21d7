//! The clock that measures durations.

mod source;
mod start;
pub(crate) mod ticks;

pub(crate) use self::start::Start;
pub use self::{
    source::{Clock, ManualClock},
    start::{keep_to_the_system, now},
};
