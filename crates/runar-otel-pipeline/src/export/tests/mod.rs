//! Exports to real servers on this machine.

mod grpc;
mod http;

use std::time::Duration;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::{
        ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
    },
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
};

use prost::Message as _;

use super::{OtlpOptions, Protocol, RetryPolicy, Secret};

/// A request with one metric of this name.
fn message(name: &str) -> ExportMetricsServiceRequest {
    let metric = Metric {
        name: name.to_owned(),
        ..Metric::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![metric],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

/// Encodes the message of one metric as it is sent.
fn request(name: &str) -> Vec<u8> {
    message(name).encode_to_vec()
}

fn partial(rejected_data_points: i64, error_message: &str) -> ExportMetricsServiceResponse {
    ExportMetricsServiceResponse {
        partial_success: Some(ExportMetricsPartialSuccess {
            rejected_data_points,
            error_message: error_message.to_owned(),
        }),
    }
}

/// Options with waits that a test can afford.
fn options(protocol: Protocol, endpoint: &str) -> OtlpOptions {
    let mut options = OtlpOptions::new(protocol, endpoint);
    options.retry = RetryPolicy {
        initial: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    options.headers = vec![("X-Tenant".to_owned(), Secret::new("blue"))];
    options
}

/// A port on which nothing listens.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
