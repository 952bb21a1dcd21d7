//! The processor's counter: a clock that is read faster than the system's.
//!
//! It is used where the system itself takes its time from it, once its pace is known; that is found out on a thread of
//! its own, within about a millisecond of it. Everywhere else, and until then, the system is asked.

use std::{
    sync::{
        Once, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use quanta::Clock;

/// The counter, set once its rate is known and found stable.
static CLOCK: OnceLock<Clock> = OnceLock::new();

/// True if the counter must not be used. No other memory depends on it, therefore relaxed.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// The time for which the counter is compared with the clock of the system.
const TRIAL: Duration = Duration::from_millis(20);

/// The part of a duration by which both may differ. Mostly the difference is 25 millionths at the most.
const TOLERANCE: f64 = 1e-3;

/// The counter; `None` while it is not in use.
#[inline]
pub(crate) fn clock() -> Option<&'static Clock> {
    CLOCK.get()
}

/// Keeps the counter from being used, unless it is already.
pub(crate) fn refuse() {
    REFUSED.store(true, Ordering::Relaxed);
}

/// Starts a thread that compares the counter with the clock of the system, and puts it into use if they agree.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(start()));
}

fn start() -> Option<JoinHandle<()>> {
    if REFUSED.load(Ordering::Relaxed) || !keeps_the_systems_time() {
        return None;
    }
    let thread = thread::Builder::new().name("runar-otel-clock".to_owned());
    thread.spawn(calibrate).ok()
}

/// True if the kernel takes its time from the counter: it does not use one that stops, jumps or differs between
/// processors.
fn keeps_the_systems_time() -> bool {
    const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && !cfg!(miri)
        && std::fs::read_to_string(SOURCE).is_ok_and(|source| source.trim() == "tsc")
}

fn calibrate() {
    let clock = Clock::new();
    let (ticks, system) = both(&clock);
    thread::sleep(TRIAL);
    let (later_ticks, later_system) = both(&clock);
    let counted = clock.delta(ticks, later_ticks);
    if agree(counted, later_system.saturating_duration_since(system)) {
        let _ = CLOCK.set(clock);
    }
}

/// Reads both clocks at the same time: of eleven attempts the shortest one.
fn both(clock: &Clock) -> (u64, Instant) {
    let attempt = || {
        let before = Instant::now();
        let ticks = clock.raw();
        (before.elapsed(), (ticks, before))
    };
    let mut best = attempt();
    for _ in 0..10 {
        let next = attempt();
        if next.0 < best.0 {
            best = next;
        }
    }
    best.1
}

fn agree(one: Duration, other: Duration) -> bool {
    let (one, other) = (one.as_secs_f64(), other.as_secs_f64());
    (one - other).abs() <= other * TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_is_off_is_found_out() {
        let second = Duration::from_secs(1);
        assert!(agree(second, second));
        assert!(agree(Duration::from_micros(999_975), second));
        assert!(!agree(Duration::from_millis(998), second));
        assert!(!agree(Duration::from_millis(1002), second));
        assert!(!agree(Duration::ZERO, second));
    }

    #[test]
    fn it_is_used_where_the_system_uses_it_only() {
        let started = start();
        assert_eq!(started.is_some(), keeps_the_systems_time());
        started.map(JoinHandle::join).transpose().unwrap();
        assert_eq!(clock().is_some(), keeps_the_systems_time());
        let Some(clock) = clock() else { return };
        let (ticks, system) = both(clock);
        thread::sleep(TRIAL);
        let (later_ticks, later_system) = both(clock);
        let counted = clock.delta(ticks, later_ticks);
        assert!(agree(counted, later_system - system), "{counted:?}");
        assert_eq!(clock.delta(later_ticks, ticks), Duration::ZERO);
    }

    #[test]
    fn it_is_not_used_where_it_is_refused() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "clock::ticks::tests::refused"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(said.contains("1 passed"), "{said}");
    }

    #[test]
    #[ignore = "run by the test above, in a process of its own"]
    fn refused() {
        crate::clock::keep_to_the_system();
        assert!(start().is_none());
    }
}
