//! The instruments that users hold: counters, gauges, histograms, timers.
//!
//! Each is a thin facade over a [`handle`]: an instrument with base labels that finds its series by itself.

pub(crate) mod builders;
pub(crate) mod counter;
pub(crate) mod gauge;
pub(crate) mod handle;
pub(crate) mod handle_series;
pub(crate) mod histogram;
pub(crate) mod timer;
pub(crate) mod timer_handle;
pub(crate) mod up_down_counter;
