//! Names, units and bucket bounds: their syntax, and the unit that a name implies.

use super::error::{BoundsError, NameError, UnitError};

/// The scope of all metrics of the facade.
pub const SCOPE_NAME: &str = "runar_otel";

/// Checks a metric's name: `[A-Za-z][A-Za-z0-9_./-]*`, at most 255 characters.
///
/// OpenTelemetry specification, metrics API: *Instrument name syntax*.
///
/// # Errors
/// A [`NameError`] that says which rule is broken, and where.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let Some(first) = name.chars().next() else {
        return Err(NameError::Empty);
    };
    if !first.is_ascii_alphabetic() {
        return Err(NameError::FirstCharacter {
            name: name.to_owned(),
            found: first,
        });
    }
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    if let Some((position, found)) = name.chars().enumerate().find(|(_, c)| !valid(*c)) {
        return Err(NameError::Character {
            name: name.to_owned(),
            found,
            position,
        });
    }
    if name.len() > 255 {
        return Err(NameError::Length {
            name: name.to_owned(),
            length: name.len(),
        });
    }
    Ok(())
}

/// Checks a unit: ASCII, at most 63 characters.
///
/// OpenTelemetry specification, metrics API: *Instrument unit*.
///
/// # Errors
/// A [`UnitError`] with the unit.
pub fn check_unit(unit: &str) -> Result<(), UnitError> {
    if !unit.is_ascii() {
        return Err(UnitError::Character {
            unit: unit.to_owned(),
        });
    }
    if unit.len() > 63 {
        return Err(UnitError::Length {
            unit: unit.to_owned(),
            length: unit.len(),
        });
    }
    Ok(())
}

/// Checks bucket bounds: finite and strictly increasing. A `+Inf` at the end is allowed: it is implied.
///
/// # Errors
/// A [`BoundsError`] with the offending bounds.
pub fn check_bounds(bounds: &[f64]) -> Result<(), BoundsError> {
    let finite = without_infinity(bounds);
    if let Some(bound) = finite.iter().find(|bound| !bound.is_finite()) {
        return Err(BoundsError::NotFinite { bound: *bound });
    }
    for (one, next) in finite.iter().zip(finite.iter().skip(1)) {
        if next <= one {
            return Err(BoundsError::NotIncreasing {
                bound: *next,
                before: *one,
            });
        }
    }
    Ok(())
}

/// The bounds without a `+Inf` at their end.
pub(crate) fn without_infinity(bounds: &[f64]) -> &[f64] {
    match bounds.split_last() {
        Some((last, rest)) if *last == f64::INFINITY => rest,
        _ => bounds,
    }
}

/// The unit that a name ends in: `_seconds` is `s`, `_bytes` is `By`, `_ratio` is `1`; a `_total` behind it
/// does not matter.
pub(crate) fn unit_of_name(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix("_total").unwrap_or(name);
    let (_, last) = name.rsplit_once(['_', '.'])?;
    Some(match last {
        "seconds" => "s",
        "milliseconds" => "ms",
        "microseconds" => "us",
        "nanoseconds" => "ns",
        "bytes" => "By",
        "ratio" => "1",
        "celsius" => "Cel",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "watts" => "W",
        "grams" => "g",
        "meters" => "m",
        "hertz" => "Hz",
        "percent" => "%",
        _ => return None,
    })
}

/// The bucket bounds for durations in seconds, of the OpenTelemetry semantic conventions.
pub const SECONDS_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The bucket bounds of a histogram whose unit says nothing better.
///
/// OpenTelemetry specification, metrics SDK: *Explicit Bucket Histogram Aggregation*.
pub const DEFAULT_BUCKETS: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0,
    10000.0,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_broken_rule_is_named() {
        let message = |name: &str| check_name(name).unwrap_err().to_string();
        assert_eq!(message(""), "metric name is empty: expected a letter first");
        assert_eq!(
            message("1st"),
            "metric name `1st` starts with `1`: expected a letter"
        );
        assert_eq!(
            message("a b"),
            "metric name `a b` has ` ` at position 1: expected letters, digits, `_`, `.`, `-` or `/`"
        );
        assert_eq!(
            message(&"x".repeat(256)),
            format!(
                "metric name `{}` has 256 characters: expected at most 255",
                "x".repeat(256)
            )
        );
        check_name(&"x".repeat(255)).unwrap();
    }

    #[test]
    fn units_are_short_ascii() {
        for unit in ["", "s", "{request}", "By/s", &"x".repeat(63)] {
            check_unit(unit).unwrap();
        }
        assert_eq!(
            check_unit("µs").unwrap_err().to_string(),
            "unit `µs` is not ASCII: expected a UCUM code such as `s`, `By` or `{request}`"
        );
        assert!(check_unit(&"x".repeat(64)).is_err());
    }

    #[test]
    fn bounds_increase() {
        assert_eq!(
            check_bounds(&[1.0, 0.5]).unwrap_err().to_string(),
            "bucket bounds must increase: 0.5 follows 1"
        );
        assert!(check_bounds(&[1.0, 1.0]).is_err());
        assert!(check_bounds(&[f64::NAN]).is_err());
        assert!(check_bounds(&[f64::INFINITY, 1.0]).is_err());
        check_bounds(&[]).unwrap();
        check_bounds(&[-1.0, 0.0, f64::INFINITY]).unwrap();
    }

    #[test]
    fn a_name_tells_its_unit() {
        for (name, unit) in [
            ("http_response_time_seconds", Some("s")),
            ("io_bytes_total", Some("By")),
            ("cache_hit_ratio", Some("1")),
            ("seconds", None),
            ("http.request.seconds", Some("s")),
            ("orders", None),
        ] {
            assert_eq!(unit_of_name(name), unit, "{name}");
        }
    }

    proptest! {
        #[test]
        fn valid_names_follow_the_grammar(name in "\\PC{0,300}") {
            let grammar = name.len() <= 255
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-/".contains(&b));
            prop_assert_eq!(check_name(&name).is_ok(), grammar);
        }
    }
}
