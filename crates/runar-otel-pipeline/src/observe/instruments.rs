//! The instruments, made once.

use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};

use crate::settings::Signal;

/// All instruments of the pipeline about itself.
#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) points: Exported,
    pub(super) spans: Exported,
    pub(super) operation: Histogram<f64>,
    pub(super) collection: Histogram<f64>,
    pub(super) split: Counter<u64>,
    pub(super) resent: Counter<u64>,
    pub(super) dropped: Counter<u64>,
}

/// The counts of an exporter, of one signal.
#[derive(Debug)]
pub(super) struct Exported {
    pub(super) inflight: UpDownCounter<i64>,
    pub(super) exported: Counter<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str, unit: &'static str, description: &'static str| {
            let counter = meter.u64_counter(name).with_unit(unit);
            counter.with_description(description).build()
        };
        let seconds = |name: &'static str, description: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit("s");
            histogram.with_description(description).build()
        };
        Self {
            points: Exported::new(meter, Signal::Metrics),
            spans: Exported::new(meter, Signal::Traces),
            operation: seconds(
                "otel.sdk.exporter.operation.duration",
                "The duration of exporting a batch of telemetry records.",
            ),
            collection: seconds(
                "otel.sdk.metric_reader.collection.duration",
                "The duration of the collect operation of the metric reader.",
            ),
            split: counter(
                "runar_otel.push.split",
                "{request}",
                "Requests that were cut into two because of their size.",
            ),
            resent: counter(
                "runar_otel.push.resent",
                "{request}",
                "Requests that a later push sent again, as they were.",
            ),
            dropped: counter(
                "runar_otel.push.dropped",
                "{data_point}",
                "Data points that will not be sent again, though nobody has taken them.",
            ),
        }
    }

    pub(super) fn of(&self, signal: Signal) -> &Exported {
        match signal {
            Signal::Traces => &self.spans,
            _ => &self.points,
        }
    }
}

impl Exported {
    fn new(meter: &Meter, signal: Signal) -> Self {
        let (inflight, exported, unit, what) = match signal {
            Signal::Traces => (
                "otel.sdk.exporter.span.inflight",
                "otel.sdk.exporter.span.exported",
                "{span}",
                "spans",
            ),
            _ => (
                "otel.sdk.exporter.metric_data_point.inflight",
                "otel.sdk.exporter.metric_data_point.exported",
                "{data_point}",
                "metric data points",
            ),
        };
        Self {
            inflight: meter
                .i64_up_down_counter(inflight)
                .with_unit(unit)
                .with_description(format!(
                    "The number of {what} which were passed to the exporter, but that have not been exported yet \
                     (neither successful, nor failed)."
                ))
                .build(),
            exported: meter
                .u64_counter(exported)
                .with_unit(unit)
                .with_description(format!(
                    "The number of {what} for which the export has finished, either successful or failed."
                ))
                .build(),
        }
    }
}
