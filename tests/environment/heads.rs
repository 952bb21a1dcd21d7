//! A receiver of requests that keeps their heads and answers with status 200.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode},
};
use tokio::runtime::{Builder, Runtime};

type Kept = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// A receiver over HTTP/1 and HTTP/2.
pub(crate) struct Heads {
    kept: Kept,
    address: SocketAddr,
    _runtime: Runtime,
}

impl Heads {
    pub(crate) fn start() -> Self {
        Self::answering(&[])
    }

    /// Starts a receiver that answers its first requests for spans with these statuses.
    pub(crate) fn answering(statuses: &[u16]) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let kept = Kept::default();
        let (keep, statuses) = (kept.clone(), Arc::new(Mutex::new(statuses.to_vec())));
        let answer = move |request: Request| {
            let path = request.uri().path_and_query().map(ToString::to_string);
            let path = path.unwrap_or_default();
            let mut status = StatusCode::OK;
            let mut statuses = statuses.lock().unwrap();
            if path.contains("traces") && !statuses.is_empty() {
                status = StatusCode::from_u16(statuses.remove(0)).unwrap();
            }
            keep.lock().unwrap().push((path, request.headers().clone()));
            async move { status }
        };
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self {
            kept,
            address,
            _runtime: runtime,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of requests so far whose path is that of a signal.
    pub(crate) fn count(&self, path: &str) -> usize {
        let kept = self.kept.lock().unwrap();
        kept.iter().filter(|(its, _)| is_of(its, path)).count()
    }

    /// Waits for a request to a path, that of HTTP or the method of gRPC, and returns its head.
    pub(crate) fn of(&self, path: &str, patience: Duration) -> HeaderMap {
        let deadline = Instant::now() + patience;
        loop {
            let kept = self.kept.lock().unwrap();
            if let Some((_, head)) = kept.iter().find(|(its, _)| is_of(its, path)) {
                return head.clone();
            }
            assert!(Instant::now() < deadline, "no request to {path}: {kept:?}");
            drop(kept);
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn is_of(path: &str, wanted: &str) -> bool {
    path == wanted
        || match wanted {
            "/v1/metrics" => path.ends_with("MetricsService/Export"),
            "/v1/traces" => path.ends_with("TraceService/Export"),
            _ => false,
        }
}
