//! A sampler of the application's own: its arguments, and the effect of each answer.

use std::sync::Mutex;

use opentelemetry::{
    KeyValue,
    trace::{Link, SpanKind, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{
    SamplingDecision, SamplingResult, ShouldSample, Span, SpanProcessor,
};

use super::*;

/// The arguments of one question to the sampler.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    name: String,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
}

/// A sampler that gives a fixed answer and remembers the questions.
#[derive(Clone, Debug)]
struct Told {
    decision: SamplingDecision,
    questions: Arc<Mutex<Vec<Question>>>,
}

impl Told {
    fn new(decision: SamplingDecision) -> Self {
        Self {
            decision,
            questions: Arc::default(),
        }
    }

    fn stage(&self) -> Stage {
        self.stage_with(|builder| builder)
    }

    fn stage_with(
        &self,
        more: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
    ) -> Stage {
        let sampling = Sampling {
            root: Some(Box::new(self.clone())),
            keep_spans: false,
        };
        Stage::with(Sampler::AlwaysOn, &sampling, more)
    }
}

impl ShouldSample for Told {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        self.questions.lock().unwrap().push(Question {
            name: name.to_owned(),
            kind: kind.clone(),
            attributes: attributes.to_vec(),
        });
        SamplingResult {
            decision: self.decision.clone(),
            attributes: vec![KeyValue::new("sampler.rule", 7)],
            trace_state: TraceState::from_key_value([("sampler", "told")]).unwrap(),
        }
    }
}

#[metered(crate = crate, kind = "server", span_name = "GET /orders")]
fn handled() -> SpanContext {
    current()
}

fn state(ids: &SpanContext) -> String {
    ids.trace_state().header()
}

#[test]
fn attributes_and_trace_state_of_the_answer_are_those_of_the_span() {
    let stage = Told::new(SamplingDecision::RecordAndSample).stage();
    traced(|| {
        for _ in 0..3 {
            assert_eq!(state(&handled()), "sampler=told");
        }
    });
    let exported = stage.exported();
    assert_eq!(exported.len(), 3);
    for span in exported {
        let rules = span.attributes.iter();
        let rules = rules.filter(|it| it.key.as_str() == "sampler.rule");
        assert_eq!(rules.count(), 1);
        assert_eq!(state(&span.span_context), "sampler=told");
    }
}

#[test]
fn trace_state_is_that_of_an_unsampled_call_and_of_what_is_below() {
    let stage = Told::new(SamplingDecision::Drop).stage();
    let made = traced(|| {
        for _ in 0..3 {
            assert_eq!(state(&handled()), "sampler=told");
        }
        call(|| {
            tracing::info_span!("below").in_scope(|| assert_eq!(state(&current()), "sampler=told"));
        });
    });
    assert!(made.hidden() >= 3);
    assert_eq!(stage.names(), [""; 0]);
}

/// A span processor that notes which spans are recorded.
#[derive(Clone, Debug, Default)]
struct Recorded(Arc<Mutex<Vec<(TraceId, bool)>>>);

impl SpanProcessor for Recorded {
    fn on_start(&self, span: &mut Span, _: &Context) {
        use opentelemetry::trace::Span as _;
        let ids = span.span_context();
        let seen = (ids.trace_id(), ids.is_sampled());
        self.0.lock().unwrap().push(seen);
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(
        &self,
        _: std::time::Duration,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }
}

#[test]
fn recorded_only_spans_reach_the_processors() {
    let told = Told::new(SamplingDecision::RecordOnly);
    let recorded = Recorded::default();
    let stage = told.stage_with(|builder| builder.with_span_processor(recorded.clone()));
    let mut ids = Vec::new();
    let made = traced(|| ids.extend((0..3).map(|_| handled())));
    assert_eq!(made.hidden(), 0);
    assert_eq!(stage.names(), [""; 0]);
    let expected: Vec<_> = ids.iter().map(|ids| (ids.trace_id(), false)).collect();
    assert_eq!(*recorded.0.lock().unwrap(), expected);
    // Asked once for each call, be it before the span or at its start.
    assert_eq!(told.questions.lock().unwrap().len(), 3);
}

/// The first call is asked at the start of its span, the second one before it.
#[test]
fn sampler_is_told_the_same_before_the_span_as_at_its_start() {
    #[metered(crate = crate, kind = "client", span_name = "fetch")]
    fn fetch() {}
    let told = Told::new(SamplingDecision::Drop);
    let _stage = told.stage();
    let made = traced(|| (0..2).for_each(|_| fetch()));
    assert_eq!((made.others(), made.hidden()), (1, 1));
    let mut questions = told.questions.lock().unwrap().clone();
    for question in &mut questions {
        question
            .attributes
            .retain(|it| !it.key.as_str().starts_with("thread."));
    }
    assert_eq!(questions.len(), 2);
    assert_eq!(questions[0], questions[1]);
    assert_eq!(questions[0].kind, SpanKind::Client);
    assert_eq!(questions[0].name, "fetch");
    let keys: Vec<_> = questions[0]
        .attributes
        .iter()
        .map(|it| it.key.as_str())
        .collect();
    assert!(
        keys.contains(&"service") && keys.contains(&"action"),
        "{keys:?}"
    );
}

/// Fields are known when the span is made: the sampler sees them, and is not asked without.
#[test]
fn sampler_sees_fields() {
    #[metered(crate = crate, fields(order.id = id))]
    fn order(id: i64) {
        let _ = id;
    }
    let told = Told::new(SamplingDecision::Drop);
    let _stage = told.stage();
    let made = traced(|| (1..=3).for_each(order));
    assert_eq!((made.others(), made.hidden()), (3, 0));
    let questions = told.questions.lock().unwrap();
    for (question, id) in questions.iter().zip(1_i64..) {
        assert!(question.attributes.contains(&KeyValue::new("order.id", id)));
    }
    assert_eq!(questions.len(), 3);
}
