//! The recording side of runar-otel: instruments, the gate that every measurement passes, exemplars.
//!
//! Applications use the crate `runar-otel`, which re-exports what they need.

pub mod attributes;
mod cells;
mod counter;
mod descriptor;
pub mod error;
pub mod exemplar;
pub mod gate;
mod gauge;
mod handle;
mod histogram;
mod install;
mod instrument;
mod late;
pub mod name;
mod number;
mod provider;
mod registry;
pub mod report;
mod timer;
mod timer_handle;
mod up_down_counter;

pub use crate::{
    counter::{Counter, CounterBuilder},
    gauge::{Gauge, GaugeBuilder},
    handle::Labels,
    histogram::{Histogram, HistogramBuilder},
    install::{install, uninstall},
    instrument::SCOPE_NAME,
    number::{CounterNumber, GaugeNumber, HistogramNumber, Number, UpDownNumber},
    timer::{Timer, TimerBuilder},
    timer_handle::TimerHandle,
    up_down_counter::{UpDownCounter, UpDownCounterBuilder},
};
