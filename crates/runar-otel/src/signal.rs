//! The signals that ask a process to end.

use std::{future::Future, io};

use runar_otel_core::report;

/// Completes when the process is asked to end: at `SIGTERM`, which Kubernetes, systemd and Docker send, or at Ctrl-C. Needs
/// the feature `signal`.
///
/// A process that these signals kill loses its last measurements and spans: no destructor runs. Wait for this future,
/// let the application finish, and end telemetry then, by [`Telemetry::shutdown`](crate::Telemetry::shutdown) or by a drop
/// of the guard. `docs/shutdown.md` has the time limits of Kubernetes, systemd and Docker.
///
/// Listening begins with the call, not with the first poll. From then on the signals no longer kill the process by
/// themselves, also after the future has completed or was dropped. A signal that cannot be listened to is reported, and
/// kills the process as before.
///
/// # Panics
/// Outside of a Tokio runtime, and in one whose I/O is not enabled.
///
/// # Examples
/// ```no_run
/// # fn serve(_: impl Future<Output = ()>) -> impl Future<Output = ()> { std::future::ready(()) }
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let telemetry = runar_otel::init()?;
///     // With axum: `axum::serve(listener, app).with_graceful_shutdown(runar_otel::shutdown_signal()).await?;`
///     serve(runar_otel::shutdown_signal()).await;
///     let undelivered = telemetry.shutdown();
///     if !undelivered.is_complete() {
///         tracing::warn!("{undelivered}");
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a future completes only if it is awaited"]
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + 'static {
    imp::listen()
}

/// Reports a signal that the system does not let us listen to.
fn heard<T>(name: &str, listener: io::Result<T>) -> Option<T> {
    let report = |error: &io::Error| report::say(format!("cannot listen to {name}: {error}"));
    listener.inspect_err(report).ok()
}

#[cfg(unix)]
mod imp {
    use std::{
        future::{Future, poll_fn},
        task::{Context, Poll},
    };

    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::heard;

    pub(super) fn listen() -> impl Future<Output = ()> + Send + 'static {
        let mut signals = [
            heard("SIGTERM", signal(SignalKind::terminate())),
            heard("SIGINT", signal(SignalKind::interrupt())),
        ];
        poll_fn(move |context| came(&mut signals, context))
    }

    /// Asks every signal, so that each of them wakes the task.
    fn came(signals: &mut [Option<Signal>], context: &mut Context<'_>) -> Poll<()> {
        let mut came = Poll::Pending;
        for signal in signals.iter_mut().flatten() {
            if signal.poll_recv(context).is_ready() {
                came = Poll::Ready(());
            }
        }
        came
    }
}

#[cfg(not(unix))]
mod imp {
    use std::future::{Future, pending};

    use super::heard;

    pub(super) fn listen() -> impl Future<Output = ()> + Send + 'static {
        async {
            if heard("Ctrl-C", tokio::signal::ctrl_c().await).is_none() {
                pending::<()>().await;
            }
        }
    }
}
