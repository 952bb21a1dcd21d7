//! The regime: what holds for a whole process, and therefore needs one of its own.

use runar_otel::{
    Aggregation, Builder, MetricsExporter, Sampler, Telemetry, View, exemplar::ExemplarFilter,
};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::result::Result;

/// Telemetry and subscriber of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Regime {
    /// The defaults: exemplar filter `trace_based`, every trace that starts here is sampled.
    Usual,
    /// The exemplar filter `always_off`.
    AlwaysOff,
    /// One of a hundred traces that start here is sampled.
    OnePercent,
    /// The same, with the subscriber of `init()`: it writes log lines.
    LogLines,
    /// The limits of label sets are raised.
    Many,
    /// `OTEL_SDK_DISABLED=true`.
    SdkDisabled,
    /// `tracing` has no subscriber.
    NoSubscriber,
    /// The usual, with ours alone: what the next ones are compared with.
    First,
    /// Telemetry was started and ended before.
    Second,
    /// Twice.
    Third,
    /// An exporter of metrics was started before.
    AfterExporter,
}

/// The label sets that a metric may have where the limits are raised.
pub(crate) const RAISED_LIMIT: usize = 200_000;

/// The label sets that it may have else.
pub(crate) const LIMIT: usize = 2_000;

/// Metrics of this prefix are dropped by a view.
pub(crate) const DROPPED: &str = "dropped_";

/// What runs in a process, as long as this lives.
pub(crate) enum Life {
    Telemetry(Box<Telemetry>),
    /// That of an exporter, which goes on in the next one.
    Exporter,
}

impl Regime {
    pub(crate) const ALL: &[Self] = &[
        Self::Usual,
        Self::AlwaysOff,
        Self::OnePercent,
        Self::LogLines,
        Self::Many,
        Self::SdkDisabled,
        Self::NoSubscriber,
        Self::First,
        Self::Second,
        Self::Third,
        Self::AfterExporter,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::AlwaysOff => "always-off",
            Self::OnePercent => "one-percent",
            Self::LogLines => "log-lines",
            Self::Many => "many",
            Self::SdkDisabled => "sdk-disabled",
            Self::NoSubscriber => "no-subscriber",
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::AfterExporter => "after-exporter",
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

    /// How many lives it takes until something is measured, the one that is measured included.
    pub(crate) fn lives(self) -> usize {
        match self {
            Self::Second | Self::AfterExporter => 2,
            Self::Third => 3,
            _ => 1,
        }
    }

    /// Starts the first life, and the subscriber that all use.
    pub(crate) fn start(self) -> Result<Life> {
        if !matches!(self, Self::NoSubscriber | Self::LogLines) {
            let layer = runar_otel::layer();
            tracing_subscriber::registry().with(layer).init();
        }
        if self == Self::AfterExporter {
            MetricsExporter::new().address("127.0.0.1", 0).try_start()?;
            return Ok(Life::Exporter);
        }
        self.next()
    }

    /// Starts the next life.
    pub(crate) fn next(self) -> Result<Life> {
        let drop = View::select(format!("{DROPPED}*")).aggregation(Aggregation::Drop);
        let builder = runar_otel::builder()
            .metrics_exporters([])
            .traces_exporters([])
            // Without exporters no trace would begin here.
            .sampler(Sampler::ParentBasedAlwaysOn)
            .view(drop);
        let telemetry = self.adapt(builder).init()?;
        Ok(Life::Telemetry(Box::new(telemetry)))
    }

    fn adapt(self, builder: Builder) -> Builder {
        let alone = |builder: Builder| builder.without_subscriber();
        match self {
            Self::AlwaysOff => alone(builder).exemplar_filter(ExemplarFilter::AlwaysOff),
            Self::OnePercent => alone(builder).sampler(Sampler::ParentBasedTraceIdRatio(0.01)),
            Self::LogLines => builder
                .sampler(Sampler::ParentBasedTraceIdRatio(0.01))
                .log_filter("info"),
            Self::Many => alone(builder).cardinality_limit(RAISED_LIMIT),
            _ => alone(builder),
        }
    }
}
