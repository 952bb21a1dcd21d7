//! Flushing and stopping the provider of spans in bounded time.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use opentelemetry_sdk::{error::OTelSdkError, trace::SdkTracerProvider};

use crate::{patience::try_begin, traces::TracesError};

/// Number of exports of this process that have failed. Only compared with itself, so any ordering is enough.
static FAILED_EXPORTS: AtomicU64 = AtomicU64::new(0);

/// The reason of the last export of this process that has failed; empty before the first.
static LAST_FAILURE: Mutex<String> = Mutex::new(String::new());

/// Notes that an export has failed.
#[cfg(feature = "otlp")]
pub(crate) fn note_failure(error: &OTelSdkError) {
    let reason = match error {
        OTelSdkError::InternalFailure(reason) => reason.clone(),
        other => other.to_string(),
    };
    *LAST_FAILURE.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    FAILED_EXPORTS.fetch_add(1, Ordering::Relaxed);
}

/// Returns the failure of a flush during which an export has failed: the SDK shows it as a list of debug output.
fn failed_export() -> TracesError {
    let reason = LAST_FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
    TracesError::Delivery(OTelSdkError::InternalFailure(reason.clone()))
}

/// The time that the SDK's batch processor waits for a flush, 5 s, whatever timeout it is given.
const SDK_PATIENCE: Duration = Duration::from_secs(5);

/// Exports all ended spans; returns when they are exported, or after the timeout.
///
/// # Errors
/// When the spans are not delivered in time. Late spans may still be delivered afterwards.
pub(crate) fn flush(provider: &SdkTracerProvider, timeout: Duration) -> Result<(), TracesError> {
    let provider = provider.clone();
    within(timeout, move |deadline| flush_until(&provider, deadline))
}

/// Exports all ended spans and stops the provider; returns when that is done, or after the timeout.
///
/// Stopping twice is no error.
///
/// # Errors
/// When the spans are not delivered, or not in time. The provider stops anyway.
pub(crate) fn shutdown(provider: &SdkTracerProvider, timeout: Duration) -> Result<(), TracesError> {
    let provider = provider.clone();
    within(timeout, move |deadline| {
        // The SDK's shutdown exports too, but does not report whether the export worked.
        let flushed = flush_until(&provider, deadline);
        let left = deadline.saturating_duration_since(Instant::now());
        match provider.shutdown_with_timeout(left) {
            Ok(()) => flushed,
            Err(OTelSdkError::AlreadyShutdown) => Ok(()),
            Err(error) => flushed.and(Err(TracesError::Delivery(error))),
        }
    })
}

/// Runs the work on a thread of its own and waits until the timeout, at most 24 h, because calls of the SDK are not
/// bounded.
fn within(
    timeout: Duration,
    work: impl FnOnce(Instant) -> Result<(), TracesError> + Send + 'static,
) -> Result<(), TracesError> {
    let timeout = timeout.min(Duration::from_secs(24 * 3600));
    let deadline = Instant::now() + timeout;
    let pending = try_begin(move || work(deadline)).map_err(TracesError::Thread)?;
    let done = pending.wait(deadline);
    done.unwrap_or(Err(TracesError::Timeout(timeout)))
}

/// Flushes until the deadline, and again whenever the SDK gives up before.
fn flush_until(provider: &SdkTracerProvider, deadline: Instant) -> Result<(), TracesError> {
    let failures = FAILED_EXPORTS.load(Ordering::Relaxed);
    loop {
        let started = Instant::now();
        let Err(error) = provider.force_flush() else {
            break;
        };
        let gave_up = started.elapsed() >= SDK_PATIENCE;
        if !gave_up || Instant::now() >= deadline {
            return Err(match FAILED_EXPORTS.load(Ordering::Relaxed) == failures {
                true => TracesError::Delivery(error),
                false => failed_export(),
            });
        }
    }
    // A flush that gave up has not reported how its export ended, nor one that an earlier flush had begun.
    if FAILED_EXPORTS.load(Ordering::Relaxed) == failures {
        return Ok(());
    }
    Err(failed_export())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::Resource;
    use runar_otel_pipeline::background::Background;
    use tokio::runtime::Builder as RuntimeBuilder;

    use super::*;
    use crate::{
        config::{Config, OtlpConfig, Protocol, Url},
        traces::provider,
    };

    const PROTOCOLS: [Protocol; 2] = [Protocol::HttpProtobuf, Protocol::Grpc];

    /// Far below the timeouts that would show if one were not kept.
    const BOUND: Duration = Duration::from_secs(9);

    fn started(
        protocol: Protocol,
        port: u16,
        timeout: Duration,
    ) -> (Background, SdkTracerProvider) {
        let background = Background::start().unwrap();
        let config = Config {
            otlp_traces: OtlpConfig {
                protocol,
                endpoint: Url::new(format!("http://127.0.0.1:{port}")),
                timeout,
                ..OtlpConfig::of(runar_otel_pipeline::settings::Signal::Traces)
            },
            ..Config::default()
        };
        let resource = Resource::builder_empty().build();
        let provider = provider::builder(
            &config,
            &Default::default(),
            resource,
            background.handle(),
            &Default::default(),
        )
        .unwrap()
        .build();
        (background, provider)
    }

    /// Makes a span, flushes and stops; checks that neither delivers and both return in time.
    fn fail_in_time(protocol: Protocol, port: u16, export: Duration, stop: Duration) {
        let (_background, provider) = started(protocol, port, export);
        provider.tracer("test").start("lost");
        let begun = Instant::now();
        assert!(flush(&provider, stop).is_err(), "{protocol:?}");
        provider.tracer("test").start("lost");
        assert!(shutdown(&provider, stop).is_err(), "{protocol:?}");
        assert!(
            begun.elapsed() < BOUND,
            "{protocol:?} {:?}",
            begun.elapsed()
        );
    }

    /// Runs without a runtime, on a current-thread one, and on one with a single worker.
    fn everywhere(test: impl Fn() + Send + Copy + 'static) {
        test();
        let current = RuntimeBuilder::new_current_thread().enable_all().build();
        current.unwrap().block_on(async move { test() });
        let multi = RuntimeBuilder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let task = multi.spawn(async move { test() });
        multi.block_on(task).unwrap();
    }

    #[test]
    fn unreachable_collector_is_an_error_in_time() {
        everywhere(|| {
            for protocol in PROTOCOLS {
                let closed = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = closed.local_addr().unwrap().port();
                drop(closed);
                let export = Duration::from_millis(200);
                fail_in_time(protocol, port, export, Duration::from_secs(60));
            }
        });
    }

    #[test]
    fn silent_collector_is_an_error_after_the_export_timeout() {
        everywhere(|| {
            for protocol in PROTOCOLS {
                let silent = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = silent.local_addr().unwrap().port();
                let export = Duration::from_millis(200);
                fail_in_time(protocol, port, export, Duration::from_secs(60));
            }
        });
    }

    #[test]
    fn timeout_of_the_caller_is_kept() {
        everywhere(|| {
            for protocol in PROTOCOLS {
                let silent = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = silent.local_addr().unwrap().port();
                let stop = Duration::from_millis(200);
                fail_in_time(protocol, port, Duration::from_secs(60), stop);
            }
        });
    }

    #[test]
    fn runtime_that_stopped_first_is_an_error_in_time() {
        for protocol in PROTOCOLS {
            let (mut background, provider) = started(protocol, 1, Duration::from_secs(60));
            provider.tracer("test").start("lost");
            background.stop(Instant::now() + BOUND);
            let begun = Instant::now();
            assert!(shutdown(&provider, Duration::from_secs(60)).is_err());
            assert!(begun.elapsed() < BOUND);
        }
    }

    #[test]
    fn stopping_twice_is_no_error() {
        let (_background, provider) = started(Protocol::Grpc, 1, Duration::from_secs(1));
        shutdown(&provider, BOUND).unwrap();
        shutdown(&provider, BOUND).unwrap();
    }
}
