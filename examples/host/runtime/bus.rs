//! The event bus: from whoever publishes to all handlers of the topic.

use runar_otel::{host::EventHandler, prelude::*};
use serde_json::Value;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};
use tracing::{Instrument as _, Span};

use super::Bound;

/// How many events may wait for their handlers.
const MOST: usize = 1_024;

/// The end at which events are published.
#[derive(Clone, Debug)]
pub(crate) struct EventBus {
    waiting: mpsc::Sender<Event>,
}

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BusError {
    #[error("{MOST} events wait already")]
    Full,
    #[error("the host has stopped")]
    Stopped,
}

/// An event on its way, with the span in which it was published: what handles it belongs to that trace.
#[derive(Debug)]
pub(super) struct Event {
    network: String,
    topic: &'static str,
    body: Value,
    span: Span,
}

impl EventBus {
    pub(super) fn new() -> (Self, mpsc::Receiver<Event>) {
        let (waiting, events) = mpsc::channel(MOST);
        (Self { waiting }, events)
    }

    /// Publishes an event. No macro can see that, so the bus says it.
    pub(crate) async fn publish(
        &self,
        network: &str,
        topic: &'static str,
        body: Value,
    ) -> Result<(), BusError> {
        let event = Event {
            network: network.to_owned(),
            topic,
            body,
            span: Span::current(),
        };
        metrics::event_published(topic, async {
            self.waiting.try_send(event).map_err(|error| match error {
                TrySendError::Full(_) => BusError::Full,
                TrySendError::Closed(_) => BusError::Stopped,
            })
        })
        .await
    }
}

/// Delivers events in their order until the host stops, those that wait then included.
pub(super) async fn deliver(
    mut events: mpsc::Receiver<Event>,
    handlers: Vec<Bound<EventHandler>>,
    mut stop: oneshot::Receiver<()>,
) {
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            _ = &mut stop => return,
        };
        let Some(event) = event else { return };
        let (from, topic) = (&event.span, event.topic);
        let span = tracing::info_span!(parent: from, "deliver", otel.kind = "consumer", topic);
        hand_out(event, &handlers).instrument(span).await;
    }
}

async fn hand_out(event: Event, handlers: &[Bound<EventHandler>]) {
    let topic = event.topic;
    let context = EventContext::new(event.network, topic);
    let handlers = handlers.iter();
    for Bound { what, service } in handlers.filter(|handler| handler.what.topic == topic) {
        let function = what.function;
        let handled = service.handle(function, &context, event.body.clone());
        if let Err(error) = handled.await {
            tracing::warn!(topic, function, %error, "event not handled");
        }
    }
}
