//! Numbers of the fields of OTLP, by message, with the names of `metrics.proto` and `common.proto` (OTLP 1.x).

/// The fields of `ExportMetricsServiceRequest`.
pub(super) mod request {
    pub(crate) const RESOURCE_METRICS: u8 = 1;
}

/// The fields of `ResourceMetrics`.
pub(super) mod resource_metrics {
    pub(crate) const RESOURCE: u8 = 1;
    pub(crate) const SCOPE_METRICS: u8 = 2;
    pub(crate) const SCHEMA_URL: u8 = 3;
}

/// The fields of `Resource`.
pub(super) mod resource {
    pub(crate) const ATTRIBUTES: u8 = 1;
}

/// The fields of `ScopeMetrics`.
pub(super) mod scope_metrics {
    pub(crate) const SCOPE: u8 = 1;
    pub(crate) const METRICS: u8 = 2;
    pub(crate) const SCHEMA_URL: u8 = 3;
}

/// The fields of `InstrumentationScope`.
pub(super) mod scope {
    pub(crate) const NAME: u8 = 1;
    pub(crate) const VERSION: u8 = 2;
    pub(crate) const ATTRIBUTES: u8 = 3;
}

/// The fields of `Metric`.
pub(super) mod metric {
    pub(crate) const NAME: u8 = 1;
    pub(crate) const DESCRIPTION: u8 = 2;
    pub(crate) const UNIT: u8 = 3;
    pub(crate) const GAUGE: u8 = 5;
    pub(crate) const SUM: u8 = 7;
    pub(crate) const HISTOGRAM: u8 = 9;
    pub(crate) const EXPONENTIAL_HISTOGRAM: u8 = 10;
    pub(crate) const SUMMARY: u8 = 11;
}

/// The fields of data: `Gauge`, `Sum`, `Histogram`, `ExponentialHistogram`, `Summary`.
pub(super) mod data {
    pub(crate) const DATA_POINTS: u8 = 1;
    pub(crate) const AGGREGATION_TEMPORALITY: u8 = 2;
    pub(crate) const IS_MONOTONIC: u8 = 3;
}

/// Fields that all data points share.
pub(super) mod point {
    pub(crate) const START_TIME: u8 = 2;
    pub(crate) const TIME: u8 = 3;
}

/// The fields of `NumberDataPoint`.
pub(super) mod number_point {
    pub(crate) const AS_DOUBLE: u8 = 4;
    pub(crate) const EXEMPLARS: u8 = 5;
    pub(crate) const AS_INT: u8 = 6;
    pub(crate) const ATTRIBUTES: u8 = 7;
}

/// The fields of `HistogramDataPoint`.
pub(super) mod histogram_point {
    pub(crate) const COUNT: u8 = 4;
    pub(crate) const SUM: u8 = 5;
    pub(crate) const BUCKET_COUNTS: u8 = 6;
    pub(crate) const EXPLICIT_BOUNDS: u8 = 7;
    pub(crate) const EXEMPLARS: u8 = 8;
    pub(crate) const ATTRIBUTES: u8 = 9;
    pub(crate) const MIN: u8 = 11;
    pub(crate) const MAX: u8 = 12;
}

/// The fields of `ExponentialHistogramDataPoint`.
pub(super) mod exponential_point {
    pub(crate) const ATTRIBUTES: u8 = 1;
    pub(crate) const COUNT: u8 = 4;
    pub(crate) const SUM: u8 = 5;
    pub(crate) const SCALE: u8 = 6;
    pub(crate) const ZERO_COUNT: u8 = 7;
    pub(crate) const POSITIVE: u8 = 8;
    pub(crate) const NEGATIVE: u8 = 9;
    pub(crate) const EXEMPLARS: u8 = 11;
    pub(crate) const MIN: u8 = 12;
    pub(crate) const MAX: u8 = 13;
    pub(crate) const ZERO_THRESHOLD: u8 = 14;
}

/// The fields of `ExponentialHistogramDataPoint.Buckets`.
pub(super) mod buckets {
    pub(crate) const OFFSET: u8 = 1;
    pub(crate) const BUCKET_COUNTS: u8 = 2;
}

/// The fields of `SummaryDataPoint`.
pub(super) mod summary_point {
    pub(crate) const COUNT: u8 = 4;
    pub(crate) const SUM: u8 = 5;
    pub(crate) const QUANTILE_VALUES: u8 = 6;
    pub(crate) const ATTRIBUTES: u8 = 7;
}

/// The fields of `SummaryDataPoint.ValueAtQuantile`.
pub(super) mod quantile {
    pub(crate) const QUANTILE: u8 = 1;
    pub(crate) const VALUE: u8 = 2;
}

/// The fields of `Exemplar`.
pub(super) mod exemplar {
    pub(crate) const TIME: u8 = 2;
    pub(crate) const AS_DOUBLE: u8 = 3;
    pub(crate) const SPAN_ID: u8 = 4;
    pub(crate) const TRACE_ID: u8 = 5;
    pub(crate) const FILTERED_ATTRIBUTES: u8 = 7;
}

/// The fields of `KeyValue`.
pub(super) mod key_value {
    pub(crate) const KEY: u8 = 1;
    pub(crate) const VALUE: u8 = 2;
}

/// The fields of `AnyValue`.
pub(super) mod any_value {
    pub(crate) const STRING: u8 = 1;
    pub(crate) const BOOL: u8 = 2;
    pub(crate) const INT: u8 = 3;
    pub(crate) const DOUBLE: u8 = 4;
    pub(crate) const ARRAY: u8 = 5;
}

/// The fields of `ArrayValue`.
pub(super) mod array_value {
    pub(crate) const VALUES: u8 = 1;
}
