//! *Event-Based Metrics*: `#[metered(event = "…")]` on a handler. The document shows the method alone.

use runar_otel_testing::{Recorder, assert_metric, assert_no_metric};

use super::runar_node::prelude::*;

/// What the document leaves out.
struct UserUpdatedEvent {
    name: String,
}

#[service]
#[metrics]
struct UserService;

// ---- the document
impl UserService {
#[event_handler]
#[metered(event = "user.updated")]
async fn handle_user_updated(&self, context: &EventContext, event: UserUpdatedEvent) -> Result<()> {
    // Event handling...
    if event.name.is_empty() {
        return Err("a user needs a name".into());
    }
    Ok(())
}
}
// ----

#[tokio::test]
async fn received_processed_and_failed_events_are_counted() {
    let recorder = Recorder::new();
    let context = EventContext::new("main", "user.updated");
    recorder
        .run_async(async {
            for name in ["ada", "grace", ""] {
                let event = UserUpdatedEvent { name: name.to_owned() };
                let _ = UserService.handle_user_updated(&context, event).await;
            }
        })
        .await;
    let (event, service) = ("user.updated", "UserService");
    assert_metric!(recorder, "event_received_total", {"event" => event, "service" => service}, == 3);
    assert_metric!(recorder, "event_processing_time_seconds", {"event" => event, "service" => service, "outcome" => "ok"}, count == 2);
    assert_metric!(recorder, "event_processing_time_seconds", {"event" => event, "outcome" => "error"}, count == 1);
    assert_metric!(recorder, "event_failures_total", {"event" => event, "service" => service, "error_type" => "_OTHER"}, == 1);
    assert_no_metric!(recorder, "service_requests_total", {"service" => service, "outcome" => "ok"});
}
