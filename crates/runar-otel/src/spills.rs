//! The spills of metrics and spans, and the check of their directory.

use std::time::Duration;

pub(crate) use runar_otel_pipeline::spill::Spill;

use crate::config::{Config, Problem, SPILL_DIR, Source};

/// The spill of each signal; without a directory there are none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spills {
    pub(crate) metrics: Option<Spill>,
    pub(crate) traces: Option<Spill>,
}

impl Spills {
    #[cfg(feature = "spill")]
    pub(crate) fn of(config: &Config) -> Self {
        use runar_otel_pipeline::{settings::Signal, spill::SpillOptions};

        let Some(directory) = &config.spill_dir else {
            return Self::default();
        };
        let of = |signal| Spill::new(SpillOptions::new(directory), signal);
        Self {
            metrics: Some(of(Signal::Metrics)),
            traces: Some(of(Signal::Traces)),
        }
    }

    #[cfg(not(feature = "spill"))]
    pub(crate) fn of(_: &Config) -> Self {
        Self::default()
    }

    /// Tells the spills that the process ends within this time.
    pub(crate) fn end_within(&self, patience: Duration) {
        for spill in [&self.metrics, &self.traces].into_iter().flatten() {
            spill.end_within(patience);
        }
    }
}

/// Checks the directory. One that cannot be used is taken out of the configuration, and the problem is returned.
pub(crate) fn check(config: &mut Config, source: Source) -> Option<Problem> {
    if !config.enabled {
        return None;
    }
    let directory = config.spill_dir.as_ref()?;
    let expected = refusal(directory)?;
    let key = match source {
        Source::Builder => "spill_dir",
        Source::Environment => SPILL_DIR,
    };
    let value = directory.display().to_string();
    config.spill_dir = None;
    Some(Problem::new(source, key, value, expected))
}

/// Returns the reason why a directory cannot be used; `None` if it can.
#[cfg(feature = "spill")]
fn refusal(directory: &std::path::Path) -> Option<String> {
    let error = runar_otel_pipeline::spill::check_directory(directory).err()?;
    Some(format!("a directory that can be written: {error}"))
}

#[cfg(not(feature = "spill"))]
fn refusal(_: &std::path::Path) -> Option<String> {
    Some("to be unset: the Cargo feature `spill` is off".to_owned())
}
