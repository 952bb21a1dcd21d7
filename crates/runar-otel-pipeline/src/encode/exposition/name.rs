//! Names of metrics: translated from OTLP to Prometheus.

use std::borrow::Cow;

use super::{
    sanitize::{is_metric_name, sanitize},
    unit::UnitWords,
};
use crate::snapshot::{Data, Metric, Naming};

/// The suffix of counters.
pub(crate) const TOTAL: &str = "_total";

/// The translated name of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The name without the suffix of its type.
    pub(crate) base: String,
    /// `_total` for counters, else nothing.
    pub(crate) total: &'static str,
    /// The unit in words, empty without one.
    pub(crate) unit: Cow<'static, str>,
}

/// The suffix that the type of a metric demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suffix {
    /// `_total`: sums that only grow.
    Total,
    /// `_ratio`, if the unit is `1`: last values.
    Ratio,
    /// None: everything else, sums that may fall among them.
    None,
}

impl Suffix {
    fn of(data: &Data) -> Self {
        match data {
            Data::Sum {
                monotonic: true, ..
            } => Self::Total,
            Data::Gauge(_) => Self::Ratio,
            _ => Self::None,
        }
    }
}

impl Name {
    /// Translates the name of a metric, with suffixes or without; a valid name that Prometheus has known before stays.
    pub(crate) fn of(metric: &Metric, naming: Naming, suffixes: bool) -> Self {
        let suffix = Suffix::of(&metric.data);
        let monotonic = suffix == Suffix::Total;
        match naming {
            Naming::Prometheus if is_metric_name(&metric.name) => {
                Self::unchanged(&metric.name, monotonic)
            }
            _ if suffixes => Self::with_suffixes(&metric.name, &metric.unit, suffix),
            _ => Self::unchanged(&sanitize(&metric.name), monotonic),
        }
    }

    /// Translates with suffixes: *UnderscoreEscapingWithSuffixes* of the OpenTelemetry specification.
    ///
    /// As Prometheus' own OTLP receiver does, so that a series has one name whichever way it came: a unit that is a word
    /// of the name already is not added, `_total` and `_ratio` move to the end. The receiver differs where a unit has
    /// several words: it adds `per_second` to `requests_per_second` again.
    fn with_suffixes(name: &str, unit: &str, suffix: Suffix) -> Self {
        let words = UnitWords::of(unit);
        let joined = words.joined();
        let mut parts: Vec<&str> = name
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':')
            .filter(|part| !part.is_empty())
            .collect();
        if !ends_with(&parts, &joined) {
            if !parts.contains(&&*words.main) && !ends_with(&parts, &words.main) {
                parts.push(&words.main);
            }
            if !ends_with(&parts, &words.per) {
                parts.push(&words.per);
            }
        }
        match suffix {
            Suffix::Total if parts.iter().any(|part| *part != "total") => {
                parts.retain(|part| *part != "total");
            }
            Suffix::Ratio if unit == "1" => {
                parts.retain(|part| *part != "ratio");
                parts.push("ratio");
            }
            _ => {}
        }
        parts.retain(|part| !part.is_empty());
        let monotonic = suffix == Suffix::Total;
        Self {
            base: sanitize(&parts.join("_")).into_owned(),
            total: if monotonic { TOTAL } else { "" },
            unit: joined,
        }
    }

    /// Adds nothing to a valid name: *UnderscoreEscapingWithoutSuffixes*, and names of Prometheus.
    fn unchanged(name: &str, monotonic: bool) -> Self {
        let base = if monotonic { without_total(name) } else { name };
        Self {
            total: if base.len() < name.len() { TOTAL } else { "" },
            base: base.to_owned(),
            unit: Cow::Borrowed(""),
        }
    }

    /// Returns the name under which values of gauges and counters appear.
    pub(crate) fn full(&self) -> String {
        format!("{}{}", self.base, self.total)
    }
}

fn without_total(name: &str) -> &str {
    name.strip_suffix(TOTAL)
        .filter(|rest| !rest.is_empty())
        .unwrap_or(name)
}

/// True if the name ends with these words, or there are none.
fn ends_with(parts: &[&str], words: &str) -> bool {
    let own = parts.iter().rev();
    let mut wanted = words.rsplit('_').filter(|word| !word.is_empty());
    let mut own = own.copied();
    wanted.all(|word| own.next() == Some(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::sample::{counter as sum, gauge as last, metric};

    fn counter(name: &'static str, unit: &'static str) -> String {
        Name::of(&sum(name, unit, Vec::new()), Naming::OpenTelemetry, true).full()
    }

    fn gauge(name: &'static str, unit: &'static str) -> String {
        Name::of(&last(name, unit, Vec::new()), Naming::OpenTelemetry, true).full()
    }

    fn summary(name: &'static str, unit: &'static str) -> String {
        let metric = metric(name, unit, Data::Summary(Vec::new()));
        Name::of(&metric, Naming::OpenTelemetry, true).full()
    }

    #[test]
    fn suffixes_are_not_doubled() {
        assert_eq!(counter("req_total", ""), "req_total");
        assert_eq!(gauge("wait_seconds", "s"), "wait_seconds");
        assert_eq!(counter("x_bytes_total", "By"), "x_bytes_total");
        assert_eq!(counter("x.total", "By"), "x_bytes_total");
        assert_eq!(gauge("speed_meters", "m/s"), "speed_meters_per_second");
        assert_eq!(
            gauge("speed_meters_per_second", "m/s"),
            "speed_meters_per_second"
        );
        assert_eq!(
            gauge("requests_per_second", "{request}/s"),
            "requests_per_second"
        );
        assert_eq!(gauge("seconds", "s"), "seconds");
    }

    #[test]
    fn suffixes_are_added() {
        assert_eq!(
            gauge("http.server.request.duration", "s"),
            "http_server_request_duration_seconds"
        );
        assert_eq!(counter("orders", "{order}"), "orders_total");
        assert_eq!(counter("net.io", "By"), "net_io_bytes_total");
        assert_eq!(gauge("milliseconds", "s"), "milliseconds_seconds");
    }

    /// The cases of `prometheus/otlptranslator`, metric_namer.go.
    #[test]
    fn names_are_those_of_the_otlp_receiver_of_prometheus() {
        assert_eq!(gauge("load", "1"), "load_ratio");
        assert_eq!(gauge("ratio", "1"), "ratio");
        assert_eq!(gauge("cache.hit_ratio", "1"), "cache_hit_ratio");
        assert_eq!(gauge("ratio_of_hits", "1"), "of_hits_ratio");
        assert_eq!(gauge("load", "{core}"), "load");
        assert_eq!(counter("items", "1"), "items_total");
        assert_eq!(summary("load", "1"), "load");
        assert_eq!(counter("total_requests", ""), "requests_total");
        assert_eq!(counter("total.total", ""), "total_total_total");
        assert_eq!(gauge("seconds_waited", "s"), "seconds_waited");
        assert_eq!(gauge("cpu.usage", "%"), "cpu_usage_percent");
        assert_eq!(gauge("throughput", "By/s"), "throughput_bytes_per_second");
        assert_eq!(gauge("invoices", "{invoice}/mo"), "invoices_per_month");
        assert_eq!(gauge("size", "KBy"), "size_kilobytes");
        assert_eq!(gauge("_x_", ""), "x");
        let falls = Data::Sum {
            points: Vec::new(),
            temporality: crate::snapshot::Temporality::Cumulative,
            monotonic: false,
        };
        let falls = Name::of(&metric("load", "1", falls), Naming::OpenTelemetry, true);
        assert_eq!(falls.full(), "load");
    }

    #[test]
    fn names_are_sanitized() {
        assert_eq!(gauge("a..b--c", ""), "a_b_c");
        assert_eq!(gauge("a__b", ""), "a_b");
        assert_eq!(gauge("1st", ""), "_1st");
        assert_eq!(gauge("ns:rule", ""), "ns:rule");
        assert_eq!(gauge("größe", ""), "gr_e");
        assert_eq!(gauge("ö", ""), "_");
        assert_eq!(counter("_total", ""), "total_total");
    }

    #[test]
    fn suffixes_can_stay_away() {
        let plain = |name| Name::of(&sum(name, "By", Vec::new()), Naming::OpenTelemetry, false);
        let name = plain("net.io");
        assert_eq!((name.full().as_str(), name.total), ("net_io", ""));
        assert_eq!(plain("req_total").base, "req");
    }

    #[test]
    fn names_of_prometheus_stay_if_they_are_valid() {
        let of = |name| Name::of(&sum(name, "s", Vec::new()), Naming::Prometheus, true);
        assert_eq!(of("my__jobs").full(), "my__jobs");
        let total = of("_my__jobs_total");
        assert_eq!((total.base.as_str(), total.total), ("_my__jobs", TOTAL));
        assert_eq!(of("my.jobs").full(), "my_jobs_seconds_total");
    }
}
