//! The samplers: rules for which traces are recorded and exported.

use std::borrow::Cow;

use crate::config::environment::Environment;

/// A decision rule at the start of a span.
///
/// The parent-based rules keep the decision of the caller and apply their own only to spans without a
/// parent, so that a trace is never recorded in parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Sampler {
    /// Records every span.
    AlwaysOn,
    /// Records no span.
    AlwaysOff,
    /// Records this share of all traces, from 0 to 1.
    TraceIdRatio(f64),
    /// Follows the parent; records every trace that starts here.
    #[default]
    ParentBasedAlwaysOn,
    /// Follows the parent; records no trace that starts here.
    ParentBasedAlwaysOff,
    /// Follows the parent; records this share of the traces that start here, from 0 to 1.
    ParentBasedTraceIdRatio(f64),
}

const EXPECTED: &str = "one of `always_on`, `always_off`, `traceidratio`, `parentbased_always_on`, \
     `parentbased_always_off`, `parentbased_traceidratio`";

pub(crate) const RATIO: &str = "a number from 0 to 1";

impl Sampler {
    /// Reads `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    ///
    /// Without a usable argument the ratio is 1, as the specification says. Remote samplers are not
    /// supported.
    pub(crate) fn from_environment(environment: &mut Environment<'_>) -> Option<Self> {
        let sampler = environment.parsed("OTEL_TRACES_SAMPLER", Self::from_name)?;
        if sampler.ratio().is_none() {
            return Some(sampler);
        }
        let ratio = environment.parsed("OTEL_TRACES_SAMPLER_ARG", |text| {
            let ratio = text.parse().ok().filter(is_ratio);
            ratio.ok_or(Cow::Borrowed(RATIO))
        });
        Some(sampler.with_ratio(ratio.unwrap_or(1.0)))
    }

    /// Returns the share of traces, if the rule has one.
    pub(crate) fn ratio(self) -> Option<f64> {
        match self {
            Self::TraceIdRatio(ratio) | Self::ParentBasedTraceIdRatio(ratio) => Some(ratio),
            _ => None,
        }
    }

    /// Returns the sampler for spans that no exporter takes: nobody has the traces that begin here, but others may have
    /// those of a sampled parent.
    pub(crate) fn without_exporters(self) -> Self {
        match self {
            Self::AlwaysOff => Self::AlwaysOff,
            _ => Self::ParentBasedAlwaysOff,
        }
    }

    fn with_ratio(self, ratio: f64) -> Self {
        match self {
            Self::TraceIdRatio(_) => Self::TraceIdRatio(ratio),
            Self::ParentBasedTraceIdRatio(_) => Self::ParentBasedTraceIdRatio(ratio),
            other => other,
        }
    }

    fn from_name(name: &str) -> Result<Self, Cow<'static, str>> {
        match name.to_ascii_lowercase().as_str() {
            "always_on" => Ok(Self::AlwaysOn),
            "always_off" => Ok(Self::AlwaysOff),
            "traceidratio" => Ok(Self::TraceIdRatio(1.0)),
            "parentbased_always_on" => Ok(Self::ParentBasedAlwaysOn),
            "parentbased_always_off" => Ok(Self::ParentBasedAlwaysOff),
            "parentbased_traceidratio" => Ok(Self::ParentBasedTraceIdRatio(1.0)),
            "jaeger_remote" | "parentbased_jaeger_remote" | "xray" => {
                Err(format!("{EXPECTED}; remote samplers are not supported yet").into())
            }
            _ => Err(EXPECTED.into()),
        }
    }
}

/// True if a number is a share from 0 to 1, both included.
pub(crate) fn is_ratio(ratio: &f64) -> bool {
    (0.0..=1.0).contains(ratio)
}
