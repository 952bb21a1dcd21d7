//! Whether the OpenTelemetry context of this thread may still be asked.

use std::panic::catch_unwind;

use opentelemetry::Context;

/// A thread-local that dies before the one in which the SDK keeps the current context.
///
/// Reading the context from the destructor of a thread-local aborts the process; a span that is closed
/// there would do it. Thread-locals die in the reverse order of their birth, and the birth of this one
/// touches the context first. One that is born when the context is dead already finds that out by a panic.
struct Sentinel {
    context_is_alive: bool,
}

impl Sentinel {
    fn born() -> Self {
        let context = catch_unwind(Context::is_current_telemetry_suppressed);
        Self {
            context_is_alive: context.is_ok(),
        }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {}
}

thread_local! {
    static SENTINEL: Sentinel = Sentinel::born();
}

/// Runs `read` if the context of this thread is alive.
pub(crate) fn with_context<T>(read: impl FnOnce(&Context) -> T) -> Option<T> {
    let alive = SENTINEL.try_with(|sentinel| sentinel.context_is_alive);
    alive.ok().filter(|alive| *alive)?;
    Some(Context::map_current(read))
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, thread};

    use super::*;

    struct AskAtTheEnd;

    impl Drop for AskAtTheEnd {
        fn drop(&mut self) {
            assert_eq!(with_context(|_| ()), None);
        }
    }

    thread_local! {
        static FIRST: RefCell<Option<AskAtTheEnd>> = const { RefCell::new(None) };
    }

    #[test]
    fn context_may_be_asked_from_the_destructor_of_a_thread_local() {
        let thread = thread::spawn(|| {
            FIRST.with(|slot| *slot.borrow_mut() = Some(AskAtTheEnd));
            assert_eq!(with_context(|_| ()), Some(()));
        });
        thread.join().unwrap();
    }
}
