//! The clock that measures durations.

mod start;
pub(crate) mod ticks;

pub(crate) use self::start::Start;
pub use self::start::{keep_to_the_system, now};
pub use crate::binding::recorder_clock::{Clock, ManualClock};
