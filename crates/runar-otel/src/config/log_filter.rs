//! The filter of log lines.

use tracing_subscriber::EnvFilter;

use crate::config::{
    environment::Environment, overrides::Overrides, problem::Problem, settings::Config,
};

/// The expected form of a log filter, for messages.
const DIRECTIVES: &str = "directives such as `info,my_crate=debug`";

/// Chooses the filter: `RUST_LOG`, else the builder's, else that of `OTEL_LOG_LEVEL`.
pub(crate) fn choose(
    config: &mut Config,
    overrides: &Overrides,
    environment: &mut Environment<'_>,
    mistakes: &mut Vec<Problem>,
) {
    let user = environment.parsed("RUST_LOG", |text| match is_usable(text) {
        true => Ok(text.to_owned()),
        false => Err(DIRECTIVES.into()),
    });
    let builder = overrides.log_filter.clone();
    if let Some(bad) = builder.as_ref().filter(|filter| !is_usable(filter)) {
        mistakes.push(Problem::builder("log_filter", bad, DIRECTIVES));
    }
    config.log_filter = user
        .or(builder)
        .unwrap_or_else(|| config.log_level.directives());
}

fn is_usable(filter: &str) -> bool {
    EnvFilter::try_new(filter).is_ok()
}
