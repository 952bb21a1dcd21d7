//! The recording side of `runar-otel`: instruments, metered calls, the gate that every measurement passes, exemplars.
//!
//! For the crates of `runar-otel`, and for hosts that bring a pipeline of their own. Applications use the crate `runar-otel`,
//! which re-exports their part. It stands on the OpenTelemetry API and `tracing`: no SDK, no runtime, no I/O.
//!
//! The way of one measurement:
//!
//! ```text
//! histogram.observe(0.3)
//!   instruments::histogram ─▶ instruments::handle     is it finite? which series?
//!   binding::cached                                    found before in this provider: the series is at hand
//!   series::bound ─▶ series::cell                      two atomics: count of the bucket, sum
//!   series::object                                     mirrored, asleep, retired? only then more
//!   exemplar::filter ─▶ exemplar::slot                 in a sampled span: offered to the reservoir
//! a collection: series::walk ─▶ series::delivery       reads the cell, or takes it for consumers of deltas
//! ```

pub mod action;
mod binding;
pub mod call;
pub mod call_site;
pub mod catalogue;
pub mod clock;
pub mod event;
pub mod exemplar;
pub mod gate;
mod install;
mod instruments;
pub mod label;
pub mod labels;
pub mod metric;
pub mod outcome;
pub mod report;
pub mod sampling;
pub mod series;
mod threads;

/// What the code that the macros generate calls. No stable interface.
#[doc(hidden)]
pub mod __private {
    pub use linkme;
    pub use tracing;

    pub use crate::{
        __error_types as error_types, __label_from as label_from, __text as text,
        __until_drop as until_drop, __verdict as verdict,
        action::{
            Function, MeteredService, NoService, Owner, Probe, Role, SERVICES, SITES, ServiceMeta,
            Site, has_metrics,
        },
        call::{
            Call, InAsync, InAsyncOpen, UntilDrop, add_label, in_async, in_async_open, in_sync,
            in_sync_open, until_drop, watched,
        },
        call_site::{
            METRIC_SITES, MetricSite, MetricValue, SiteDeclaration, SiteKind, decrement, increment,
            observe, set, timer,
        },
        catalogue::{METRICS, Metric},
        instruments::timer_handle::TimerHandle,
        label::{__levels as levels, LabelValue, Labelled, Text},
        metric::InstrumentKind,
        outcome::{
            ErrorType, ErrorTypes, ErrorTypesOf, FindWatch, Judge, Judged, LabelFrom, LabelOf,
            LabelSource, Outcome, Verdict, WatchOf, iterator_of, join, length, stream_of,
        },
        sampling::{HeadSite, Opened},
        threads::context::spans_are_alive,
    };
}

pub use crate::{
    call::{InCall, in_call},
    call_site::MetricValue,
    event::{EventPublished, Published, event_published},
    install::{decline, finish, install, uninstall},
    instruments::{
        counter::{Counter, CounterBuilder},
        gauge::{Gauge, GaugeBuilder},
        histogram::{Histogram, HistogramBuilder},
        timer::{Timer, TimerBuilder},
        timer_handle::TimerHandle,
        up_down_counter::{UpDownCounter, UpDownCounterBuilder},
    },
    label::LabelValue,
    labels::Labels,
    metric::{
        name::SCOPE_NAME,
        number::{CounterNumber, GaugeNumber, HistogramNumber, Number, UpDownNumber},
    },
    outcome::{ErrorType, LabelSource, Outcome},
};
#[doc(hidden)]
pub use crate::{metric::number::NumberKind, threads::apart::caught};

#[doc(hidden)]
pub use crate::threads::forked;
pub use crate::{
    binding::isolated_recorder as isolated,
    metric::{error, name},
    threads::context as thread,
};
