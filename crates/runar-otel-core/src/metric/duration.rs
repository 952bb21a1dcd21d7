//! Durations in the unit of a metric.

use std::time::Duration;

use super::number::Value;

/// The unit of a metric's durations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum TimeUnit {
    #[default]
    Second,
    /// A fraction of a second: the number of units in a second.
    Part(f64),
    /// A multiple of a second: the number of seconds in a unit.
    Multiple(f64),
}

impl TimeUnit {
    /// The unit of time of a metric; seconds if its unit is none of time.
    pub(crate) fn of(unit: Option<&str>) -> Self {
        match unit {
            Some("ms") => Self::Part(1e3),
            Some("us") => Self::Part(1e6),
            Some("ns") => Self::Part(1e9),
            Some("min") => Self::Multiple(60.0),
            Some("h") => Self::Multiple(3600.0),
            Some("d") => Self::Multiple(86400.0),
            _ => Self::Second,
        }
    }

    /// Converts a duration to this unit.
    #[inline]
    pub(crate) fn value(self, duration: Duration) -> Value {
        let seconds = duration.as_secs_f64();
        Value::f64(match self {
            Self::Second => seconds,
            Self::Part(count) => seconds * count,
            Self::Multiple(length) => seconds / length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_has_its_length() {
        for (unit, expected) in [
            (None, 90.0),
            (Some("s"), 90.0),
            (Some("By"), 90.0),
            (Some("ms"), 9e4),
            (Some("us"), 9e7),
            (Some("ns"), 9e10),
            (Some("min"), 1.5),
            (Some("h"), 0.025),
            (Some("d"), 0.025 / 24.0),
        ] {
            let value = TimeUnit::of(unit).value(Duration::from_secs(90)).as_f64();
            assert!((value / expected - 1.0).abs() < 1e-12, "{unit:?}: {value}");
        }
    }
}
