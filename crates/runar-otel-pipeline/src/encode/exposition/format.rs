//! The two text formats, and their optional contents.

/// The optional contents of an exposition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// True if each series names its meter, as `otel_scope_…` labels. Default: true.
    pub scope_labels: bool,
    /// True if the resource is exposed as `target_info`. Default: true.
    pub target_info: bool,
    /// True if names get the unit and `_total` as suffixes. Default: true. OpenMetrics has no counter without `_total`:
    /// a counter whose name lacks it is then of type `unknown` there, and has no exemplars.
    pub suffixes: bool,
    /// True if OpenMetrics shows the start time of each series, as `_created` samples. Default: false, because
    /// Prometheus stores them as series of their own unless told otherwise.
    pub start_times: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scope_labels: true,
            target_info: true,
            suffixes: true,
            start_times: false,
        }
    }
}

/// The two text formats of Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// Text format 0.0.4, without exemplars.
    Text,
}
