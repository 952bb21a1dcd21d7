//! The services of the specification, as they are written there: *Comprehensive Service Example* and *P2P and DHT
//! Metric Integration*, as far as they need only the attributes.

use std::time::Instant;

use runar_otel_core::{Gauge, Histogram};
use runar_otel_host::{EventContext, JobContext, RequestContext, Service};
use runar_otel_macros::{
    action, dht_operation, dht_service, event_handler, job, metered, metrics, p2p_service,
    publisher,
};

use crate::{recorded::recorder, recording as metrics};

mod runar_macros {
    pub(super) use runar_otel_macros::service;
}

type Result<T, E = String> = std::result::Result<T, E>;

#[derive(Default)]
struct Database {
    default: String,
}

impl Database {
    #[expect(clippy::unused_async, reason = "as it is in the document")]
    async fn find_user(&self, id: &str) -> Result<String> {
        if id.is_empty() {
            return Err("no id".to_owned());
        }
        Ok(format!("{}{id}", self.default))
    }
}

struct PaymentCompletedEvent {
    amount: f64,
    payment_method: String,
}

struct CleanupReport {
    removed_count: u32,
}

// Define a service with automatic metrics
#[runar_macros::service]
#[metrics(prefix = "api_gateway_")] // Optional prefix for all metrics
struct ApiGatewayService {
    #[inject]
    db: Database,

    // Custom metrics can still be defined manually when needed
    #[metric_field]
    cache_hit_ratio: Gauge,

    #[metric_field]
    request_size: Histogram,
}

impl ApiGatewayService {
    fn new() -> Self {
        let cache_hit_ratio = Gauge::new(
            "api_gateway_cache_hit_ratio",
            "Ratio of cache hits to total requests",
        )
        .register();

        let request_size = Histogram::new(
            "api_gateway_request_size_bytes",
            "Size of API requests in bytes",
        )
        .with_buckets(vec![64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0])
        .register();

        Self {
            db: Database::default(),
            cache_hit_ratio,
            request_size,
        }
    }

    // Standard action with default metrics
    #[action]
    #[metered]
    async fn get_user(&self, context: &RequestContext, id: String) -> Result<String> {
        let _ = context;
        let user = self.db.find_user(&id).await?;
        self.cache_hit_ratio.set(0.5);
        self.request_size.observe(100.0);
        Ok(user)
    }

    // Action with both caching and metrics
    #[action(cache(enabled = true, ttl = 60))]
    #[metered(
        buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5],  // Custom time buckets
        labels = ["user_tier"]                           // Custom labels
    )]
    async fn get_user_profile(&self, context: &RequestContext, id: String) -> Result<String> {
        metrics::add_label!("user_tier", context.user_tier().unwrap_or("free"));
        let profile = self.db.find_user(&id).await?;
        Ok(profile)
    }

    // Event handler with metrics
    #[event_handler("payment.completed")]
    #[metered(event = "payment.completed")]
    async fn handle_payment_completed(
        &self,
        context: &EventContext,
        event: PaymentCompletedEvent,
    ) -> Result<()> {
        let _ = (self, context);
        metrics::observe!("payment_amount", value: event.amount, labels: {
            "payment_method" => event.payment_method
        });
        Ok(())
    }

    // Background job with metrics
    #[job(schedule = "*/5 * * * *")] // Run every 5 minutes
    #[metered(name = "cleanup_job")] // Custom metric name
    async fn cleanup_expired_sessions(&self, context: &JobContext) -> Result<CleanupReport> {
        let _ = (self, context);
        let start_time = Instant::now();
        let expired_count = 3;
        metrics::set!("expired_sessions_count", value: f64::from(expired_count));
        let _ = start_time.elapsed();
        Ok(CleanupReport {
            removed_count: expired_count,
        })
    }
}

// Event publisher with automatic metrics
#[publisher]
#[metrics(events = true)] // Track metrics for all published events
struct EventPublisher {
    #[inject]
    event_bus: Database,
}

impl EventPublisher {
    #[action]
    async fn publish_user_event(&self, context: &RequestContext, event: String) -> Result<()> {
        let _ = context;
        self.event_bus.find_user(&event).await.map(drop)
    }
}

// P2P service with automatic metrics
#[p2p_service]
#[metrics(prefix = "p2p_")]
struct P2PService {
    #[inject]
    dht: DHTService,
}

impl P2PService {
    // DHT operation with automatic metrics
    #[dht_operation]
    #[metered(
        prefix = "dht_",
        buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5]
    )]
    async fn store_value(
        &self,
        context: &RequestContext,
        key: String,
        value: Vec<u8>,
    ) -> Result<()> {
        let network_id = context.network_id();
        self.dht.put(network_id, key, value).await
    }
}

#[dht_service]
#[metrics]
struct DHTService {
    #[metric_field]
    storage_size: Gauge,
}

impl DHTService {
    #[action]
    #[metered(name = "dht_put")]
    async fn put(&self, network_id: &str, key: String, value: Vec<u8>) -> Result<()> {
        drop(key);
        #[expect(clippy::cast_precision_loss, reason = "as it is in the document")]
        self.storage_size
            .set_with(value.len() as f64, &[("network", network_id)]);
        Ok(())
    }
}

async fn call_all() {
    let gateway = ApiGatewayService::new();
    let context = RequestContext::new("main").with_value("user_tier", "gold");
    gateway.get_user(&context, "1".into()).await.unwrap();
    gateway.get_user(&context, String::new()).await.unwrap_err();
    gateway
        .get_user_profile(&context, "1".into())
        .await
        .unwrap();
    let event = PaymentCompletedEvent {
        amount: 10.0,
        payment_method: "card".to_owned(),
    };
    let of = EventContext::new("main", "payment.completed");
    gateway.handle_payment_completed(&of, event).await.unwrap();
    let due = JobContext::new("main", std::time::SystemTime::now());
    let report = gateway.cleanup_expired_sessions(&due).await.unwrap();
    assert_eq!(report.removed_count, 3);
    let bus = EventPublisher {
        event_bus: Database::default(),
    };
    bus.publish_user_event(&context, "e".into()).await.unwrap();
    let peers = P2PService {
        dht: DHTService {
            storage_size: Gauge::new("document_storage_size", "").register(),
        },
    };
    peers
        .store_value(&context, "k".into(), vec![1])
        .await
        .unwrap();
}

#[tokio::test]
async fn the_documents_services_record_what_it_says() {
    // It records from here on.
    drop(recorder());
    call_all().await;
    assert_series(
        "api_gateway_service_requests_total",
        &["service=ApiGatewayService", "outcome=ok"],
    );
    assert_series(
        "api_gateway_action_requests_total",
        &["action=get_user", "outcome=error"],
    );
    assert_series(
        "api_gateway_action_duration_seconds",
        &["action=get_user_profile", "user_tier=gold", "outcome=ok"],
    );
    assert_series(
        "api_gateway_event_received_total",
        &["event=payment.completed"],
    );
    assert_series(
        "api_gateway_cleanup_job_requests_total",
        &["action=cleanup_expired_sessions"],
    );
    assert_series(
        "service_requests_total",
        &["service=EventPublisher", "outcome=ok"],
    );
    assert_series(
        "dht_action_requests_total",
        &["action=store_value", "service=P2PService"],
    );
    assert_series("p2p_service_requests_total", &["service=P2PService"]);
    assert_series(
        "dht_put_requests_total",
        &["action=put", "service=DHTService"],
    );
}

fn assert_series(metric: &str, labels: &[&str]) {
    let all = recorder().series(metric);
    let has = |series: &crate::recorded::Series| {
        let all = labels
            .iter()
            .all(|label| series.labels.contains(&(*label).to_owned()));
        all && series.value > 0.0
    };
    assert!(all.iter().any(has), "{metric} {labels:?}: {all:#?}");
}

#[test]
fn two_services_of_one_module_have_their_own_description() {
    assert_eq!(ApiGatewayService::name(), "ApiGatewayService");
    assert_eq!(
        EventPublisher::kind(),
        runar_otel::host::ServiceKind::Publisher
    );
}
