//! *Custom Metric Definitions*: `#[metric]` on a unit struct, `metrics::increment!` with its labels.

use runar_otel_testing::{Recorder, assert_metric};

use super::runar_node::prelude::*;

/// What the document leaves out.
struct User {
    name: String,
}
struct UserRegistrationData {
    name: String,
    source: String,
    account_type: String,
}

#[service]
struct UserService;

// ---- the document
#[metric(
    type = "counter",
    name = "user_registration_total",
    description = "Total number of user registrations",
    labels = ["source", "account_type"]
)]
struct UserRegistrationMetric;

impl UserService {
    #[action]
    async fn register_user(&self, context: &RequestContext, user_data: UserRegistrationData) -> Result<User> {
        // Implementation...
        let user = User { name: user_data.name };
        
        // Increment the custom metric with labels
        metrics::increment!("user_registration_total", labels: {
            "source" => user_data.source,
            "account_type" => user_data.account_type
        });
        
        Ok(user)
    }
}
// ----

#[tokio::test]
async fn the_declared_metric_counts_what_the_macro_and_the_accessor_record() {
    let recorder = Recorder::new();
    let context = RequestContext::new("main");
    let data = UserRegistrationData {
        name: "ada".to_owned(),
        source: "web".to_owned(),
        account_type: "free".to_owned(),
    };
    recorder
        .run_async(async {
            let user = UserService.register_user(&context, data).await.unwrap();
            assert_eq!(user.name, "ada");
            UserRegistrationMetric::increment("web", "free");
        })
        .await;
    assert_metric!(recorder, "user_registration_total", {"source" => "web", "account_type" => "free"}, == 2);
    let catalogue = runar_otel::catalogue();
    let entry = catalogue.entry("user_registration_total").unwrap();
    assert_eq!(entry.description, "Total number of user registrations");
    assert_eq!(entry.labels, ["source", "account_type"]);
}
