//! Lines in unsampled calls that have no span are those that there would be with one.

mod elsewhere;

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context as TaskContext, Poll, Waker},
};

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::trace::SdkTracerProvider;
use runar_otel_macros::metered;
use tracing::{Dispatch, Span, info, info_span};

use crate::traces::{
    Sampling,
    subscriber::{Colour, subscriber},
    switchable_tracer::{self, tests::alone},
};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The span of a call in a test: recorded, for log lines alone, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trace {
    Recorded,
    /// Not recorded: the span is made for log lines alone, because a directive could be about the span.
    Hidden,
    Spanless,
}

/// The lines of a work, without times, and with numbers in place of ids.
fn lines(trace: Trace, filter: &str, colour: Colour, work: impl FnOnce()) -> Vec<String> {
    let sampling = Sampling::default();
    let ratio = f64::from(trace == Trace::Recorded);
    let configured = crate::Sampler::ParentBasedTraceIdRatio(ratio);
    let provider = sampling.apply(SdkTracerProvider::builder(), configured);
    switchable_tracer::install(&provider.build(), sampling.decider(configured));
    let captured = Captured::default();
    let output = captured.clone();
    let filter = match trace {
        Trace::Spanless => filter.to_owned(),
        Trace::Recorded | Trace::Hidden => format!("{filter},[nowhere]=info"),
    };
    let subscriber = subscriber(&filter, move || output.clone(), colour);
    tracing::subscriber::with_default(subscriber, work);
    switchable_tracer::uninstall();
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let mut known = Vec::new();
    text.lines()
        .map(|line| comparable(line, &mut known))
        .collect()
}

/// A line without its time, and with numbers in place of its ids.
fn comparable(line: &str, known: &mut Vec<String>) -> String {
    let (said, ids) = line.split_once(" trace_id=").unwrap_or((line, ""));
    let (_, said) = said.split_once('Z').unwrap();
    let mut line = said.to_owned();
    for id in ids.split(" span_id=").filter(|id| !id.is_empty()) {
        let at = known.iter().position(|it| it == id).unwrap_or_else(|| {
            known.push(id.to_owned());
            known.len() - 1
        });
        line.push_str(&format!(" #{at}"));
    }
    line
}

/// Runs the work with each kind of span and under several filters, checks that the lines are equal, and returns them.
fn same_lines(filters: &[&str], work: impl Fn()) -> Vec<String> {
    let _alone = alone();
    // The first call at a place is never decided.
    lines(Trace::Hidden, "off", Colour::Off, &work);
    let mut said = Vec::new();
    for filter in filters {
        for colour in [Colour::On, Colour::Off] {
            said = lines(Trace::Hidden, filter, colour, &work);
            for trace in [Trace::Recorded, Trace::Spanless] {
                let other = lines(trace, filter, colour, &work);
                assert_eq!(other, said, "{trace:?}, {filter}");
            }
        }
    }
    said
}

/// Returns the scopes of plain lines: the part between level and target.
fn scopes(lines: &[String]) -> Vec<String> {
    let level = |line: &str| line.trim_start().find(' ').map(|at| at + 2);
    let scope = |line: &String| {
        let scope = &line[level(line).unwrap()..];
        let target = scope.find(module_path!()).or(scope.find("elsewhere"));
        scope[..target.or(scope.find("opentelemetry")).unwrap()]
            .trim()
            .to_owned()
    };
    lines.iter().map(scope).collect()
}

#[metered(crate = crate)]
fn call<R>(work: impl FnOnce() -> R) -> R {
    info!("begun");
    work()
}

#[metered(crate = crate)]
fn inner() {
    info!("inside");
}

const CALL: &str = "call{service=\"runar_otel\" action=\"call\"}:";

#[test]
fn call_comes_before_the_spans_in_it() {
    let said = same_lines(&[module_path!(), "debug", "info"], || {
        info!("before");
        call(|| {
            info_span!("one", at = 1, text = "a \"b\"").in_scope(|| {
                info!(found = 2, "looked \u{e4}");
                info_span!("two").in_scope(|| tracing::error!("lost"));
                inner();
            });
            tracing::warn!(target: "elsewhere", "told");
            inner();
            info!("last");
        });
        info!("after");
    });
    assert!(said[1].ends_with("begun #0 #1"), "{said:?}");
    assert!(said[6].contains(&format!("{CALL}inner{{")), "{said:?}");
    assert_eq!(said.len(), 9);
    assert_eq!(scopes(&said[..2]), ["", CALL]);
    let one = format!("{CALL}one{{at=1 text=\"a \\\"b\\\"\"}}:");
    assert_eq!(scopes(&said[2..4]), [one.clone(), format!("{one}two:")]);
}

#[test]
fn spanless_call_has_no_span_and_a_recorded_or_hidden_one_has() {
    let _alone = alone();
    call(|| ());
    let mut had = Vec::new();
    for trace in [Trace::Recorded, Trace::Hidden, Trace::Spanless] {
        lines(trace, "info", Colour::Off, || {
            call(|| ());
            call(|| had.push((Span::current().is_none(), ids().is_sampled())));
        });
    }
    assert_eq!(had, [(false, true), (false, false), (true, false)]);
}

fn ids() -> SpanContext {
    opentelemetry::Context::map_current(|context| context.span().span_context().clone())
}

/// Runs the work on another thread, under the subscriber of this one.
fn on_thread(work: impl FnOnce() + Send) {
    let dispatch = tracing::dispatcher::get_default(Dispatch::clone);
    std::thread::scope(|scope| {
        scope.spawn(|| tracing::dispatcher::with_default(&dispatch, work));
    });
}

#[test]
fn span_made_in_a_call_keeps_it_wherever_it_is_entered() {
    let said = same_lines(&["info"], || {
        let span = call(|| info_span!("kept"));
        span.in_scope(|| info!("after the call"));
        info_span!("other").in_scope(|| span.in_scope(|| info!("in another span")));
        call(|| span.in_scope(|| info!("in another call")));
        on_thread(|| span.in_scope(|| info_span!("below").in_scope(|| info!("on a thread"))));
        info!(parent: &span, "by the macro");
        info_span!(parent: &span, "child").in_scope(|| info!("in a child"));
    });
    let kept = format!("{CALL}kept:");
    assert_eq!(scopes(&said[1..3]), [&*kept, &*kept]);
    let (below, child) = (format!("{kept}below:"), format!("{kept}child:"));
    assert_eq!(scopes(&said[4..]), [&*kept, &*below, &*kept, &*child]);
}

#[test]
fn parents_that_are_named_are_kept() {
    let said = same_lines(&["info"], || {
        let before = info_span!(parent: None, "before");
        call(|| {
            info!(parent: None, "root");
            info!(parent: &before, "by the macro");
            info_span!(parent: None, "root").in_scope(|| info!("in a root"));
            before.in_scope(|| {
                info!("in another");
                info_span!("below").in_scope(|| info!("below another"));
                call(|| info!("called in another"));
            });
            info!("in the call");
        });
    });
    let scopes = scopes(&said);
    assert_eq!(
        scopes[1..6],
        ["", "before:", "root:", "before:", "before:below:"]
    );
    assert_eq!(scopes.last().unwrap(), CALL);
}

#[test]
fn spans_around_a_call_are_shown_before_it() {
    let said = same_lines(&["debug"], || {
        tracing::debug_span!("around", id = 1).in_scope(|| {
            call(|| info_span!("inside").in_scope(|| info!("said")));
        });
    });
    let around = format!("around{{id=1}}:{CALL}");
    assert_eq!(scopes(&said), [around.clone(), format!("{around}inside:")]);
}

#[metered(crate = crate, until = "drop")]
fn steps() -> impl Iterator<Item = u8> {
    (0..3).inspect(|at| info!(at, "step"))
}

/// The parents of a call are fixed when it begins: a span that is entered around a later part is not around the call.
#[test]
fn span_around_a_later_part_is_not_around_the_call() {
    #[metered(crate = crate)]
    async fn waits() {
        info!("first");
        pause().await;
        info!("second");
        info_span!("inside").in_scope(|| info!("in a span"));
        inner();
    }
    let said = same_lines(&["info", "debug"], || {
        for around in [
            info_span!("around", by = "a"),
            tracing::debug_span!("around"),
        ] {
            let mut future = Box::pin(waits());
            assert!(poll(future.as_mut()).is_pending());
            around.in_scope(|| assert!(poll(future.as_mut()).is_ready()));
            let mut steps = steps();
            steps.next();
            around.in_scope(|| {
                info_span!("another").in_scope(|| info!("between"));
                steps.next();
            });
            drop(steps);
        }
    });
    let scopes = scopes(&said);
    assert_eq!(scopes[0], scopes[1]);
    assert!(scopes[0].starts_with("waits{"), "{said:?}");
    assert!(
        said[5].contains(": around{by=\"a\"}:another:") || scopes[5] == "around{by=\"a\"}:another:"
    );
}

#[test]
fn call_that_goes_on_in_another_one_is_not_in_that() {
    let said = same_lines(&["info"], || {
        let mut outer = steps();
        outer.next();
        call(|| {
            outer.next();
            let mut inner = steps();
            info_span!("one").in_scope(|| (outer.next(), inner.next()));
            inner.next();
        });
    });
    let steps = r#"steps{service="runar_otel" action="steps"}:"#;
    let inner = format!("{CALL}{steps}");
    assert_eq!(scopes(&said), [steps, CALL, steps, steps, &*inner, &*inner]);
}

async fn pause() {
    let mut paused = false;
    poll_fn(|context| match std::mem::replace(&mut paused, true) {
        true => Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut TaskContext::from_waker(Waker::noop()))
}

/// Lines do not show spans that the log filter does not want.
#[test]
fn call_is_shown_where_its_span_would_be() {
    #[metered(crate = crate, level = "warn")]
    fn warns(work: impl FnOnce()) {
        work();
    }
    #[metered(crate = crate, level = "debug")]
    fn detail() {
        tracing::error!("in a detail");
    }
    let said = same_lines(
        &["error", "off", "debug", "error,elsewhere=debug", "warn"],
        || {
            warns(|| {
                tracing::error!("in a warning");
                tracing::info_span!(target: "elsewhere", "between").in_scope(|| {
                    tracing::warn_span!("below").in_scope(|| tracing::error!("below"));
                    tracing::error!("between");
                    tracing::error!(target: "elsewhere", "told");
                });
            });
            call(|| tracing::error!("in a call"));
            detail();
        },
    );
    let warns = r#"warns{service="runar_otel" action="warns"}:"#;
    let below = format!("{warns}below:");
    let scopes = scopes(&[&said[..3], &said[4..]].concat());
    assert_eq!(scopes, [warns, &*below, warns, "", ""]);
}

#[test]
fn kind_and_name_of_a_call_are_shown() {
    #[metered(crate = crate, kind = "server", span_name = "GET /orders \u{e4}")]
    fn get() {
        info!("said");
    }
    #[metered(crate = crate, event = "order.\"paid\"", service = "north\\south")]
    fn on_paid() {
        info_span!("inside").in_scope(|| info!("said"));
    }
    #[metered(crate = crate, skip_span)]
    fn skipped() {
        info!("said");
        get();
    }
    let said = same_lines(&["info"], || {
        get();
        on_paid();
        call(skipped);
        skipped();
    });
    let get = r#"GET /orders ä{service="runar_otel" action="get" otel.kind="server"}:"#;
    let paid = r#"on_paid{service="north\\south" event="order.\"paid\""}:inside:"#;
    let nested = format!("{CALL}{get}");
    assert_eq!(scopes(&said), [get, paid, CALL, CALL, &*nested, "", get]);
}

#[test]
fn lines_without_ids_and_in_several_parts_show_the_call() {
    let said = same_lines(&["info"], || {
        call(|| {
            let _none = opentelemetry::Context::new().attach();
            info!("no ids");
            info!(target: "opentelemetry", "of the SDK");
            call(|| info!("another trace"));
        });
        let unwound = std::panic::catch_unwind(|| call(|| panic!("as told")));
        assert!(unwound.is_err());
        info!("after");
    });
    assert!(said[1].ends_with("no ids"), "{said:?}");
    assert_eq!(scopes(&said[1..2]), [CALL]);
    let nested = format!("{CALL}{CALL}");
    assert_eq!(scopes(&said[3..]), [&*nested, &*nested, CALL, ""]);
}
