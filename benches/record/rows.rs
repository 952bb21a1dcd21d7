//! All lines of the table.

use crate::{
    peers::Peer,
    regime::Regime::{AlwaysOff, Many, NoSubscriber, OnePercent, SdkDisabled},
    row::{
        Group::{Calls, Disabled, Records, Series, Spans},
        Row,
    },
    setting::Setting::{Sampled, Unsampled},
    work::Work::{
        Call, Counter, CounterLabelled, Gauge, Histogram, HistogramLabelled, SpannedCall, Timer,
    },
};

const HANDLES: &[Peer] = &[
    Peer::Ours,
    Peer::Raw,
    Peer::RawBound,
    Peer::Metrics,
    Peer::Prometheus,
    Peer::PrometheusClient,
    Peer::Measured,
];

const LABELS: &[Peer] = &[
    Peer::Ours,
    Peer::Raw,
    Peer::Metrics,
    Peer::Prometheus,
    Peer::PrometheusClient,
    Peer::Measured,
    Peer::MeasuredStrings,
];

/// Those whose label sets need not be known when the program is compiled.
const MANY: &[Peer] = &[
    Peer::Ours,
    Peer::Raw,
    Peer::Metrics,
    Peer::Prometheus,
    Peer::PrometheusClient,
    Peer::MeasuredStrings,
];

/// Those that a span or a view makes a difference to, and what it is compared with.
const SDK: &[Peer] = &[Peer::Ours, Peer::Raw, Peer::RawBound];

const CALLS: &[Peer] = &[Peer::Ours, Peer::Metered, Peer::Autometrics];

const SPANS: &[Peer] = &[Peer::Ours, Peer::Bare];

#[rustfmt::skip]
pub(crate) static ROWS: &[Row] = &[
    Row::new(Records, "counter, handle", "handle_requests_total", Counter, HANDLES),
    Row::new(Records, "counter, 3 labels per call", "labelled_requests_total", CounterLabelled, LABELS),
    Row::new(Records, "gauge, handle", "handle_level", Gauge, HANDLES),
    Row::new(Records, "histogram, handle", "handle_duration_seconds", Histogram, HANDLES),
    Row::new(Records, "histogram, 3 labels per call", "labelled_duration_seconds", HistogramLabelled, LABELS),
    Row::new(Records, "timer, start and stop", "timer_duration_seconds", Timer, HANDLES),
    Row::new(Records, "counter, two threads", "shared_requests_total", Counter, HANDLES).on_two_threads(),
    Row::new(Records, "histogram, two threads", "shared_duration_seconds", Histogram, HANDLES).on_two_threads(),

    Row::new(Series, "counter, 1,000 label sets", "thousand_requests_total", CounterLabelled, MANY).over(1_000),
    Row::new(Series, "histogram, 1,000 label sets", "thousand_duration_seconds", HistogramLabelled, MANY).over(1_000),
    Row::new(Series, "counter, 100,000 label sets", "many_requests_total", CounterLabelled, MANY).over(100_000).under(Many),
    Row::new(Series, "histogram, 100,000 label sets", "many_duration_seconds", HistogramLabelled, MANY).over(100_000).under(Many),

    Row::new(Spans, "counter, no span", "plain_requests_total", Counter, SDK),
    Row::new(Spans, "counter, unsampled span", "unsampled_requests_total", Counter, SDK).within(Unsampled),
    Row::new(Spans, "counter, sampled span", "sampled_requests_total", Counter, SDK).within(Sampled),
    Row::new(Spans, "histogram, no span", "plain_duration_seconds", Histogram, SDK),
    Row::new(Spans, "histogram, unsampled span", "unsampled_duration_seconds", Histogram, SDK).within(Unsampled),
    Row::new(Spans, "histogram, sampled span", "sampled_duration_seconds", Histogram, SDK).within(Sampled),
    Row::new(Spans, "histogram, 3 labels, no span", "plain_labelled_seconds", HistogramLabelled, SDK),
    Row::new(Spans, "histogram, 3 labels, sampled span", "sampled_labelled_seconds", HistogramLabelled, SDK).within(Sampled),
    Row::new(Spans, "always_off: counter, no span", "plain_requests_total", Counter, SDK).under(AlwaysOff),
    Row::new(Spans, "always_off: counter, unsampled span", "unsampled_requests_total", Counter, SDK).within(Unsampled).under(AlwaysOff),
    Row::new(Spans, "always_off: counter, sampled span", "sampled_requests_total", Counter, SDK).within(Sampled).under(AlwaysOff),
    Row::new(Spans, "always_off: histogram, no span", "plain_duration_seconds", Histogram, SDK).under(AlwaysOff),
    Row::new(Spans, "always_off: histogram, unsampled span", "unsampled_duration_seconds", Histogram, SDK).within(Unsampled).under(AlwaysOff),
    Row::new(Spans, "always_off: histogram, sampled span", "sampled_duration_seconds", Histogram, SDK).within(Sampled).under(AlwaysOff),
    Row::new(Spans, "always_off: histogram, 3 labels, no span", "plain_labelled_seconds", HistogramLabelled, SDK).under(AlwaysOff),
    Row::new(Spans, "always_off: histogram, 3 labels, sampled span", "sampled_labelled_seconds", HistogramLabelled, SDK).within(Sampled).under(AlwaysOff),

    Row::new(Calls, "async call, no span of its own", "off_requests_total", Call, CALLS),
    Row::new(Calls, "async call with span, 1 % sampled", "root_requests_total", SpannedCall, SPANS).under(OnePercent),
    Row::new(Calls, "async call with span, sampled", "root_requests_total", SpannedCall, SPANS),
    Row::new(Calls, "async call with span, caller unsampled", "child_requests_total", SpannedCall, SPANS).within(Unsampled),
    Row::new(Calls, "async call with span, no subscriber", "root_requests_total", SpannedCall, SPANS).under(NoSubscriber),

    Row::new(Disabled, "counter, dropped by a view", "dropped_requests_total", Counter, SDK),
    Row::new(Disabled, "counter, 3 labels, dropped by a view", "dropped_labelled_total", CounterLabelled, SDK),
    Row::new(Disabled, "gauge, dropped by a view", "dropped_level", Gauge, SDK),
    Row::new(Disabled, "histogram, dropped by a view", "dropped_duration_seconds", Histogram, SDK),
    Row::new(Disabled, "counter, OTEL_SDK_DISABLED", "disabled_requests_total", Counter, SDK).under(SdkDisabled),
    Row::new(Disabled, "counter, 3 labels, OTEL_SDK_DISABLED", "disabled_labelled_total", CounterLabelled, SDK).under(SdkDisabled),
    Row::new(Disabled, "gauge, OTEL_SDK_DISABLED", "disabled_level", Gauge, SDK).under(SdkDisabled),
    Row::new(Disabled, "histogram, OTEL_SDK_DISABLED", "disabled_duration_seconds", Histogram, SDK).under(SdkDisabled),
    Row::new(Disabled, "async call, OTEL_SDK_DISABLED", "off_requests_total", Call, &[Peer::Ours]).under(SdkDisabled),
];
