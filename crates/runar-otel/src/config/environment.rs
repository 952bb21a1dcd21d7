//! Reading typed values from the environment by the rules of the OpenTelemetry specification.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use crate::config::problem::Problem;

/// A setting that is one of several names.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// The names, in lower case, each with its choice; a choice may have several names.
    const NAMES: &'static [(&'static str, Self)];

    /// Finds the choice by its name in any case, or returns the expected names.
    fn from_name(name: &str) -> Result<Self, Cow<'static, str>> {
        Self::NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, choice)| *choice)
            .ok_or_else(|| format!("one of {}", Self::known()).into())
    }

    /// Returns the first name of the choice.
    fn name(self) -> &'static str {
        let known = Self::NAMES.iter().find(|(_, choice)| *choice == self);
        known.map_or("", |(name, _)| name)
    }

    /// Lists the names for a message.
    fn known() -> String {
        let names: Vec<String> = Self::NAMES
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        names.join(", ")
    }
}

/// The environment variables and the problems found while reading them.
///
/// An empty variable counts as unset; a bad one is reported once and ignored (OpenTelemetry
/// specification, *Environment variable specification*).
pub(crate) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

impl<'a> Environment<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            problems: Vec::new(),
        }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(crate) fn report(
        &mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
    ) {
        self.problems
            .push(Problem::environment(key, value, expected));
    }

    /// Reads a string without the white space around it; `None` if the variable is unset or blank.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let text = (self.lookup)(key)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Reads a value of any type; for a bad value, `parse` returns what it expects.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, Cow<'static, str>>,
    ) -> Option<T> {
        let text = self.text(key)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.report(key.to_owned(), text, expected);
                None
            }
        }
    }

    /// Reads one of several names.
    pub(crate) fn choice<T: Choice>(&mut self, key: &str) -> Option<T> {
        self.parsed(key, T::from_name)
    }

    /// Reads a truth value; only `true` in any case is true.
    pub(crate) fn truth(&mut self, key: &str) -> Option<bool> {
        self.parsed(key, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("`true` or `false`".into()),
        })
    }

    /// Reads a duration in whole milliseconds, longer than zero.
    pub(crate) fn milliseconds(&mut self, key: &str) -> Option<Duration> {
        self.parsed(key, |text| {
            let whole = text.parse().ok().map(Duration::from_millis);
            whole
                .filter(is_usable)
                .ok_or_else(|| "whole milliseconds from 1 to 2147483647".into())
        })
    }

    /// Reads a whole number from `least` to `most`.
    pub(crate) fn whole<T>(&mut self, key: &str, least: T, most: T) -> Option<T>
    where
        T: Copy + FromStr + PartialOrd + fmt::Display,
    {
        self.parsed(key, |text| {
            let whole = text.parse().ok();
            let fits = |number: &T| (&least..=&most).contains(&number);
            whole
                .filter(fits)
                .ok_or_else(|| format!("a whole number from {least} to {most}").into())
        })
    }

    /// Reads a list of names separated by commas; `none` alone is the empty list.
    ///
    /// Each bad name is reported and left out, as is a `none` among others. If nothing is left, the
    /// variable counts as unset.
    pub(crate) fn list<T: Choice>(&mut self, key: &str) -> Option<Vec<T>> {
        let text = self.text(key)?;
        if text.eq_ignore_ascii_case("none") {
            return Some(Vec::new());
        }
        let mut chosen = Vec::new();
        for name in text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            match T::from_name(name) {
                Ok(choice) if chosen.contains(&choice) => {}
                Ok(choice) => chosen.push(choice),
                Err(_) if name.eq_ignore_ascii_case("none") => {
                    let expected = "`none` alone; it is ignored among other names";
                    self.report(key.to_owned(), text.clone(), expected);
                }
                Err(expected) => {
                    let expected = format!(
                        "`none`, or a list of {}",
                        expected.trim_start_matches("one of ")
                    );
                    self.report(key.to_owned(), name, expected);
                }
            }
        }
        (!chosen.is_empty()).then_some(chosen)
    }
}

/// True if a duration can serve as an interval or a timeout: above zero, at most 2147483647 ms.
pub(crate) fn is_usable(duration: &Duration) -> bool {
    !duration.is_zero() && duration.as_millis() <= 2_147_483_647
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::choice::MetricsExporterKind;

    fn read<T>(value: &str, read: impl Fn(&mut Environment<'_>) -> T) -> (T, Vec<Problem>) {
        let lookup = |_: &str| Some(value.to_owned());
        let mut environment = Environment::new(&lookup);
        let read = read(&mut environment);
        (read, environment.into_problems())
    }

    #[test]
    fn list_keeps_the_good_names_and_reports_the_others() {
        use MetricsExporterKind::{Console, Otlp, Prometheus};
        let cases: [(&str, Option<Vec<MetricsExporterKind>>, usize); 7] = [
            ("otlp, Console", Some(vec![Otlp, Console]), 0),
            ("prometheus,prometheus", Some(vec![Prometheus]), 0),
            ("NONE", Some(vec![]), 0),
            ("none,otlp", Some(vec![Otlp]), 1),
            ("zipkin,otlp,x", Some(vec![Otlp]), 2),
            ("zipkin", None, 1),
            (" ,", None, 0),
        ];
        for (text, expected, problems) in cases {
            let (list, found) = read(text, |environment| environment.list("K"));
            assert_eq!((list, found.len()), (expected, problems), "{text}");
        }
    }

    #[test]
    fn milliseconds_are_whole_and_more_than_zero() {
        for (text, expected) in [
            ("1", Some(Duration::from_millis(1))),
            ("0", None),
            ("-1", None),
            ("1.5", None),
            ("10s", None),
            ("2147483648", None),
        ] {
            let (duration, problems) = read(text, |environment| environment.milliseconds("K"));
            assert_eq!(duration, expected, "{text}");
            assert_eq!(problems.is_empty(), expected.is_some(), "{text}");
        }
    }

    #[test]
    fn empty_counts_as_unset() {
        let (text, problems) = read("  ", |environment| environment.truth("K"));
        assert_eq!((text, problems), (None, Vec::new()));
    }
}
