//! *Comprehensive Service Example*: prefix, fields, caching, labels, events, a job, a publisher.

use std::{sync::Mutex, time::SystemTime};

use runar_otel_testing::{Metrics as _, Recorder, assert_metric, assert_no_metric};

use super::{runar_macros, runar_node};

/// What the document leaves out: a database, a cache, an event bus, and types.
#[derive(Default)]
struct Database {
    users: u32,
}
#[derive(Default)]
struct CacheManager {
    hits: u32,
}
struct EventBus {
    published: Mutex<Vec<String>>,
}
struct User;
struct UserProfile;
struct OrderConfirmation;
struct Order {
    amount: f64,
}
struct PaymentCompletedEvent {
    amount: f64,
    payment_method: String,
    currency: String,
}
struct CleanupReport {
    removed_count: u64,
}
struct UserEvent {
    name: &'static str,
}

impl Database {
    async fn find_user(&self, id: &str) -> Result<User> {
        if id.is_empty() {
            return Err("a user has an id".into());
        }
        Ok(User)
    }

    async fn find_user_profile(&self, id: &str) -> Result<UserProfile> {
        self.find_user(id).await.map(|User| UserProfile)
    }
}

impl Order {
    fn type_name(&self) -> &'static str {
        "retail"
    }

    fn priority(&self) -> u8 {
        2
    }

    fn total_amount(&self) -> f64 {
        self.amount
    }

    fn currency(&self) -> String {
        "EUR".to_owned()
    }
}

impl EventBus {
    /// A bus counts what is published on it: no macro can see that.
    async fn publish(&self, topic: &str, event: UserEvent) -> Result<()> {
        metrics::event_published(topic.to_owned(), async {
            if event.name.is_empty() {
                return Err("an event has a name".into());
            }
            self.published.lock().unwrap().push(event.name.to_owned());
            Ok(())
        })
        .await
    }
}

async fn process_order_internal(order: &Order) -> Result<OrderConfirmation> {
    if order.amount < 0.0 {
        return Err("an order costs something".into());
    }
    Ok(OrderConfirmation)
}

async fn cleanup_sessions() -> Result<u64> {
    Ok(3)
}

// ---- the document
use runar_node::prelude::*;

// Define a service with automatic metrics
#[runar_macros::service]
#[metrics(prefix = "api_gateway_")]  // Optional prefix for all metrics
struct ApiGatewayService {
    #[inject]
    db: Database,
    
    #[inject]
    cache_manager: CacheManager,
    
    // Custom metrics can still be defined manually when needed
    #[metric_field]
    cache_hit_ratio: Gauge,
    
    #[metric_field]
    request_size: Histogram,
}

impl ApiGatewayService {
    // Constructor to set up any custom metrics not handled by macros
    fn new() -> Self {
        // The #[metrics] macro will automatically set up common metrics,
        // but we can still manually define specialized ones
        let cache_hit_ratio = Gauge::new(
            "api_gateway_cache_hit_ratio",
            "Ratio of cache hits to total requests"
        ).register();
        
        let request_size = Histogram::new(
            "api_gateway_request_size_bytes",
            "Size of API requests in bytes"
        )
        .with_buckets(vec![64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0])
        .register();
        
        Self {
            db: Database::default(),
            cache_manager: CacheManager::default(),
            cache_hit_ratio,
            request_size,
        }
    }

    // Standard action with default metrics
    #[action]
    #[metered]
    async fn get_user(&self, context: &RequestContext, id: String) -> Result<User> {
        // Implementation...
        let user = self.db.find_user(&id).await?;
        Ok(user)
    }
    
    // Action with both caching and metrics
    #[action(cache(enabled = true, ttl = 60))]
    #[metered(
        buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5],  // Custom time buckets
        labels = ["user_tier"]                           // Custom labels
    )]
    async fn get_user_profile(&self, context: &RequestContext, id: String) -> Result<UserProfile> {
        // Implementation...
        // The caching layer handles cache hits automatically
        // The metrics layer tracks execution time and counts
        
        // Add the user_tier label value from context
        metrics::add_label!("user_tier", context.user_tier().unwrap_or("free"));
        
        let profile = self.db.find_user_profile(&id).await?;
        Ok(profile)
    }
    
    // Action with custom metric tracking
    #[action]
    async fn process_order(&self, context: &RequestContext, order: Order) -> Result<OrderConfirmation> {
        // Start a timer for this specific operation
        let timer = metrics::timer!("order_processing_time", labels: {
            "order_type" => order.type_name(),
            "priority" => order.priority().to_string()
        });
        
        // Record the order amount
        metrics::observe!("order_amount", value: order.total_amount(), labels: {
            "currency" => order.currency()
        });
        
        // Process the order
        let result = process_order_internal(&order).await;
        
        // Track success/failure
        if result.is_ok() {
            metrics::increment!("orders_processed");
        } else {
            metrics::increment!("orders_failed");
        }
        
        // Timer automatically stops when dropped
        drop(timer);
        
        result
    }
    
    // Event handler with metrics
    #[event_handler("payment.completed")]
    #[metered(event = "payment.completed")]
    async fn handle_payment_completed(&self, context: &EventContext, event: PaymentCompletedEvent) -> Result<()> {
        // Implementation...
        
        // Track payment amount
        metrics::observe!("payment_amount", value: event.amount, labels: {
            "payment_method" => event.payment_method,
            "currency" => event.currency
        });
        
        // Event processing...
        Ok(())
    }
    
    // Background job with metrics
    #[job(schedule = "*/5 * * * *")]  // Run every 5 minutes
    #[metered(name = "cleanup_job")]  // Custom metric name
    async fn cleanup_expired_sessions(&self, context: &JobContext) -> Result<CleanupReport> {
        let start_time = Instant::now();
        
        // Implementation...
        let expired_count = cleanup_sessions().await?;
        
        // Record custom metrics about the cleanup
        metrics::set!("expired_sessions_count", value: expired_count as f64);
        
        // Duration is automatically recorded by the metered macro
        Ok(CleanupReport { removed_count: expired_count })
    }
}

// Event publisher with automatic metrics
#[publisher]
#[metrics(events = true)]  // Track metrics for all published events
struct EventPublisher {
    #[inject]
    event_bus: EventBus,
}

impl EventPublisher {
    #[action]
    async fn publish_user_event(&self, context: &RequestContext, event: UserEvent) -> Result<()> {
        // The metrics macro automatically tracks:
        // - Number of events published
        // - Publication latency
        // - Success/failure rates
        self.event_bus.publish("user", event).await
    }
}
// ----

fn gateway() -> (Recorder, RequestContext) {
    (Recorder::new(), RequestContext::new("main"))
}

#[tokio::test]
async fn standard_actions_have_the_prefix_and_the_service() {
    let (recorder, context) = gateway();
    recorder
        .run_async(async {
            let service = ApiGatewayService::new();
            assert_eq!((service.db.users, service.cache_manager.hits), (0, 0));
            let user = service.get_user(&context, "ada".to_owned());
            user.await.map(drop).unwrap();
            let user = service.get_user(&context, String::new());
            assert!(user.await.is_err());
        })
        .await;
    let labels = |outcome| [("service", "ApiGatewayService"), ("outcome", outcome)];
    for outcome in ["ok", "error"] {
        for metric in [
            "api_gateway_service_requests_total",
            "api_gateway_action_requests_total",
        ] {
            assert_eq!(recorder.counter(metric, &labels(outcome)), Some(1.0));
        }
    }
    assert_no_metric!(recorder, "action_requests_total", {});
}

#[tokio::test]
async fn fields_are_never_prefixed_and_record() {
    let (recorder, _) = gateway();
    recorder.run(|| {
        let service = ApiGatewayService::new();
        service.cache_hit_ratio.set(0.75);
        service.request_size.observe(300.0);
    });
    assert_metric!(recorder, "api_gateway_cache_hit_ratio", {}, == 0.75);
    let size = recorder
        .histogram("api_gateway_request_size_bytes", &[])
        .unwrap();
    assert_eq!(size.bounds(), [64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0]);
}

#[tokio::test]
async fn a_label_comes_from_the_context_and_a_cache_is_published() {
    let (recorder, context) = gateway();
    let gold = RequestContext::new("main").with_value("user_tier", "gold");
    recorder
        .run_async(async {
            let service = ApiGatewayService::new();
            for context in [&context, &gold] {
                let profile = service.get_user_profile(context, "ada".to_owned());
                profile.await.map(drop).unwrap();
            }
        })
        .await;
    for tier in ["free", "gold"] {
        assert_metric!(recorder, "api_gateway_action_requests_total", {"action" => "get_user_profile", "user_tier" => tier, "outcome" => "ok"}, == 1);
    }
}

#[tokio::test]
async fn an_order_is_timed_measured_and_counted() {
    let (recorder, context) = gateway();
    recorder
        .run_async(async {
            let service = ApiGatewayService::new();
            let order = service.process_order(&context, Order { amount: 12.5 });
            order.await.map(drop).unwrap();
            let order = service.process_order(&context, Order { amount: -1.0 });
            assert!(order.await.is_err());
        })
        .await;
    assert_metric!(recorder, "order_processing_time", {"order_type" => "retail", "priority" => "2"}, count == 2);
    assert_metric!(recorder, "order_amount", {"currency" => "EUR"}, sum == 11.5);
    assert_metric!(recorder, "orders_processed", {}, == 1);
    assert_metric!(recorder, "orders_failed", {}, == 1);
    assert_metric!(recorder, "api_gateway_service_requests_total", {"outcome" => "error"}, == 1);
}

#[tokio::test]
async fn a_payment_event_is_counted_as_an_event_only() {
    let recorder = Recorder::new();
    let context = EventContext::new("main", "payment.completed");
    recorder
        .run_async(async {
            let event = PaymentCompletedEvent {
                amount: 99.0,
                payment_method: "card".to_owned(),
                currency: "EUR".to_owned(),
            };
            let service = ApiGatewayService::new();
            service.handle_payment_completed(&context, event).await.unwrap();
        })
        .await;
    assert_metric!(recorder, "payment_amount", {"payment_method" => "card", "currency" => "EUR"}, sum == 99);
    assert_metric!(recorder, "api_gateway_event_received_total", {"event" => "payment.completed"}, == 1);
    assert_no_metric!(recorder, "api_gateway_service_requests_total", {"outcome" => "ok"});
}

#[tokio::test]
async fn a_job_has_a_name_of_its_own_and_feeds_no_service_total() {
    let recorder = Recorder::new();
    recorder
        .run_async(async {
            let service = ApiGatewayService::new();
            let context = JobContext::new("main", SystemTime::now());
            let report = service.cleanup_expired_sessions(&context);
            assert_eq!(report.await.unwrap().removed_count, 3);
        })
        .await;
    assert_metric!(recorder, "expired_sessions_count", {}, == 3);
    assert_metric!(recorder, "api_gateway_cleanup_job_requests_total", {"action" => "cleanup_expired_sessions", "outcome" => "ok"}, == 1);
    assert_metric!(recorder, "api_gateway_cleanup_job_duration_seconds", {"outcome" => "ok"}, count == 1);
    assert_no_metric!(recorder, "api_gateway_service_requests_total", {"outcome" => "ok"});
}

#[tokio::test]
async fn published_events_are_counted() {
    let (recorder, context) = gateway();
    let publisher = EventPublisher {
        event_bus: EventBus { published: Mutex::default() },
    };
    recorder
        .run_async(async {
            let event = UserEvent { name: "signed-up" };
            publisher.publish_user_event(&context, event).await.unwrap();
            let event = UserEvent { name: "" };
            publisher.publish_user_event(&context, event).await.unwrap_err();
        })
        .await;
    assert_eq!(*publisher.event_bus.published.lock().unwrap(), ["signed-up"]);
    let service = "EventPublisher";
    for outcome in ["ok", "error"] {
        assert_metric!(recorder, "event_published_total", {"event" => "user", "service" => service, "outcome" => outcome}, == 1);
        assert_metric!(recorder, "event_publish_duration_seconds", {"event" => "user", "outcome" => outcome}, count == 1);
    }
    assert_metric!(recorder, "event_publish_failures_total", {"event" => "user", "service" => service}, == 1);
    assert_metric!(recorder, "service_requests_total", {"service" => service, "outcome" => "ok"}, == 1);
}
