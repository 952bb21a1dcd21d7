//! The end of a call: the fields that its span gets, and the listeners that see them.

use opentelemetry::{KeyValue, trace::Status};
use tracing::{
    field::{Field, Visit},
    level_filters::LevelFilter,
};

use super::*;
use crate::traces::{layer::spans_from, visibility::Around};

const ALWAYS: Sampler = Sampler::ParentBasedTraceIdRatio(1.0);

/// A layer that notes the fields recorded on spans after they were made.
#[derive(Clone, Default)]
struct Recorded(Arc<std::sync::Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Recorded {
    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: layer::Context<'_, S>) {
        values.record(&mut &*self);
    }
}

impl Visit for &Recorded {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut lines = self.0.lock().unwrap();
        lines.push(format!("{}={value:?}", field.name()));
    }
}

#[metered(crate = crate)]
fn tried(work: impl FnOnce() -> Result<(), std::io::Error>) -> Result<(), std::io::Error> {
    work()
}

#[metered(crate = crate)]
async fn awaited(end: Result<(), std::io::Error>) -> Result<(), std::io::Error> {
    std::future::ready(()).await;
    end
}

fn failed() -> std::io::Error {
    std::io::Error::other("no")
}

fn awaits(end: Result<(), std::io::Error>) {
    let mut future = std::pin::pin!(awaited(end));
    let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut waker).is_ready());
}

/// Calls that end in all ways; the first ones at their places are not decided.
fn all_ends() {
    tracing::subscriber::with_default(Registry::default(), || {
        let _ = tried(|| Ok(()));
        awaits(Ok(()));
    });
    let _ = tried(|| Ok(()));
    let _ = tried(|| Err(failed()));
    let _ = std::panic::catch_unwind(|| tried(|| panic!("at work")));
    awaits(Ok(()));
    awaits(Err(failed()));
    drop(awaited(Ok(())));
}

/// Runs the work; returns the exported spans, and the fields that another layer saw recorded.
fn under(around: Around, sampler: Sampler, work: fn()) -> (Vec<SpanData>, Vec<String>) {
    let stage = Stage::new(sampler);
    let heard = Recorded::default();
    let subscriber = Registry::default()
        .with(spans_from(LevelFilter::INFO, around))
        .with(heard.clone());
    tracing::subscriber::with_default(subscriber, work);
    let lines = heard.0.lock().unwrap().clone();
    (stage.exported(), lines)
}

fn described(spans: &[SpanData]) -> Vec<(String, Vec<KeyValue>, Status)> {
    let varies = |it: &&KeyValue| !["busy_ns", "idle_ns"].contains(&it.key.as_str());
    let describe = |span: &SpanData| {
        let attributes = span.attributes.iter().filter(varies).cloned().collect();
        (span.name.to_string(), attributes, span.status.clone())
    };
    spans.iter().map(describe).collect()
}

#[test]
fn recorded_span_is_the_same_with_the_detour_and_without() {
    let (direct, unheard) = under(Around::Nothing, ALWAYS, all_ends);
    let (usual, heard) = under(Around::Unknown, ALWAYS, all_ends);
    assert_eq!(described(&direct), described(&usual));
    let outcomes = |spans: &[SpanData]| {
        let all = spans.iter().flat_map(|span| &span.attributes);
        let outcomes = all.filter(|it| it.key.as_str() == "outcome");
        outcomes.map(|it| it.value.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&direct), ["ok", "error", "panic", "ok", "error"]);
    assert_eq!(direct[1].status, Status::error(""));
    assert_eq!(direct[0].status, Status::Unset);
    assert_eq!(
        heard.iter().filter(|it| it.starts_with("outcome")).count(),
        5
    );
    assert_eq!(unheard, [""; 0], "the short way is taken");
}

#[test]
fn error_of_a_hidden_span_is_heard_by_other_layers_and_harmless() {
    for around in [Around::Unknown, Around::Nothing] {
        let (spans, heard) = under(around, NEVER, || {
            all_ends();
            assert!(!current().is_valid());
            call(|| assert!(current().is_valid() && !current().is_sampled()));
        });
        assert_eq!(described(&spans), []);
        let of_errors = |it: &&String| it.starts_with("otel.status_code=\"ERROR\"");
        let expected = if around == Around::Unknown { 3 } else { 0 };
        assert_eq!(
            heard.iter().filter(of_errors).count(),
            expected,
            "{heard:?}"
        );
    }
}

/// The outcome goes to the span of the call, even if the body leaves another span behind as the current one.
#[test]
fn end_is_told_the_right_span() {
    let (spans, _) = under(Around::Nothing, ALWAYS, || {
        all_ends();
        std::thread::scope(|scope| {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            scope.spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    call(|| ());
                    let left = tracing::info_span!("left");
                    let inside = left.clone();
                    call(|| std::mem::forget(inside.entered()));
                });
            });
        });
    });
    let told = |name: &str| {
        let of_name = spans.iter().filter(|span| span.name == name);
        let outcome = |it: &&KeyValue| it.key.as_str() == "outcome";
        of_name
            .flat_map(|span| span.attributes.iter().filter(outcome))
            .count()
    };
    assert_eq!(told("left"), 0);
    assert!(told("call") >= 1, "{spans:?}");
}
