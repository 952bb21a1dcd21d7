//! The regime: what holds for a whole process, and therefore needs one of its own.

use runar_otel::{Aggregation, Builder, Sampler, Telemetry, View, exemplar::ExemplarFilter};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::Result;

/// Telemetry and subscriber of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Regime {
    /// The defaults: exemplar filter `trace_based`, every trace that starts here is sampled.
    Usual,
    /// The exemplar filter `always_off`.
    AlwaysOff,
    /// One of a hundred traces that start here is sampled.
    OnePercent,
    /// The limits of label sets are raised.
    Many,
    /// `OTEL_SDK_DISABLED=true`.
    SdkDisabled,
    /// `tracing` has no subscriber.
    NoSubscriber,
}

/// The label sets that a metric may have where the limits are raised.
pub(crate) const RAISED_LIMIT: usize = 200_000;

/// Metrics of this prefix are dropped by a view.
pub(crate) const DROPPED: &str = "dropped_";

impl Regime {
    pub(crate) const ALL: &[Self] = &[
        Self::Usual,
        Self::AlwaysOff,
        Self::OnePercent,
        Self::Many,
        Self::SdkDisabled,
        Self::NoSubscriber,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::AlwaysOff => "always-off",
            Self::OnePercent => "one-percent",
            Self::Many => "many",
            Self::SdkDisabled => "sdk-disabled",
            Self::NoSubscriber => "no-subscriber",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|regime| regime.name() == name);
        Ok(*found.ok_or_else(|| format!("no regime {name:?}"))?)
    }

    /// What the process needs in its environment.
    pub(crate) fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::SdkDisabled => &[("OTEL_SDK_DISABLED", "true")],
            _ => &[],
        }
    }

    /// Starts the telemetry that is ours, and the subscriber that all use.
    pub(crate) fn start(self) -> Result<Telemetry> {
        if self != Self::NoSubscriber {
            let layer = runar_otel::layer();
            tracing_subscriber::registry().with(layer).init();
        }
        let drop = View::select(format!("{DROPPED}*")).aggregation(Aggregation::Drop);
        let builder = runar_otel::builder()
            .metrics_exporters([])
            .traces_exporters([])
            .view(drop)
            .without_subscriber();
        Ok(self.adapt(builder).init()?)
    }

    fn adapt(self, builder: Builder) -> Builder {
        match self {
            Self::AlwaysOff => builder.exemplar_filter(ExemplarFilter::AlwaysOff),
            Self::OnePercent => builder.sampler(Sampler::ParentBasedTraceIdRatio(0.01)),
            Self::Many => builder.cardinality_limit(RAISED_LIMIT),
            Self::Usual | Self::SdkDisabled | Self::NoSubscriber => builder,
        }
    }
}
