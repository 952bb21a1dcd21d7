//! The outcome of a shutdown.

use std::{error::Error, fmt};

use runar_otel_pipeline::schedule::FlushError;

use crate::{
    error::{DeliveryError, told},
    traces::TracesError,
};

/// Telemetry that a shutdown did not deliver, and that is lost.
///
/// A shutdown always ends telemetry, and no caller can do it wrong, so it is no [`Result`]: a receiver that is away at the
/// end is no failure of the application. [`into_result`](Self::into_result) makes an error of it.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let telemetry = runar_otel::builder().metrics_exporters([]).traces_exporters([]).init()?;
/// // … the application
/// let undelivered = telemetry.shutdown();
/// if !undelivered.is_complete() {
///     tracing::warn!("{undelivered}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the loss of the last telemetry is told here only: log it if it is not complete"]
#[non_exhaustive]
pub struct Undelivered {
    /// The failures of metrics: one for each exporter that failed, and one for attached readers.
    pub metrics: Vec<FlushError>,
    /// The failure of spans; `None` if they were delivered.
    pub traces: Option<TracesError>,
}

impl Undelivered {
    pub(crate) fn of(delivered: Result<(), DeliveryError>) -> Self {
        match delivered {
            Ok(()) => Self {
                metrics: Vec::new(),
                traces: None,
            },
            Err(DeliveryError { metrics, traces }) => Self { metrics, traces },
        }
    }

    /// True if nothing was left: all metrics and spans are delivered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.metrics.is_empty() && self.traces.is_none()
    }

    /// Returns an error unless all is delivered.
    ///
    /// # Errors
    /// When something was not delivered.
    pub fn into_result(self) -> Result<(), DeliveryError> {
        DeliveryError::check(self.metrics, self.traces)
    }
}

/// One line: `all telemetry was delivered`, or the failures.
impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return f.write_str("all telemetry was delivered");
        }
        write!(
            f,
            "not delivered: {}",
            told(&self.metrics, self.traces.as_ref())
        )?;
        let mut source = self.traces.as_ref().and_then(Error::source);
        while let Some(error) = source {
            write!(f, ": {}", error.to_string().replace('\n', " "))?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failures_are_told_in_one_line() {
        let complete = Undelivered::of(Ok(()));
        assert!(complete.is_complete());
        assert_eq!(complete.to_string(), "all telemetry was delivered");
        complete.into_result().unwrap();
        let failed = |text: &str| FlushError::Failed(text.to_owned());
        let thread = std::io::Error::other("none");
        let metrics = vec![failed("one"), failed("two\nlines")];
        let lost = Undelivered::of(DeliveryError::check(
            metrics,
            Some(TracesError::Thread(thread)),
        ));
        assert!(!lost.is_complete());
        let line = lost.to_string();
        assert!(line.starts_with("not delivered: "), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.ends_with(": none"), "{line}");
        lost.into_result().unwrap_err();
    }
}
