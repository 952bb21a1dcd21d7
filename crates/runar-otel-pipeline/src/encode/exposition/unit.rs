//! Units: UCUM on our side, plain words in the names of Prometheus.

use std::borrow::Cow;

use super::sanitize::sanitize;

/// The words for a unit: above and below the fraction line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitWords {
    /// The words above the line, such as `bytes` of `By/s`; empty without a unit there.
    pub(crate) main: Cow<'static, str>,
    /// The words below the line, such as `per_second` of `By/s`; empty without a line.
    pub(crate) per: Cow<'static, str>,
}

impl UnitWords {
    /// Translates a unit.
    ///
    /// OpenTelemetry specification, compatibility: *Prometheus and OpenMetrics*, Metric Metadata: annotations in
    /// braces are dropped, units of the table become words, rates become `…_per_…`. `1` has no word: see
    /// [`Name`](super::name::Name). A unit outside the table is kept as it is, as Prometheus' own OTLP receiver does, so
    /// that a series has one name whichever way it came.
    ///
    /// That receiver differs where the specification or UCUM says otherwise: it drops a unit with an annotation beside
    /// it (`By{sent}`), does not know `kBy` and minutes below the line, and reads `TiBy` as `tibibytes`.
    pub(crate) fn of(unit: &str) -> Self {
        let (main, per) = match unit.split_once('/') {
            Some((main, per)) => (main, Some(per)),
            None => (unit, None),
        };
        let per = per.map_or(Cow::Borrowed(""), |per| plain(per, singular));
        Self {
            main: plain(main, plural),
            per: if per.is_empty() {
                per
            } else {
                Cow::Owned(format!("per_{per}"))
            },
        }
    }

    /// Joins both parts, as in the `UNIT` metadata.
    pub(crate) fn joined(&self) -> Cow<'static, str> {
        match (self.main.is_empty(), self.per.is_empty()) {
            (_, true) => self.main.clone(),
            (true, false) => self.per.clone(),
            (false, false) => Cow::Owned(format!("{}_{}", self.main, self.per)),
        }
    }
}

fn plain(unit: &str, word: fn(&str) -> Option<&'static str>) -> Cow<'static, str> {
    let unit = without_annotations(unit);
    let unit = unit.trim();
    if let Some(word) = word(unit) {
        return Cow::Borrowed(word);
    }
    if unit.is_empty() {
        return Cow::Borrowed("");
    }
    Cow::Owned(sanitize(unit).trim_matches('_').to_owned())
}

fn without_annotations(unit: &str) -> Cow<'_, str> {
    if !unit.contains('{') {
        return Cow::Borrowed(unit);
    }
    let mut inside = false;
    let kept = unit.chars().filter(|character| {
        inside = match character {
            '{' => true,
            '}' => {
                inside = false;
                return false;
            }
            _ => inside,
        };
        !inside
    });
    Cow::Owned(kept.collect())
}

fn plural(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "1" => "",
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tebibytes",
        "kBy" | "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        _ => return None,
    })
}

fn singular(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "1" => "",
        "s" => "second",
        // A rate is over time: `m` below the line is read as minute, as Prometheus does.
        "m" | "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" | "wk" => "week",
        "mo" => "month",
        "y" | "a" => "year",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(unit: &str) -> String {
        UnitWords::of(unit).joined().into_owned()
    }

    #[test]
    fn units_of_the_table_become_words() {
        assert_eq!(words("s"), "seconds");
        assert_eq!(words("TiBy"), "tebibytes");
        assert_eq!(words("kBy"), "kilobytes");
        assert_eq!(words("%"), "percent");
    }

    #[test]
    fn annotations_and_one_say_nothing() {
        assert_eq!(words("{order}"), "");
        assert_eq!(words("1"), "");
        assert_eq!(words(""), "");
        assert_eq!(words("By{sent}"), "bytes");
    }

    #[test]
    fn rates_read_per() {
        assert_eq!(words("m/s"), "meters_per_second");
        assert_eq!(words("{request}/s"), "per_second");
        assert_eq!(words("1/min"), "per_minute");
        assert_eq!(words("By/{packet}"), "bytes");
    }

    #[test]
    fn other_units_stay() {
        assert_eq!(words("widgets"), "widgets");
        assert_eq!(words("[in_i]"), "in_i");
    }
}
