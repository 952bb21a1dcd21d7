//! The recording side of runar-otel: instruments, the gate that every measurement passes, exemplars.
//!
//! Applications use the crate `runar-otel`, which re-exports what they need.

mod apart;
mod aside;
mod binding;
mod builders;
pub mod call;
pub mod catalogue;
pub mod clock;
mod counter;
mod descriptor;
mod duration;
mod early;
pub mod error;
pub mod exemplar;
#[doc(hidden)]
pub mod forked;
pub mod gate;
mod gauge;
mod handle;
pub mod head;
mod hint;
mod histogram;
mod install;
mod instrument;
pub mod isolated;
pub mod label;
pub mod labels;
pub mod metric;
pub mod name;
mod number;
mod provider;
mod refusal;
mod registry;
pub mod report;
pub mod series;
mod similar;
pub mod site;
mod stripe;
mod sync;
mod target;
pub mod thread;
mod timer;
mod timer_handle;
mod up_down_counter;

/// What the code that the macros generate calls. No stable interface.
#[doc(hidden)]
pub mod __private {
    pub use linkme;
    pub use tracing;

    pub use crate::{
        __error_types as error_types, __label_from as label_from, __text as text,
        __until_drop as until_drop, __verdict as verdict,
        call::{
            Call, ErrorType, ErrorTypes, ErrorTypesOf, FindWatch, Function, InAsync, InAsyncOpen,
            Judge, Judged, LabelFrom, LabelOf, LabelSource, MeteredService, NoService, Outcome,
            Owner, Probe, Role, SERVICES, SITES, ServiceMeta, Site, UntilDrop, Verdict, WatchOf,
            add_label, has_metrics, in_async, in_async_open, in_sync, in_sync_open, iterator_of,
            join, length, stream_of, until_drop, watched,
        },
        catalogue::{METRICS, Metric},
        head::{HeadSite, Opened},
        label::{__levels as levels, LabelValue, Labelled, Text},
        metric::InstrumentKind,
        site::{
            METRIC_SITES, MetricSite, MetricValue, SiteDeclaration, SiteKind, decrement, increment,
            observe, set, timer,
        },
        thread::spans_are_alive,
        timer_handle::TimerHandle,
    };
}

#[doc(hidden)]
pub use crate::{apart::caught, number::NumberKind};
pub use crate::{
    call::{
        ErrorType, EventPublished, InCall, LabelSource, Outcome, Published, event_published,
        in_call,
    },
    counter::{Counter, CounterBuilder},
    gauge::{Gauge, GaugeBuilder},
    histogram::{Histogram, HistogramBuilder},
    install::{decline, finish, install, uninstall},
    label::LabelValue,
    labels::Labels,
    name::SCOPE_NAME,
    number::{CounterNumber, GaugeNumber, HistogramNumber, Number, UpDownNumber},
    site::MetricValue,
    timer::{Timer, TimerBuilder},
    timer_handle::TimerHandle,
    up_down_counter::{UpDownCounter, UpDownCounterBuilder},
};
