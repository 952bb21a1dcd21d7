//! The span of a call.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use runar_otel_macros::metered;
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer, prelude::*, registry::LookupSpan};

/// A span: its name, its level, what it says, the name of its parent.
#[derive(Clone, Debug, Default)]
struct Seen {
    name: String,
    level: String,
    parent: Option<String>,
    fields: BTreeMap<String, String>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}").trim_matches('"').to_owned();
        self.fields.insert(field.name().to_owned(), value);
    }
}

#[derive(Clone, Default)]
struct Spans(Arc<Mutex<BTreeMap<u64, Seen>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        context: layer::Context<'_, S>,
    ) {
        let metadata = attributes.metadata();
        let span = context.span(id);
        let parent = span.and_then(|span| Some(span.parent()?.name().to_owned()));
        let mut seen = Seen {
            name: metadata.name().to_owned(),
            level: metadata.level().to_string(),
            parent,
            ..Seen::default()
        };
        attributes.record(&mut seen);
        self.0.lock().unwrap().insert(id.into_u64(), seen);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, _: layer::Context<'_, S>) {
        if let Some(seen) = self.0.lock().unwrap().get_mut(&id.into_u64()) {
            values.record(seen);
        }
    }
}

/// The spans that are opened meanwhile, the first one first.
fn spans(during: impl FnOnce()) -> Vec<Seen> {
    let spans = Spans::default();
    let subscriber = tracing_subscriber::registry().with(spans.clone());
    tracing::subscriber::with_default(subscriber, during);
    let all = spans.0.lock().unwrap();
    all.values().cloned().collect()
}

pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("hangs"),
    }
}

struct Orders;

impl Orders {
    #[metered(
        fields(order_id = %id, ?tags, id),
        kind = "server",
        level = "warn",
        span_name = "POST /orders"
    )]
    async fn order(&self, id: u64, tags: &[&str]) -> Result<usize, String> {
        inner();
        if id == 0 {
            return Err("none".to_owned());
        }
        Ok(tags.len())
    }

    #[metered(fields(%name))]
    fn later(&self, name: String) -> impl Future<Output = usize> + use<> {
        let length = name.len();
        drop(name);
        async move {
            inner();
            length
        }
    }
}

#[metered]
fn inner() {}

#[metered(skip_span)]
fn without() {
    inner();
}

#[metered(event = "order.paid")]
fn on_paid() {}

fn field<'a>(span: &'a Seen, name: &str) -> Option<&'a str> {
    span.fields.get(name).map(String::as_str)
}

#[test]
fn a_span_says_what_was_called_and_how_it_ended() {
    let seen = spans(|| drop(ready(Orders.order(5, &["a"]))));
    let [span, within] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(span.name, "POST /orders");
    assert_eq!(span.level, "WARN");
    let fields = [
        ("service", "Orders"),
        ("action", "order"),
        ("outcome", "ok"),
        ("otel.kind", "server"),
        ("order_id", "5"),
        ("tags", "[\"a\"]"),
        ("id", "5"),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(span.fields, BTreeMap::from(fields));
    assert_eq!(within.name, "inner");
    assert_eq!(within.level, "INFO");
    assert_eq!(within.parent.as_deref(), Some("POST /orders"));
}

#[test]
fn a_failure_is_the_status_of_its_span() {
    let seen = spans(|| drop(ready(Orders.order(0, &[]))));
    assert_eq!(field(&seen[0], "outcome"), Some("error"));
    assert_eq!(field(&seen[0], "error.type"), Some("_OTHER"));
    assert_eq!(field(&seen[0], "otel.status_code"), Some("ERROR"));
}

#[test]
fn fields_may_speak_of_arguments_that_are_gone() {
    let seen = spans(|| assert_eq!(ready(Orders.later("abc".to_owned())), 3));
    assert_eq!(seen[0].name, "later");
    assert_eq!(field(&seen[0], "name"), Some("abc"));
    assert_eq!(field(&seen[0], "service"), Some("Orders"));
    assert_eq!(field(&seen[0], "outcome"), Some("ok"));
    assert_eq!(seen[1].parent.as_deref(), Some("later"));
}

#[test]
fn no_span_where_none_is_wanted() {
    let seen = spans(without);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].name, "inner");
    assert_eq!(seen[0].parent, None);
}

#[test]
fn the_span_of_an_event_names_it() {
    let seen = spans(on_paid);
    assert_eq!(field(&seen[0], "event"), Some("order.paid"));
    assert_eq!(field(&seen[0], "action"), None);
}
