//! Reports: what is wrong is said once, loudly, and never in the way of the application.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{LazyLock, Mutex, PoisonError},
};

/// The target of all events that this SDK emits about itself.
pub const TARGET: &str = "runar_otel";

/// After so many different reports the rest stays silent: a report is for a reader.
const MOST: usize = 10_000;

static SAID: LazyLock<Mutex<HashSet<u64>>> = LazyLock::new(Mutex::default);

/// Reports a problem as a `tracing` event of level `ERROR`, once per `key` in the life of the process.
///
/// Without any `tracing` subscriber the message goes to standard error.
pub fn once(key: impl Hash, message: impl FnOnce() -> String) {
    if first(key) {
        say(&message());
    }
}

/// Reports a problem each time it is called; see [`once`].
#[expect(
    clippy::print_stderr,
    reason = "nobody listens to events: the last resort"
)]
pub fn say(message: &str) {
    if tracing::dispatcher::has_been_set() {
        tracing::error!(target: "runar_otel", "{message}");
    } else {
        eprintln!("runar_otel: {message}");
    }
}

fn first(key: impl Hash) -> bool {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.len() < MOST && said.insert(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_is_reported_once() {
        assert!(first(("a test", 1)));
        assert!(!first(("a test", 1)));
        assert!(first(("a test", 2)));
    }
}
