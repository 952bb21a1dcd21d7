//! Problems of a configuration: what was set, where, and what was expected instead.

use std::{borrow::Cow, fmt};

use runar_otel_pipeline::settings::redacted;

/// The origin of a configuration value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// An environment variable.
    Environment,
    /// A call on the [`Builder`](crate::Builder).
    Builder,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::Builder => "builder",
        })
    }
}

/// A configuration value that cannot be used.
///
/// A problem in the environment is logged once and the default is used instead, as the OpenTelemetry
/// specification demands; a problem in the builder makes `init()` fail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The environment variable or the method of the builder.
    pub key: Cow<'static, str>,
    /// The origin of the value: environment or builder.
    pub source: Source,
    /// The value, `***` where it may be secret. A URL is without user name, password and query.
    pub value: String,
    /// The values that would be accepted, or the reason why this one is not.
    pub expected: Cow<'static, str>,
}

impl Problem {
    pub(crate) fn environment(
        key: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(Source::Environment, key, value, expected)
    }

    pub(crate) fn builder(
        key: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(Source::Builder, key, value, expected)
    }

    pub(crate) fn new(
        source: Source,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        let value = value.into();
        Self {
            key: key.into(),
            source,
            value: match value.contains("://") {
                true => redacted(&value),
                false => value,
            },
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            source,
            value,
            expected,
        } = self;
        write!(f, "{key} ({source}) is {value:?}, expected {expected}")
    }
}

/// The mistakes in the values given to the [`Builder`](crate::Builder).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid configuration: {}", joined(problems))]
#[non_exhaustive]
pub(crate) struct ConfigError {
    /// The problems, in the order in which the values are checked; never empty.
    pub(crate) problems: Vec<Problem>,
}

fn joined(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_names_key_source_value_and_expectation_of_every_problem() {
        let error = ConfigError {
            problems: vec![
                Problem::builder("metric_interval", "0ns", "more than zero"),
                Problem::environment("OTEL_SDK_DISABLED", "maybe", "`true` or `false`"),
            ],
        };
        assert_eq!(
            error.to_string(),
            "invalid configuration: metric_interval (builder) is \"0ns\", expected more than zero; \
             OTEL_SDK_DISABLED (environment) is \"maybe\", expected `true` or `false`"
        );
    }
}
