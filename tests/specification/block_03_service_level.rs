//! *Service-Level Metrics*: `#[metrics]` on a service struct.

use runar_otel_testing::{Recorder, assert_metric};

use super::{runar_macros, runar_node};

/// What the document leaves out.
struct DatabaseConnection {
    highest: u64,
}

// ---- the document
use runar_node::prelude::*;

// Define service with automatic metrics collection
#[runar_macros::service]
#[metrics]
struct UserService {
    #[inject]
    db_connection: DatabaseConnection,
}
// ----

impl UserService {
    #[action]
    async fn get_user(&self, _context: &RequestContext, id: u64) -> Result<u64> {
        if id > self.db_connection.highest {
            return Err("no such user".into());
        }
        Ok(id)
    }
}

#[tokio::test]
async fn the_four_metrics_are_there_and_carry_the_service() {
    let recorder = Recorder::new();
    let service = UserService {
        db_connection: DatabaseConnection { highest: 9 },
    };
    let context = RequestContext::new("main");
    recorder
        .run_async(async {
            service.get_user(&context, 1).await.unwrap();
            service.get_user(&context, 2).await.unwrap();
            service.get_user(&context, 10).await.unwrap_err();
        })
        .await;
    assert_metric!(recorder, "service_requests_total", {"service" => "UserService", "outcome" => "ok"}, == 2);
    assert_metric!(recorder, "service_requests_total", {"service" => "UserService", "outcome" => "error"}, == 1);
    assert_metric!(recorder, "service_errors_total", {"service" => "UserService", "error_type" => "_OTHER"}, == 1);
    assert_metric!(recorder, "service_active_requests", {"service" => "UserService"}, == 0);
    assert_metric!(recorder, "service_response_time_seconds", {"service" => "UserService", "outcome" => "ok"}, count == 2);
}
