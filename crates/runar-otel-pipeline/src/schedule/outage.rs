//! Log lines of an outage: when it begins, when its reason changes in kind, every ten minutes, and when it is over.

use std::time::{Duration, Instant};

use crate::export::FaultKind;

/// The time after which an outage is logged again, 10 min.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// The outage of one destination, if there is one.
#[derive(Debug)]
pub struct Outage {
    /// The signal, such as `metrics`.
    signal: &'static str,
    /// The destination, without secrets.
    destination: String,
    /// The advice for somebody who has no receiver at the destination.
    advice: &'static str,
    now: Option<State>,
}

#[derive(Debug)]
struct State {
    since: Instant,
    failures: u64,
    told: Instant,
    problem: Problem,
}

/// The kind of a problem: an outage is logged again when the kind changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// An export failed.
    Export(FaultKind),
    /// The collection takes longer than it may.
    SlowCollection,
    /// The delivery takes longer than it may.
    SlowDelivery,
    /// Code of ours, or code that we call, panicked.
    Panic,
}

impl Problem {
    /// True if time was too short, which may be that of the caller.
    #[must_use]
    pub fn is_about_time(self) -> bool {
        matches!(
            self,
            Self::SlowCollection | Self::SlowDelivery | Self::Export(FaultKind::Timeout)
        )
    }
}

impl Outage {
    /// Begins without an outage. The destination must not contain a secret.
    #[must_use]
    pub fn new(signal: &'static str, destination: String, advice: &'static str) -> Self {
        Self {
            signal,
            destination,
            advice,
            now: None,
        }
    }

    /// Notes a failure. Returns the line to log, if it is time for one.
    pub fn failed(
        &mut self,
        problem: Problem,
        reason: &str,
        consequence: &str,
        now: Instant,
    ) -> Option<String> {
        let state = self.now.get_or_insert(State {
            since: now,
            failures: 0,
            told: now,
            problem,
        });
        state.failures += 1;
        let is_first = state.failures == 1;
        let is_new = state.problem != problem;
        let is_time = now.saturating_duration_since(state.told) >= AGAIN;
        if !(is_first || is_new || is_time) {
            return None;
        }
        (state.told, state.problem) = (now, problem);
        let Self {
            signal,
            destination,
            ..
        } = self;
        let mut line = format!("{signal} are not delivered to {destination}");
        if !is_first {
            let time = rough(now.saturating_duration_since(state.since));
            line += &format!(", since {time} ({} failures)", state.failures);
        }
        line += &format!(": {reason}; {consequence}");
        let nobody = matches!(problem, Problem::Export(kind) if kind.is_before_connection());
        if nobody && is_first && !self.advice.is_empty() {
            line += &format!(" ({})", self.advice);
        }
        Some(line)
    }

    /// Notes a success. Returns the line to log if an outage ends.
    pub fn succeeded(&mut self, now: Instant) -> Option<String> {
        let state = self.now.take()?;
        Some(format!(
            "{} are delivered again to {}, after {} ({} failures)",
            self.signal,
            self.destination,
            rough(now.saturating_duration_since(state.since)),
            state.failures
        ))
    }
}

/// Returns a time in its largest whole unit.
fn rough(time: Duration) -> String {
    match time.as_secs() {
        0..120 => format!("{} s", time.as_secs()),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Problem = Problem::Export(FaultKind::Refused);

    #[test]
    fn an_outage_is_told_at_its_begin_at_a_new_reason_and_every_ten_minutes() {
        let mut outage = Outage::new("metrics", "http://c:4318".to_owned(), "set X=none");
        let begin = Instant::now();
        let mut told = Vec::new();
        for second in (0..1500).step_by(60) {
            let problem = match second {
                0..300 => REFUSED,
                _ => Problem::SlowDelivery,
            };
            let now = begin + Duration::from_secs(second);
            if let Some(line) = outage.failed(problem, "why", "kept", now) {
                told.push((second, line));
            }
        }
        let times: Vec<u64> = told.iter().map(|(second, _)| *second).collect();
        assert_eq!(times, [0, 300, 900]);
        assert_eq!(
            told[0].1,
            "metrics are not delivered to http://c:4318: why; kept (set X=none)"
        );
        assert_eq!(
            told[1].1,
            "metrics are not delivered to http://c:4318, since 5 min (6 failures): why; kept"
        );
        let again = outage.succeeded(begin + Duration::from_secs(7300)).unwrap();
        assert_eq!(
            again,
            "metrics are delivered again to http://c:4318, after 2 h (25 failures)"
        );
        assert_eq!(outage.succeeded(begin), None);
    }
}
