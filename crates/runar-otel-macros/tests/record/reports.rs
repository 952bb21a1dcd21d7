//! What was reported in this process.

use std::{
    fmt,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Listens from the first use on.
static LISTENER: LazyLock<()> = LazyLock::new(|| {
    tracing::subscriber::set_global_default(Listener).unwrap();
});

pub(crate) fn listen() {
    LazyLock::force(&LISTENER);
}

/// The reports in which a word occurs.
pub(crate) fn about(word: &str) -> Vec<String> {
    assert!(runar_otel_core::report::flush(Duration::from_secs(20)));
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.iter()
        .filter(|message| message.contains(word))
        .cloned()
        .collect()
}

struct Listener;

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "runar_otel"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        if message.0.contains("declared_reentrant") {
            crate::declared::count_reentrant();
        }
        let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        said.push(message.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
