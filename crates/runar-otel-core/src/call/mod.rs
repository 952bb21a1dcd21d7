//! Metered calls: what the attributes make of a function.

mod add_label;
mod appended;
mod by_address;
mod completion;
mod error_types;
mod family;
mod frames;
mod function;
mod guard;
#[cfg(feature = "http")]
mod http;
mod idle;
mod in_async;
mod in_call;
mod in_sync;
mod join;
mod label_from;
mod label_values;
mod of_impl;
mod outcome;
mod publish;
mod published_series;
mod resolved;
mod series;
mod service;
mod service_series;
mod site;
mod type_name;
mod until_drop;
mod verdict;
mod watch;

pub use self::{
    add_label::add_label,
    error_types::{ErrorTypes, ErrorTypesOf},
    frames::{Spanless, spanless},
    function::{Function, Role},
    guard::Call,
    idle::{idle_services, message as idle_message},
    in_async::{InAsync, InAsyncOpen, in_async, in_async_open},
    in_call::{InCall, in_call},
    in_sync::{in_sync, in_sync_open},
    join::{join, length},
    label_from::{LabelFrom, LabelOf},
    of_impl::has_metrics,
    outcome::{ErrorType, LabelSource, Outcome},
    publish::{EventPublished, Published, event_published},
    service::{MeteredService, NoService, Owner, Probe, SERVICES, ServiceMeta},
    site::{SITES, Site},
    until_drop::{UntilDrop, until_drop, watched},
    verdict::{Judge, Judged, Verdict},
    watch::{
        AnyItem, FindWatch, JudgeItem, ResultItem, TypedItem, Watch, WatchOf, iterator_of,
        stream_of,
    },
};

use crate::isolated;

/// Shows everything whose labels are known in a new provider: functions and services that are linked, and what was
/// met at run time.
pub(crate) fn begin_at_zero() {
    isolated::outside(begin_at_zero_outside);
    idle::report();
}

fn begin_at_zero_outside() {
    for service in SERVICES {
        service.begin_at_zero();
    }
    for site in SITES {
        site.meet_linked();
    }
    site::begin_at_zero();
    published_series::begin_at_zero();
}
