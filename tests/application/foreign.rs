//! A foreign library, which knows OpenTelemetry's global providers and nothing of us.

use std::time::Duration;

use axum::{Router, body::Body, http::Request, routing::get};
use opentelemetry_instrumentation_tower::http::server::Layer;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Serves requests through the published tower middleware.
pub(crate) fn requests(number: u64) -> Value {
    // In a thread of its own: this one may belong to another runtime.
    let served = std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(served(number))
    });
    json!({ "served": served.join().expect("requests are served") })
}

async fn served(number: u64) -> u64 {
    let router = Router::new()
        .route("/slow/{id}", get(slow))
        .layer(Layer::new());
    let mut served = 0;
    for id in 0..number {
        let request = Request::get(format!("/slow/{id}"))
            .body(Body::empty())
            .expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        served += u64::from(response.status().is_success());
        drop(axum::body::to_bytes(response.into_body(), usize::MAX).await);
    }
    served
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(15)).await;
    "done"
}
