//! *Action-Level Metrics*: `#[metered]`, `#[action(metrics = true)]`, buckets and labels.

use runar_otel_testing::{Metrics as _, Recorder, assert_metric};

use super::runar_node::prelude::*;

/// What the document leaves out: types, and a database that answers.
struct User {
    id: u64,
}
struct UserData {
    moved: u64,
}
struct ComplexData {
    urgent: bool,
}
struct OperationResult;
struct DatabaseConnection;

impl DatabaseConnection {
    async fn query_one(&self, _query: &str, parameters: &[u64]) -> Result<User> {
        match parameters {
            [id] if *id > 0 => Ok(User { id: *id }),
            _ => Err("no such user".into()),
        }
    }
}

#[service]
#[metrics]
struct UserService {
    #[inject]
    db_connection: DatabaseConnection,
}

// ---- the document
impl UserService {
    // Add metrics to this action using the dedicated metered macro
    #[action]
    #[metered]
    async fn get_user(&self, context: &RequestContext, id: u64) -> Result<User> {
        // Implementation...
        let user = self.db_connection.query_one("SELECT * FROM users WHERE id = ?", &[id]).await?;
        Ok(user)
    }
    
    // Alternative syntax with action attributes
    #[action(metrics = true)]
    async fn update_user(&self, context: &RequestContext, id: u64, data: UserData) -> Result<User> {
        // Implementation...
        let user = User { id: id + data.moved };
        Ok(user)
    }
    
    // With custom metric configuration
    #[action]
    #[metered(
        histogram_buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0],
        labels = ["priority", "user_type"]
    )]
    async fn process_complex_operation(&self, context: &RequestContext, data: ComplexData) -> Result<OperationResult> {
        // Implementation...
        metrics::add_label!("priority", if data.urgent { "high" } else { "low" });
        let result = OperationResult;
        Ok(result)
    }
}
// ----

#[tokio::test]
async fn each_action_has_its_own_series() {
    let recorder = Recorder::new();
    let service = UserService {
        db_connection: DatabaseConnection,
    };
    let context = RequestContext::new("main");
    recorder
        .run_async(async {
            assert_eq!(service.get_user(&context, 7).await.unwrap().id, 7);
            assert!(service.get_user(&context, 0).await.is_err());
            let moved = UserData { moved: 1 };
            assert_eq!(service.update_user(&context, 7, moved).await.unwrap().id, 8);
            let data = ComplexData { urgent: true };
            let OperationResult = service
                .process_complex_operation(&context, data)
                .await
                .unwrap();
        })
        .await;
    for (action, outcome, times) in [
        ("get_user", "ok", 1),
        ("get_user", "error", 1),
        ("update_user", "ok", 1),
        ("process_complex_operation", "ok", 1),
    ] {
        assert_metric!(recorder, "action_requests_total", {"service" => "UserService", "action" => action, "outcome" => outcome}, == times);
        assert_metric!(recorder, "action_duration_seconds", {"action" => action, "outcome" => outcome}, count == times);
    }
    assert_metric!(recorder, "action_errors_total", {"action" => "get_user", "error_type" => "_OTHER"}, == 1);
}

#[tokio::test]
async fn declared_labels_are_set_or_empty_and_buckets_are_kept() {
    let recorder = Recorder::new();
    let service = UserService {
        db_connection: DatabaseConnection,
    };
    let context = RequestContext::new("main").with_value("user_type", "business");
    recorder
        .run_async(async {
            let data = ComplexData { urgent: false };
            service
                .process_complex_operation(&context, data)
                .await
                .map(drop)
                .unwrap();
            service.get_user(&context, 1).await.map(drop).unwrap();
        })
        .await;
    let labels = [
        ("service", "UserService"),
        ("action", "process_complex_operation"),
        ("outcome", "ok"),
        ("priority", "low"),
        ("user_type", "business"),
    ];
    let own = recorder
        .histogram("action_duration_seconds", &labels)
        .unwrap();
    assert_eq!(own.bounds(), [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0]);
    let common = recorder
        .histogram("action_duration_seconds", &[("action", "get_user"), ("outcome", "ok")])
        .unwrap();
    assert_eq!(common.bounds(), runar_otel::name::SECONDS_BUCKETS);
}
