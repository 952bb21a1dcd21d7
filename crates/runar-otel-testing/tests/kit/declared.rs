//! What the macros record, in a recorder.

use std::time::Duration;

use runar_otel::prelude::*;
use runar_otel_testing::{Metrics, Recorder, assert_metric, assert_no_metric};

struct Shop;

impl Shop {
    #[metered]
    async fn kit_take_order(&self, number: &str) -> Result<u32> {
        tokio::time::sleep(Duration::from_secs(2)).await;
        metrics::increment!("kit_declared_total", labels: {"source" => "web"});
        Ok(number.parse()?)
    }
}

#[tokio::test(start_paused = true)]
async fn metered_calls_are_apart_and_have_exemplars() {
    let recorder = || {
        let paused = || tokio::time::Instant::now().into_std();
        Recorder::builder().with_spans().clock(paused).build()
    };
    let (one, other) = (recorder(), recorder());
    let task = tokio::spawn(one.scope(async { Shop.kit_take_order("7").await.is_ok() }));
    other
        .run_async(Shop.kit_take_order("seven"))
        .await
        .unwrap_err();
    assert!(task.await.unwrap());

    let action = "kit_take_order";
    assert_metric!(one, "action_requests_total", {"action" => action, "outcome" => "ok"}, == 1);
    assert_metric!(other, "action_requests_total", {"action" => action, "outcome" => "error"}, == 1);
    assert_metric!(one, "action_errors_total", {"action" => action}, == 0);
    assert_metric!(one, "action_duration_seconds", {"outcome" => "ok"}, count == 1, sum ~ 2);
    assert_no_metric!(other, "action_duration_seconds", {"outcome" => "ok"});
    for recorder in [one, other] {
        assert_metric!(recorder, "kit_declared_total", exactly {"source" => "web"}, == 1);
        assert_metric!(recorder, "action_active_requests", {"action" => action}, == 0);
        let spans = recorder.spans();
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].name, action);
        let exemplars = recorder.exemplars("action_duration_seconds", &[]);
        assert_eq!(exemplars.len(), 1);
        assert_eq!(exemplars[0].span_id, spans[0].span_id);
    }
}
