//! *Service Integration Example*: handles in a service that is metered by hand.

use runar_otel_testing::{Metrics as _, Recorder, assert_metric};

use super::runar_node;

/// What the document leaves out. `process_request` is no method of the published `AbstractService`.
struct ServiceRequest;
#[derive(Debug, PartialEq)]
enum ResponseStatus {
    Success,
}
struct ServiceResponse {
    status: ResponseStatus,
    message: String,
    data: Option<String>,
}

#[async_trait]
trait AbstractService {
    async fn process_request(&self, request: ServiceRequest) -> Result<ServiceResponse>;
}

// ---- the document
use runar_node::prelude::*;
use runar_node::metrics::prelude::*;

struct MyService {
    name: String,
    path: String,
    // Service fields...
    request_counter: Counter,
    active_requests: Gauge,
    response_time: Histogram,
}

impl MyService {
    fn new(name: &str) -> Self {
        // Create metrics
        let request_counter = Counter::new("service_requests_total", "Total service requests")
            .with_label("service", name)
            .register();
            
        let active_requests = Gauge::new("service_active_requests", "Active service requests")
            .with_label("service", name)
            .register();
            
        let response_time = Histogram::new("service_response_time_seconds", "Service response time")
            .with_label("service", name)
            .with_buckets(vec![0.01, 0.05, 0.1, 0.5, 1.0])
            .register();
            
        Self {
            name: name.to_string(),
            path: name.to_string(),
            // Initialize other fields...
            request_counter,
            active_requests,
            response_time,
        }
    }
    
    async fn handle_request(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        // Increment request counter
        self.request_counter.increment();
        
        // Increment active requests
        self.active_requests.increment();
        
        // Create timer for response time
        let timer = self.response_time.start_timer();
        
        // Process the request
        let result = self.process_request_internal(request).await;
        
        // Stop timer
        timer.stop();
        
        // Decrement active requests
        self.active_requests.decrement();
        
        result
    }
    
    async fn process_request_internal(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        // Actual request processing logic...
        // ...
        
        Ok(ServiceResponse {
            status: ResponseStatus::Success,
            message: "Request processed".to_string(),
            data: None,
        })
    }
}

#[async_trait]
impl AbstractService for MyService {
    // AbstractService implementation...
    
    async fn process_request(&self, request: ServiceRequest) -> Result<ServiceResponse> {
        self.handle_request(&request).await
    }
}
// ----

#[tokio::test]
async fn requests_are_counted_gauged_and_timed() {
    let recorder = Recorder::new();
    recorder
        .run_async(async {
            let service = MyService::new("orders");
            assert_eq!((&*service.name, &*service.path), ("orders", "orders"));
            let response = service.process_request(ServiceRequest).await.unwrap();
            assert_eq!(response.status, ResponseStatus::Success);
            assert_eq!((&*response.message, response.data), ("Request processed", None));
        })
        .await;
    assert_metric!(recorder, "service_requests_total", exactly {"service" => "orders"}, == 1);
    assert_metric!(recorder, "service_active_requests", exactly {"service" => "orders"}, == 0);
    assert_metric!(recorder, "service_response_time_seconds", exactly {"service" => "orders"}, count == 1);
    let time = recorder.histogram("service_response_time_seconds", &[("service", "orders")]);
    assert_eq!(time.unwrap().bounds(), [0.01, 0.05, 0.1, 0.5, 1.0]);
}
