//! Only calls that our layer would see are decided; other layers see as much as before.

use tracing::{Event, Level, level_filters::LevelFilter};
use tracing_subscriber::{EnvFilter, filter::dynamic_filter_fn};

use super::*;

/// A layer that counts events.
#[derive(Clone, Default)]
struct Events(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, _: &Event<'_>, _: layer::Context<'_, S>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn ids_under(subscriber: impl Subscriber + Send + Sync) -> SpanContext {
    tracing::subscriber::with_default(subscriber, || {
        call(|| ());
        call(current)
    })
}

#[test]
fn call_is_decided_under_our_layer_alone() {
    let _stage = Stage::new(NEVER);
    assert!(ids_under(Registry::default().with(crate::layer())).is_valid());
    assert!(!ids_under(Registry::default()).is_valid());
    assert!(
        !ids_under(
            tracing_subscriber::fmt()
                .with_writer(std::io::sink)
                .finish()
        )
        .is_valid()
    );
}

#[test]
fn span_that_a_filter_keeps_from_our_layer_is_not_decided() {
    let _stage = Stage::new(NEVER);
    let only = LevelFilter::WARN;
    let beside = || Registry::default().with(Made::default());
    assert!(!ids_under(beside().with(crate::layer().with_filter(only))).is_valid());
    assert!(!ids_under(beside().with(crate::layer()).with(only)).is_valid());
    assert!(!ids_under(beside().with(only).with(crate::layer())).is_valid());
    let named = EnvFilter::new("off,[other]=info");
    assert!(!ids_under(beside().with(crate::layer()).with(named)).is_valid());
}

#[test]
fn filter_of_another_layer_changes_nothing() {
    let _stage = Stage::new(NEVER);
    let quiet = Made::default().with_filter(LevelFilter::WARN);
    assert!(ids_under(Registry::default().with(quiet).with(crate::layer())).is_valid());
    let quiet = Made::default().with_filter(LevelFilter::WARN);
    assert!(ids_under(Registry::default().with(crate::layer()).with(quiet)).is_valid());
    let directives = EnvFilter::new("warn,[order{id=1}]=debug");
    let layered = Made::default().with_filter(directives);
    assert!(ids_under(Registry::default().with(crate::layer()).with(layered)).is_valid());
}

/// A filter may want a span now and not at another time.
#[test]
fn filter_that_changes_its_mind_is_asked_each_time() {
    let _stage = Stage::new(NEVER);
    let wanted = Arc::new(AtomicUsize::new(1));
    let asked = wanted.clone();
    let filter = dynamic_filter_fn(move |_, _| asked.load(Ordering::Relaxed) == 1);
    let subscriber = Registry::default()
        .with(crate::layer().with_filter(filter))
        .with(Made::default());
    tracing::subscriber::with_default(subscriber, || {
        for want in [1, 0, 1, 0] {
            wanted.store(want, Ordering::Relaxed);
            assert_eq!(call(current).is_valid(), want == 1);
        }
    });
}

/// The question to the filters leaves nothing behind that a next event could be taken for.
#[test]
fn no_event_is_lost_after_a_question_to_the_filters() {
    let _stage = Stage::new(NEVER);
    let (quiet, loud) = (Events::default(), Events::default());
    let is_event = dynamic_filter_fn(|metadata, _| metadata.is_event());
    let subscriber = Registry::default()
        .with(quiet.clone().with_filter(is_event))
        .with(crate::layer())
        .with(loud.clone());
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..10 {
            call(|| tracing::event!(Level::INFO, "in the call"));
            tracing::event!(Level::INFO, "after the call");
        }
    });
    assert_eq!(quiet.0.load(Ordering::Relaxed), 20);
    assert_eq!(loud.0.load(Ordering::Relaxed), 20);
}

/// A call whose level the layer does not take has no span in a trace, and leaves the traces below alone.
#[test]
fn call_of_a_hidden_level_is_not_decided() {
    #[metered(crate = crate, level = "debug")]
    fn detail() -> SpanContext {
        current()
    }
    let _stage = Stage::new(NEVER);
    let layer = crate::layer().with_filter(LevelFilter::INFO);
    let made = Made::default();
    let subscriber = Registry::default().with(layer).with(made.clone());
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..3 {
            assert!(!detail().is_valid());
        }
    });
    assert_eq!((made.hidden(), made.others()), (0, 3));
}

#[test]
fn suppressed_thread_decides_nothing() {
    let _stage = Stage::new(NEVER);
    let made = traced(|| {
        let _quiet = Context::enter_telemetry_suppressed_scope();
        assert!(!call(current).is_valid());
    });
    assert_eq!(made.hidden(), 0);
}
