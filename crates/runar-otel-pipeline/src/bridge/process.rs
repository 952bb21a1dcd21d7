//! The start of the process, from which a registry of the `prometheus` crate counts.

use std::time::{Duration, SystemTime};

/// The unit of times in `/proc`, in milliseconds: a hundredth of a second in every system that Rust supports.
const TICK: u64 = 10;

/// Returns the start of this process, or a moment before it that is at most some hundredths of a second earlier; `None` where the system does not tell.
///
/// Linux tells it in `/proc`. In a container whose `/proc` mixes times of the container with those of the host, the
/// process may seem to have begun in the future: its start is unknown then.
pub(super) fn started() -> Option<SystemTime> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    SystemTime::now().checked_sub(age(&stat, &uptime)?)
}

/// Returns the age of a process by its line in `/proc/…/stat` and the content of `/proc/uptime`.
fn age(stat: &str, uptime: &str) -> Option<Duration> {
    // The name of the program stands in parentheses and may contain anything. The start is the twentieth field after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let start: u64 = fields.split_ascii_whitespace().nth(19)?.parse().ok()?;
    let uptime: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
    let uptime = Duration::try_from_secs_f64(uptime).ok()?;
    let start = Duration::from_millis(start.checked_mul(TICK)?);
    // Both times are rounded down: without one tick more the process might seem to have begun later than it did.
    uptime
        .checked_sub(start)?
        .checked_add(Duration::from_millis(TICK))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 1250 8192 1 0 0";

    #[test]
    fn the_age_is_the_time_since_the_start() {
        assert_eq!(age(STAT, "20.00 5.00\n"), Some(Duration::from_millis(7510)));
        assert_eq!(age(STAT, "12.00 5.00\n"), None);
        assert_eq!(age("7 (a) S 1", "20.00 5.00\n"), None);
        assert_eq!(age(STAT, "-1"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_began_lately() {
        let age = started().unwrap().elapsed().unwrap();
        assert!(age < Duration::from_secs(3600), "{age:?}");
    }
}
