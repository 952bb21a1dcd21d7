//! Wiring: from a configuration to running telemetry. The only place that sees configuration and pipeline both.

use std::time::{Duration, Instant};

use opentelemetry::global;
use opentelemetry_sdk::trace::SdkTracerProvider;
use runar_otel_core::{clock::keep_to_the_system, decline, report};
#[cfg(feature = "otlp")]
use runar_otel_pipeline::export::Urgency;
use runar_otel_pipeline::{background::Background, observe::Observer};

#[cfg(feature = "prometheus-endpoint")]
use crate::standalone_endpoint::{self, Standalone};
#[cfg(feature = "subscriber")]
use crate::traces::SubscriberInstall;
use crate::{
    builder::{Builder, Parts},
    claim::Claim,
    config::{Config, ConfigError, Resolved, Source, SubscriberChoice, resolve},
    error::InitError,
    metrics_pipeline,
    resource::Identity,
    spills::{self, Spills},
    telemetry::{Running, SAYING, Scope, Telemetry},
    traces::{self, PropagatorInstall, Sampling},
    warning::warn,
};

/// Starts telemetry as the environment says, else with the defaults.
///
/// Metrics are pushed by OTLP and served at `http://localhost:9464/metrics`, spans are pushed by OTLP, log lines go to
/// standard error. [`Builder`] has all settings, `docs/configuration.md` the environment variables. Works inside any
/// Tokio runtime and without one.
///
/// Keep the guard: when it is dropped, telemetry delivers what it has and ends (`let _ = …` drops it at once). A bad variable is reported once and its
/// default taken; an unreachable Collector or a port in use is reported once and tried again. A
/// [`MetricsExporter`](crate::MetricsExporter) that was started before continues with the telemetry that starts here.
///
/// # Errors
/// When telemetry runs already, or the system refuses a thread.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let _quiet = runar_otel::builder().metrics_exporters([]).traces_exporters([]).init()?;
/// # drop(_quiet);
/// # let init = || runar_otel::builder().metrics_exporters([]).traces_exporters([]).init();
/// # /*
/// let _telemetry = runar_otel::init()?;
/// # */
/// # let _telemetry = init()?;
/// let orders = runar_otel::Counter::new("orders_total", "Orders taken").register();
/// orders.increment();
/// # Ok(())
/// # }
/// ```
pub fn init() -> Result<Telemetry, InitError> {
    Builder::default().init()
}

/// Configures telemetry in code; see [`Builder`].
pub fn builder() -> Builder {
    Builder::default()
}

impl Builder {
    /// Starts telemetry; see [`init`](crate::init()).
    ///
    /// # Errors
    /// All mistakes in the builder's values, at once; else as [`init`](crate::init()).
    pub fn init(self) -> Result<Telemetry, InitError> {
        let (resolved, parts) = self.check()?;
        start_everything(resolved, parts)
    }

    /// Resolves the configuration, or returns all mistakes at once.
    fn check(self) -> Result<(Resolved, Parts), InitError> {
        let lookup = |key: &str| std::env::var(key).ok();
        let resolved = resolve(&self.overrides, &lookup);
        let views: Vec<_> = self
            .parts
            .views
            .iter()
            .filter_map(|view| view.validate().err())
            .collect();
        let (resolved, mut problems) = match resolved {
            Ok(resolved) => (Some(resolved), Vec::new()),
            Err(ConfigError { problems }) => (None, problems),
        };
        problems.extend(self.parts.limit_problems());
        let mut resolved = resolved;
        if let Some(resolved) = &mut resolved {
            let source = match self.overrides.spill_dir {
                Some(_) => Source::Builder,
                None => Source::Environment,
            };
            let problem = spills::check(&mut resolved.config, source);
            match source {
                Source::Builder => problems.extend(problem),
                Source::Environment => resolved.problems.extend(problem),
            }
        }
        match resolved {
            Some(resolved) if problems.is_empty() && views.is_empty() => Ok((resolved, self.parts)),
            _ => Err(InitError::Invalid { problems, views }),
        }
    }
}

/// Starts telemetry in place of that which was started for exporters.
#[cfg(feature = "prometheus-endpoint")]
fn start_everything(resolved: Resolved, parts: Parts) -> Result<Telemetry, InitError> {
    let mut standalone = Standalone::Absent;
    let claim = loop {
        if let Some(claim) = Claim::take() {
            break claim;
        }
        standalone = standalone_endpoint::yield_to_init();
        if standalone == Standalone::Absent {
            return Err(InitError::Running);
        }
    };
    let started = claimed(claim, resolved, parts, Scope::Everything);
    if started.is_ok() {
        standalone_endpoint::serve_all();
    } else if standalone == Standalone::Ended {
        standalone_endpoint::restart_standalone(start_metrics_only);
    }
    started
}

#[cfg(not(feature = "prometheus-endpoint"))]
fn start_everything(resolved: Resolved, parts: Parts) -> Result<Telemetry, InitError> {
    let claim = Claim::take().ok_or(InitError::Running)?;
    claimed(claim, resolved, parts, Scope::Everything)
}

/// Starts metrics alone, for exporters, unless telemetry runs. Subscriber, spans and propagators of the application
/// stay unchanged.
#[cfg(feature = "prometheus-endpoint")]
pub(crate) fn start_metrics_only() -> Result<Telemetry, InitError> {
    let builder = builder().metrics_exporters([]).traces_exporters([]);
    let (resolved, parts) = builder.check()?;
    let claim = Claim::take().ok_or(InitError::Running)?;
    claimed(claim, resolved, parts, Scope::Metrics)
}

/// Starts telemetry under the claim. The claim is dropped if the start fails, by an error or a panic.
fn claimed(
    claim: Claim,
    resolved: Resolved,
    parts: Parts,
    scope: Scope,
) -> Result<Telemetry, InitError> {
    let mut telemetry = start(claim, resolved, parts, scope)?;
    // A process that ends at once has then reported its problems.
    report::flush(SAYING);
    telemetry.note_begin();
    Ok(telemetry)
}

fn start(
    claim: Claim,
    resolved: Resolved,
    parts: Parts,
    scope: Scope,
) -> Result<Telemetry, InitError> {
    let Resolved {
        config,
        problems,
        spans_refused,
    } = resolved;
    let decides_itself = parts.sampling.root.is_some();
    let patience = parts.shutdown_timeout.unwrap_or(Duration::from_secs(5));
    if config.subscriber == SubscriberChoice::Install && scope == Scope::Everything {
        install_subscriber(&config);
    }
    for problem in problems {
        warn(&problem.to_string());
    }
    if spans_refused && config.enabled && !decides_itself {
        warn(NO_EXPORTER);
    }
    if scope == Scope::Everything {
        install_propagators(&config);
    }
    if !config.enabled {
        decline();
        return Ok(Telemetry::disabled(claim, patience));
    }
    if parts.system_clock {
        keep_to_the_system();
    }
    let background = Background::start().map_err(InitError::Background)?;
    let identity = Identity::of(&config);
    let sampling = parts.sampling.clone();
    let spills = Spills::of(&config);
    // The meter provider first: the SDK's span processor takes a meter from it when it is made.
    let mut metrics = metrics_pipeline::start(&config, &identity, parts, &spills, &background)?;
    let observer = metrics.observer().clone();
    let parts = (&sampling, &spills, &observer);
    let spans = match start_traces(&config, parts, &identity, &background, scope) {
        Ok(spans) => spans,
        Err(refused) => {
            metrics.stop(Instant::now() + Duration::from_secs(1));
            return Err(refused);
        }
    };
    Ok(Telemetry::running(
        Running {
            metrics,
            spans,
            spills,
            background,
            scope,
            begin: None,
        },
        claim,
        patience,
    ))
}

const NO_EXPORTER: &str = "none of the exporters of spans can be used: traces that begin here are not sampled, and \
     exemplars do not name them";

const PROPAGATORS_KEPT: &str = "a global propagator of OpenTelemetry is set already and is kept: `OTEL_PROPAGATORS` \
     and `Builder::propagators` have no effect";

fn install_propagators(config: &Config) {
    if traces::install_propagators(&config.propagators) == PropagatorInstall::Foreign {
        warn(PROPAGATORS_KEPT);
    }
}

#[cfg(feature = "subscriber")]
fn install_subscriber(config: &Config) {
    if traces::install_subscriber(&config.log_filter) == SubscriberInstall::Foreign {
        tracing::warn!(
            target: "runar_otel",
            "a `tracing` subscriber is installed already and lacks our layer: add `runar_otel::layer()` to it, \
             else there are neither traces nor exemplars"
        );
    }
}

/// Without the feature `subscriber` the application has to have one.
#[cfg(not(feature = "subscriber"))]
fn install_subscriber(_: &Config) {
    if !traces::is_installed() {
        report::say(
            "no `tracing` subscriber with our layer is installed: add `runar_otel::layer()` to yours, or turn on the \
             Cargo feature `subscriber` of runar-otel, else there are neither traces nor exemplars"
                .to_owned(),
        );
    }
}

fn start_traces(
    config: &Config,
    (sampling, spills, observer): (&Sampling, &Spills, &Observer),
    identity: &Identity,
    background: &Background,
    scope: Scope,
) -> Result<SdkTracerProvider, InitError> {
    #[cfg(feature = "otlp")]
    traces::set_urgency(Urgency::Calm);
    let resource = identity.resource.clone();
    let runtime = background.handle();
    let spill = spills.traces.as_ref();
    let builder = traces::builder_with(config, sampling, resource, runtime, observer, spill);
    let provider = builder.map_err(InitError::Traces)?.build();
    if scope == Scope::Everything {
        global::set_tracer_provider(provider.clone());
        traces::install(&provider, sampling.decider(config.sampler));
    }
    Ok(provider)
}
