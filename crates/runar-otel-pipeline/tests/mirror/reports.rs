//! Reports of the process, for tests to look at.

use std::{
    sync::{Mutex, Once, PoisonError},
    time::Duration,
};

use tracing::{Event, Subscriber, field::Field};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _};

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What this library has reported so far.
pub(crate) fn said() -> Vec<String> {
    assert!(runar_otel_core::report::flush(Duration::from_secs(20)));
    SAID.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Begins to listen, for the whole process.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Listener);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

struct Listener;

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "runar_otel" {
            return;
        }
        let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        event.record(&mut |field: &Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                said.push(format!("{value:?}"));
            }
        });
    }
}
