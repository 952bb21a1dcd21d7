//! Names of metrics: translated from OTLP to Prometheus.

use std::borrow::Cow;

use super::{sanitize::sanitize, unit::UnitWords};

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

impl Name {
    /// Translates with suffixes: *UnderscoreEscapingWithSuffixes* of the OpenTelemetry specification.
    ///
    /// A suffix that is there already is not added again.
    pub(crate) fn with_suffixes(name: &str, unit: &str, monotonic: bool) -> Self {
        let words = UnitWords::of(unit);
        let sanitized = sanitize(name);
        let bare = if monotonic {
            without_total(&sanitized)
        } else {
            &sanitized
        };
        let mut base = bare.to_owned();
        let unit = words.joined();
        if !ends_with_word(&base, &unit) {
            if !ends_with_word(&base, &words.main) {
                push_word(&mut base, &words.main);
            }
            push_word(&mut base, &words.per);
        }
        if monotonic && base.ends_with('_') && base.len() > 1 {
            base.pop();
        }
        Self {
            base,
            total: if monotonic { TOTAL } else { "" },
            unit,
        }
    }

    /// Translates without adding anything: *UnderscoreEscapingWithoutSuffixes*.
    pub(crate) fn without_suffixes(name: &str, monotonic: bool) -> Self {
        let sanitized = sanitize(name);
        let base = if monotonic {
            without_total(&sanitized)
        } else {
            &sanitized
        };
        Self {
            total: if base.len() < sanitized.len() {
                TOTAL
            } else {
                ""
            },
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

fn ends_with_word(name: &str, word: &str) -> bool {
    name.strip_suffix(word)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('_') || word.is_empty())
}

fn push_word(name: &mut String, word: &str) {
    if word.is_empty() {
        return;
    }
    if !name.ends_with('_') {
        name.push('_');
    }
    name.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(name: &str, unit: &str) -> String {
        Name::with_suffixes(name, unit, true).full()
    }

    fn gauge(name: &str, unit: &str) -> String {
        Name::with_suffixes(name, unit, false).full()
    }

    #[test]
    fn suffixes_are_not_doubled() {
        assert_eq!(counter("req_total", ""), "req_total");
        assert_eq!(gauge("wait_seconds", "s"), "wait_seconds");
        assert_eq!(counter("x_bytes_total", "By"), "x_bytes_total");
        assert_eq!(counter("x.total", "By"), "x_bytes_total");
        assert_eq!(gauge("speed_meters", "m/s"), "speed_meters_per_second");
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
        assert_eq!(gauge("ratio", "1"), "ratio");
        assert_eq!(gauge("milliseconds", "s"), "milliseconds_seconds");
    }

    #[test]
    fn names_are_sanitized() {
        assert_eq!(gauge("a..b--c", ""), "a_b_c");
        assert_eq!(gauge("a__b", ""), "a_b");
        assert_eq!(gauge("1st", ""), "_1st");
        assert_eq!(gauge("ns:rule", ""), "ns:rule");
        assert_eq!(gauge("größe", ""), "gr_e");
        assert_eq!(counter("_total", ""), "_total_total");
    }

    #[test]
    fn suffixes_can_stay_away() {
        let plain = Name::without_suffixes("net.io", true);
        assert_eq!((plain.full().as_str(), plain.total), ("net_io", ""));
        assert_eq!(Name::without_suffixes("req_total", true).base, "req");
    }
}
