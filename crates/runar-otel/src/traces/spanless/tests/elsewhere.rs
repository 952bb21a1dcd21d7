//! Functions called from a call that has no span, and tasks that stay in that call.

use std::collections::HashMap;

use opentelemetry::{Context, propagation::TextMapPropagator, trace::FutureExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use runar_otel_core::in_call;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::*;

/// The scopes of the lines of a work in an unsampled call.
fn spanless_scopes(work: impl Fn()) -> Vec<String> {
    let _alone = alone();
    lines(Trace::Hidden, "off", Colour::Off, &work);
    let said = lines(Trace::Spanless, "info", Colour::Off, &work);
    let words = said.iter().zip(scopes(&said)).map(|(line, scope)| {
        let (_, said) = line.split_once("elsewhere: ").unwrap();
        format!("{scope} {}", said.split(" #").next().unwrap())
    });
    words.collect()
}

fn block_on(work: impl Future) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work);
}

#[metered(crate = crate)]
fn ended() {
    info!("said");
}

#[test]
fn task_that_stays_in_a_call_shows_it() {
    #[metered(crate = crate)]
    async fn spawns() {
        let stays = async {
            info!("in it");
            pause().await;
            info_span!("one").in_scope(|| info!("in a span"));
            ended();
        };
        tokio::spawn(in_call(stays)).await.unwrap();
        let leaves = async { info!("apart") };
        tokio::spawn(leaves.instrument(Span::current()))
            .await
            .unwrap();
        let stays = async { info!("in a span of it") };
        let made = info_span!("made");
        tokio::spawn(in_call(stays).instrument(made.clone()))
            .await
            .unwrap();
        let stays = async { info!("around its span") };
        tokio::spawn(in_call(stays.instrument(made))).await.unwrap();
        let stays = async { ended() };
        let told = in_call(stays).with_context(Context::current());
        tokio::spawn(told).await.unwrap();
    }
    let scopes = spanless_scopes(|| block_on(spawns()));
    let [spawns, ended] = ["spawns", "ended"]
        .map(|name| format!("{name}{{service=\"runar_otel\" action=\"{name}\"}}:"));
    let expected = [
        format!("{spawns} in it"),
        format!("{spawns}one: in a span"),
        format!("{spawns}{ended} said"),
        " apart".to_owned(),
        format!("{spawns}made: in a span of it"),
        format!("{spawns}made: around its span"),
        format!("{spawns}{ended} said"),
    ];
    assert_eq!(scopes, expected);
}

/// In another task the chain is under no span, even if it was under one where it was taken.
#[test]
fn span_of_a_task_goes_before_the_call_that_it_stays_in() {
    #[metered(crate = crate, until = "drop")]
    fn tasks() -> impl Iterator<Item = Task> {
        std::iter::repeat_with(|| -> Task { Box::pin(in_call(async { info!("said") })) })
    }
    type Task = Pin<Box<dyn Future<Output = ()>>>;
    let scopes = spanless_scopes(|| {
        let mut tasks = tasks();
        assert!(poll(tasks.next().unwrap().as_mut()).is_ready());
        info_span!("around").in_scope(|| {
            assert!(poll(tasks.next().unwrap().as_mut()).is_ready());
        });
    });
    let tasks = r#"tasks{service="runar_otel" action="tasks"}: said"#;
    assert_eq!(scopes, [tasks, "around: said"]);
}

#[test]
fn clients_in_a_call_without_span_send_its_trace_on() {
    fn sent(context: &Context) -> String {
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject_context(context, &mut headers);
        headers.remove("traceparent").unwrap_or_default()
    }
    let _alone = alone();
    call(|| ());
    let said = lines(Trace::Spanless, "info", Colour::Off, || {
        call(|| ());
        call(|| {
            let outer = ids();
            let (trace, span) = (outer.trace_id(), outer.span_id());
            assert_eq!(sent(&Context::current()), format!("00-{trace}-{span}-00"));
            info_span!("client").in_scope(|| {
                let client = ids().span_id();
                let by_span = sent(&Span::current().context());
                assert_eq!(by_span, format!("00-{trace}-{client}-00"));
            });
            // As documented: no span is current here.
            assert!(Span::current().is_none());
            assert_eq!(sent(&Span::current().context()), "");
            info!("said");
        });
    });
    assert!(said.last().unwrap().ends_with("said #2 #3"), "{said:?}");
}
