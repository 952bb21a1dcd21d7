//! Records of call sites: the functions that the macros call.

use super::{
    measured::{Measured, MetricValue},
    metric_site::MetricSite,
    resolve::SiteInstrument,
};
use crate::{
    instruments::{handle::Handle, timer_handle::TimerHandle},
    labels::Labels,
    metric::number::Value,
};

/// Adds to a counter, a gauge or an up-down counter. A counter refuses a negative value, and reports that once.
#[inline]
pub fn increment<V: MetricValue>(site: &'static MetricSite, value: V, labels: Labels<'_>) {
    add(site, value.measured(), labels);
}

/// Subtracts from a gauge or an up-down counter.
#[inline]
pub fn decrement<V: MetricValue>(site: &'static MetricSite, value: V, labels: Labels<'_>) {
    subtract(site, value.measured(), labels);
}

/// Sets a gauge to a value.
#[inline]
pub fn set<V: MetricValue>(site: &'static MetricSite, value: V, labels: Labels<'_>) {
    set_to(site, value.measured(), labels);
}

/// Counts a value in a histogram.
#[inline]
pub fn observe<V: MetricValue>(site: &'static MetricSite, value: V, labels: Labels<'_>) {
    count(site, value.measured(), labels);
}

/// Starts a timer that counts its duration when stopped or dropped.
pub fn timer(site: &'static MetricSite, labels: Labels<'_>) -> TimerHandle {
    let handle = site.target(None, |target| match target {
        SiteInstrument::Histogram(handle) => handle.clone(),
        _ => Handle::default(),
    });
    let timer = TimerHandle::start(handle, None);
    labels.iter().fold(timer, |timer, (name, value)| {
        timer.with_label(*name, *value)
    })
}

fn add(site: &'static MetricSite, value: Measured, labels: Labels<'_>) {
    site.target(Some(value), |target| match target {
        SiteInstrument::Counter(counter) => counter.change(value.number(counter.handle()), labels),
        SiteInstrument::UpDown(handle) => record(handle, value.number(handle), labels),
        SiteInstrument::Gauge(gauge) => gauge.handle().adjust(value.number(gauge.handle()), labels),
        SiteInstrument::Histogram(_) | SiteInstrument::Nothing => {}
    });
}

fn subtract(site: &'static MetricSite, value: Measured, labels: Labels<'_>) {
    site.target(Some(value), |target| match target {
        SiteInstrument::UpDown(handle) => record(handle, value.number(handle).negated(), labels),
        SiteInstrument::Gauge(gauge) => {
            let by = value.number(gauge.handle()).negated();
            gauge.handle().adjust(by, labels);
        }
        _ => {}
    });
}

fn set_to(site: &'static MetricSite, value: Measured, labels: Labels<'_>) {
    site.target(Some(value), |target| {
        if let SiteInstrument::Gauge(gauge) = target {
            gauge.handle().set(value.number(gauge.handle()), labels);
        }
    });
}

fn count(site: &'static MetricSite, value: Measured, labels: Labels<'_>) {
    site.target(Some(value), |target| {
        if let SiteInstrument::Histogram(handle) = target {
            let value = value.number(handle);
            if labels.is_empty() {
                handle.observe(value);
            } else {
                handle.record_with(value, labels);
            }
        }
    });
}

fn record(handle: &Handle, value: Value, labels: Labels<'_>) {
    if labels.is_empty() {
        handle.record(value);
    } else {
        handle.record_with(value, labels);
    }
}
