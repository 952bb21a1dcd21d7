//! Retries of failed attempts.

use std::{future::Future, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{AttemptError, ExportError, FaultKind, RetryPolicy, Urgency};

/// The limit of waits and timeouts, so that adding one to a clock cannot overflow.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The outcome of a failed attempt.
#[derive(Debug)]
pub(super) enum Failure {
    /// The export fails: no further attempt may succeed.
    Permanent(ExportError),
    /// Another attempt may succeed, not before the wait that the receiver demanded.
    Transient {
        error: AttemptError,
        demanded: Option<Duration>,
    },
}

impl Failure {
    /// Makes a failure for which the retry policy alone decides the wait.
    pub(super) fn transient(error: AttemptError) -> Self {
        Self::Transient {
            error,
            demanded: None,
        }
    }
}

/// Time limits of an export: for each attempt and in total.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    attempt: Duration,
    total: Duration,
}

impl Bounds {
    /// Checks the limits: zero for an attempt means the total, which must not be zero. A day is the most.
    pub(super) fn new(attempt: Duration, total: Duration) -> Result<Self, ExportError> {
        if total.is_zero() {
            return Err(ExportError::InvalidTimeout { timeout: total });
        }
        let total = total.min(DAY);
        let attempt = if attempt.is_zero() { total } else { attempt };
        Ok(Self {
            attempt: attempt.min(total),
            total,
        })
    }

    /// Returns the time limit of one attempt.
    pub(super) fn attempt(self) -> Duration {
        self.attempt
    }
}

/// The time that an export may take, and who waits for it.
#[derive(Clone, Debug)]
pub struct Patience {
    /// The time limit of the export, attempts and waits together; at most the total timeout of the options.
    pub total: Duration,
    /// The urgency, which may rise while the export is under way.
    pub urgency: watch::Receiver<Urgency>,
}

impl Patience {
    /// Makes the patience of an export whose process runs on.
    #[must_use]
    pub fn calm(total: Duration) -> Self {
        let (_, urgency) = watch::channel(Urgency::Calm);
        Self { total, urgency }
    }

    /// Waits, or gives up: `false` if the process ends and there is no connection.
    async fn sleep(&mut self, wait: Duration, error: &AttemptError) -> bool {
        if !error.kind().is_before_connection() {
            sleep(wait).await;
            return true;
        }
        let ends = async {
            let ends = self.urgency.wait_for(|urgency| *urgency == Urgency::Last);
            // Nobody may be left who could raise the urgency.
            if ends.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        timeout(wait, ends).await.is_err()
    }
}

/// Calls `attempt` with its deadline, again and again, until it succeeds, fails for good, or the time is up.
pub(super) async fn persist<T, A, F>(
    policy: RetryPolicy,
    bounds: Bounds,
    mut patience: Patience,
    mut attempt: A,
) -> Result<T, ExportError>
where
    A: FnMut(Instant) -> F,
    F: Future<Output = Result<T, Failure>>,
{
    let started = Instant::now();
    let end = started + bounds.total.min(patience.total);
    let mut attempts: u32 = 0;
    let mut telling = None;
    loop {
        attempts = attempts.saturating_add(1);
        let begun = Instant::now();
        let deadline = end.min(begun + bounds.attempt);
        let outcome = timeout_at(deadline, attempt(deadline)).await;
        let (error, demanded) = match outcome {
            Ok(Ok(delivered)) => return Ok(delivered),
            Ok(Err(Failure::Permanent(error))) => return Err(error),
            Ok(Err(Failure::Transient { error, demanded })) => (error, demanded),
            Err(_) => (AttemptError::TimedOut(deadline - begun), None),
        };
        // An attempt that was cut short tells less than the one before.
        let is_short = deadline - begun < bounds.attempt;
        let error = match telling.take() {
            Some(earlier) if is_short && matches!(error, AttemptError::TimedOut(_)) => earlier,
            _ => error,
        };
        let left = end.saturating_duration_since(Instant::now());
        match policy.wait(attempts, demanded, left, fastrand::f64()) {
            Some(wait) if patience.sleep(wait, &error).await => {
                telling = Some(error).filter(|error| error.kind() != FaultKind::Timeout);
            }
            _ => return Err(given_up(attempts, started.elapsed(), error, demanded)),
        }
    }
}

fn given_up(
    attempts: u32,
    after: Duration,
    last: AttemptError,
    retry_after: Option<Duration>,
) -> ExportError {
    match last {
        AttemptError::TimedOut(_) => ExportError::TimedOut {
            after,
            attempts,
            last,
        },
        last => ExportError::Unavailable {
            attempts,
            last,
            retry_after,
        },
    }
}

impl RetryPolicy {
    /// Returns the wait after this many failures, or `None` if the wait would leave no time.
    ///
    /// `chance` is a random number in `[0, 1)`; 0 halves the wait.
    fn wait(
        &self,
        failures: u32,
        demanded: Option<Duration>,
        left: Duration,
        chance: f64,
    ) -> Option<Duration> {
        let max = self.max.min(DAY);
        let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.initial.as_secs_f64() * self.factor.powi(exponent);
        let grown = Duration::try_from_secs_f64(grown).map_or(max, |wait| wait.min(max));
        let wait = grown.mul_f64(0.5 + chance / 2.0);
        let wait = wait.max(demanded.unwrap_or_default());
        (wait < left).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Status;

    const SECOND: Duration = Duration::from_secs(1);
    const AMPLE: Duration = Duration::from_secs(3600);

    fn busy(demanded: Option<Duration>) -> Failure {
        Failure::Transient {
            error: AttemptError::Refused {
                status: Status::Http(503),
                message: String::new(),
            },
            demanded,
        }
    }

    fn bounds(attempt: u64, total: u64) -> Bounds {
        Bounds::new(
            SECOND * u32::try_from(attempt).unwrap(),
            SECOND * u32::try_from(total).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn waits_grow_up_to_the_maximum() {
        let policy = RetryPolicy::default();
        let longest = |failures| policy.wait(failures, None, AMPLE, 1.0).unwrap();
        assert_eq!(longest(1), Duration::from_millis(500));
        assert_eq!(longest(2), Duration::from_millis(750));
        assert_eq!(longest(3), Duration::from_millis(1125));
        assert_eq!(longest(7), 5 * SECOND);
        assert_eq!(longest(u32::MAX), 5 * SECOND);
    }

    #[test]
    fn chance_shortens_a_wait_by_half_at_most() {
        let policy = RetryPolicy::default();
        let shortest = policy.wait(1, None, AMPLE, 0.0).unwrap();
        assert_eq!(shortest, Duration::from_millis(250));
    }

    #[test]
    fn a_demand_is_a_minimum() {
        let policy = RetryPolicy::default();
        let wait = |demanded| policy.wait(1, Some(demanded), AMPLE, 1.0).unwrap();
        assert_eq!(wait(20 * SECOND), 20 * SECOND);
        assert_eq!(wait(Duration::ZERO), Duration::from_millis(500));
    }

    #[test]
    fn a_retry_past_the_deadline_is_skipped() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.wait(1, Some(SECOND), SECOND, 0.5), None);
        assert_eq!(policy.wait(1, None, Duration::from_millis(100), 0.5), None);
    }

    #[test]
    fn a_nonsensical_policy_waits_the_maximum() {
        for factor in [f64::NAN, f64::INFINITY, -2.0] {
            let policy = RetryPolicy {
                factor,
                max: Duration::MAX,
                ..RetryPolicy::default()
            };
            assert_eq!(
                policy.wait(4, None, Duration::MAX, 1.0),
                Some(DAY),
                "{factor}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_receiver_that_recovers_gets_the_data() {
        let mut failures = 3;
        let started = Instant::now();
        let delivered = persist(
            RetryPolicy::default(),
            bounds(10, 30),
            Patience::calm(AMPLE),
            |_| {
                let outcome = if failures == 0 {
                    Ok("delivered")
                } else {
                    Err(busy(Some(2 * SECOND)))
                };
                failures = i32::max(failures - 1, 0);
                async { outcome }
            },
        );
        assert_eq!(delivered.await.unwrap(), "delivered");
        assert_eq!(started.elapsed().as_secs(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_demand_beyond_the_total_gives_up_at_once() {
        let started = Instant::now();
        let outcome = persist::<(), _, _>(
            RetryPolicy::default(),
            bounds(10, 30),
            Patience::calm(AMPLE),
            |_| async { Err(busy(Some(31 * SECOND))) },
        );
        let error = outcome.await.unwrap_err();
        assert!(
            matches!(error, ExportError::Unavailable { attempts: 1, .. }),
            "{error:?}"
        );
        assert!(!error.is_final());
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_receiver_costs_the_total_and_no_more() {
        let started = Instant::now();
        let outcome = persist::<(), _, _>(
            RetryPolicy::default(),
            bounds(10, 30),
            Patience::calm(AMPLE),
            |_| std::future::pending(),
        );
        let error = outcome.await.unwrap_err();
        assert!(
            matches!(error, ExportError::TimedOut { attempts: 3, .. }),
            "{error:?}"
        );
        assert!(started.elapsed() <= 30 * SECOND + Duration::from_millis(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_failure_is_final() {
        let mut attempts = 0;
        let outcome = persist::<(), _, _>(
            RetryPolicy::default(),
            bounds(0, 30),
            Patience::calm(AMPLE),
            |_| {
                attempts += 1;
                async {
                    Err(Failure::Permanent(ExportError::ResponseTooLarge {
                        limit: 1,
                    }))
                }
            },
        );
        assert!(outcome.await.unwrap_err().is_final());
        assert_eq!(attempts, 1);
    }
}
