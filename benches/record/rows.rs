//! All lines of the table.

use crate::{
    peer::Peer,
    regime::Regime::{
        AfterExporter, AlwaysOff, First, LogLines, Many, NoSubscriber, OnePercent, SdkDisabled,
        Second, Third,
    },
    row::{
        Group::{Calls, Disabled, Labels, Lives, Records, Spans},
        Row,
    },
    setting::Setting::{Sampled, Unsampled},
    target::Target::{self, Faster, Fastest, Row as OfRow, Times},
    work::Work::{
        Call, Counter, CounterBeyond, CounterLabelled, Gauge, Histogram, HistogramLabelled,
        LabelledCall, SpannedCall, Timer,
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

/// The call that all compare with has no labels, and cannot be switched off.
const METERED: &[Peer] = &[Peer::Ours, Peer::Metered];

const SPANS: &[Peer] = &[Peer::Ours, Peer::Bare];

/// Those that have a limit.
const LIMITED: &[Peer] = &[Peer::Ours, Peer::Raw];

const OURS: &[Peer] = &[Peer::Ours];

/// Labels per call: faster than these, and so many times `prometheus`, which hashes labels and never compares them.
macro_rules! labelled {
    ($most:literal) => {
        &[
            Times($most, Peer::Prometheus),
            Faster(Peer::Raw),
            Faster(Peer::Metrics),
            Faster(Peer::PrometheusClient),
        ]
    };
}

const OFF: &[Target] = &[Times(0.15, Peer::Metered)];

#[rustfmt::skip]
pub(crate) static ROWS: &[Row] = &[
    Row::new(Records, "counter, handle", "handle_requests_total", Counter, HANDLES).to_reach(&[Fastest(1.6)]),
    Row::new(Records, "counter, two threads", "shared_requests_total", Counter, HANDLES).on_two_threads().to_reach(&[Fastest(0.4)]),
    Row::new(Records, "gauge, handle", "handle_level", Gauge, HANDLES),
    Row::new(Records, "histogram, handle", "handle_duration_seconds", Histogram, HANDLES).to_reach(&[Fastest(1.05)]),
    Row::new(Records, "histogram, two threads", "shared_duration_seconds", Histogram, HANDLES).on_two_threads().to_reach(&[Fastest(0.4)]),
    Row::new(Records, "timer, start and stop", "timer_duration_seconds", Timer, HANDLES),

    Row::new(Labels, "counter, 8 label sets", "labelled_requests_total", CounterLabelled, LABELS).to_reach(labelled!(1.8)),
    Row::new(Labels, "counter, 8 label sets, two threads", "labelled_shared_total", CounterLabelled, LABELS).on_two_threads().to_reach(labelled!(0.6)),
    Row::new(Labels, "counter, 1,000 label sets", "thousand_requests_total", CounterLabelled, MANY).over(1_000).to_reach(labelled!(1.5)),
    Row::new(Labels, "counter, 1,000 label sets, two threads", "thousand_shared_total", CounterLabelled, MANY).over(1_000).on_two_threads().to_reach(labelled!(0.9)),
    Row::new(Labels, "counter, 100,000 label sets", "many_requests_total", CounterLabelled, MANY).over(100_000).under(Many).to_reach(labelled!(1.5)),
    Row::new(Labels, "counter, 100,000 label sets, two threads", "many_shared_total", CounterLabelled, MANY).over(100_000).under(Many).on_two_threads().to_reach(labelled!(1.2)),
    Row::new(Labels, "counter, beyond the limit", "beyond_requests_total", CounterBeyond, LIMITED).over(1_000).to_reach(&[OfRow(2.0, "counter, 1,000 label sets")]),
    Row::new(Labels, "counter, beyond the limit, two threads", "beyond_shared_total", CounterBeyond, LIMITED).over(1_000).on_two_threads().to_reach(&[OfRow(2.0, "counter, 1,000 label sets, two threads")]),
    Row::new(Labels, "histogram, 8 label sets", "labelled_duration_seconds", HistogramLabelled, LABELS),
    Row::new(Labels, "histogram, 1,000 label sets", "thousand_duration_seconds", HistogramLabelled, MANY).over(1_000),
    Row::new(Labels, "histogram, 100,000 label sets", "many_duration_seconds", HistogramLabelled, MANY).over(100_000).under(Many),

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

    Row::new(Calls, "async call, no span of its own", "off_requests_total", Call, CALLS).to_reach(&[Times(0.7, Peer::Metered)]),
    Row::new(Calls, "async call, two labels", "two_requests_total", LabelledCall, METERED).to_reach(&[Times(1.3, Peer::Metered)]),
    Row::new(Calls, "async call with span, 1 % sampled, log lines", "root_requests_total", SpannedCall, SPANS).under(LogLines).to_reach(&[Times(0.35, Peer::Bare)]),
    Row::new(Calls, "async call with span, 1 % sampled", "root_requests_total", SpannedCall, SPANS).under(OnePercent),
    Row::new(Calls, "async call with span, sampled", "root_requests_total", SpannedCall, SPANS),
    Row::new(Calls, "async call with span, caller unsampled", "child_requests_total", SpannedCall, SPANS).within(Unsampled),
    Row::new(Calls, "async call with span, no subscriber", "root_requests_total", SpannedCall, SPANS).under(NoSubscriber),

    Row::new(Disabled, "counter, dropped by a view", "dropped_requests_total", Counter, SDK),
    Row::new(Disabled, "counter, 3 labels, dropped by a view", "dropped_labelled_total", CounterLabelled, SDK),
    Row::new(Disabled, "gauge, dropped by a view", "dropped_level", Gauge, SDK),
    Row::new(Disabled, "histogram, dropped by a view", "dropped_duration_seconds", Histogram, SDK),
    Row::new(Disabled, "async call, dropped by a view", "dropped_off_requests_total", Call, METERED).to_reach(OFF),
    Row::new(Disabled, "counter, OTEL_SDK_DISABLED", "disabled_requests_total", Counter, SDK).under(SdkDisabled),
    Row::new(Disabled, "counter, 3 labels, OTEL_SDK_DISABLED", "disabled_labelled_total", CounterLabelled, SDK).under(SdkDisabled),
    Row::new(Disabled, "gauge, OTEL_SDK_DISABLED", "disabled_level", Gauge, SDK).under(SdkDisabled),
    Row::new(Disabled, "histogram, OTEL_SDK_DISABLED", "disabled_duration_seconds", Histogram, SDK).under(SdkDisabled),
    Row::new(Disabled, "async call, OTEL_SDK_DISABLED", "off_requests_total", Call, METERED).under(SdkDisabled).to_reach(OFF),

    Row::new(Lives, "first init: counter, handle", "handle_requests_total", Counter, OURS).under(First),
    Row::new(Lives, "first init: counter, 8 label sets", "labelled_requests_total", CounterLabelled, OURS).under(First),
    Row::new(Lives, "first init: async call", "off_requests_total", Call, OURS).under(First),
    Row::new(Lives, "second init: counter, handle", "handle_requests_total", Counter, OURS).under(Second).to_reach(&[OfRow(1.1, "first init: counter, handle")]),
    Row::new(Lives, "second init: counter, 8 label sets", "labelled_requests_total", CounterLabelled, OURS).under(Second).to_reach(&[OfRow(1.1, "first init: counter, 8 label sets")]),
    Row::new(Lives, "second init: async call", "off_requests_total", Call, OURS).under(Second).to_reach(&[OfRow(1.1, "first init: async call")]),
    Row::new(Lives, "third init: counter, handle", "handle_requests_total", Counter, OURS).under(Third).to_reach(&[OfRow(1.1, "first init: counter, handle")]),
    Row::new(Lives, "third init: counter, 8 label sets", "labelled_requests_total", CounterLabelled, OURS).under(Third).to_reach(&[OfRow(1.1, "first init: counter, 8 label sets")]),
    Row::new(Lives, "third init: async call", "off_requests_total", Call, OURS).under(Third).to_reach(&[OfRow(1.1, "first init: async call")]),
    Row::new(Lives, "exporter before: counter, handle", "handle_requests_total", Counter, OURS).under(AfterExporter).to_reach(&[OfRow(1.1, "first init: counter, handle")]),
    Row::new(Lives, "exporter before: counter, 8 label sets", "labelled_requests_total", CounterLabelled, OURS).under(AfterExporter).to_reach(&[OfRow(1.1, "first init: counter, 8 label sets")]),
    Row::new(Lives, "exporter before: async call", "off_requests_total", Call, OURS).under(AfterExporter).to_reach(&[OfRow(1.1, "first init: async call")]),
];
