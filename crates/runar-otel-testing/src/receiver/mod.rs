//! The OTLP receiver: a Collector within the test.

mod grpc;
mod http;
mod inbox;
mod received;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::collector::{
    metrics::v1::metrics_service_server::MetricsServiceServer,
    trace::v1::trace_service_server::TraceServiceServer,
};
use runar_otel_pipeline::background::Background;
use tokio::net::TcpListener;
use tonic::{
    codec::CompressionEncoding,
    service::Routes,
    transport::{Server, server::TcpIncoming},
};

use self::inbox::Inbox;
pub use self::received::Received;
use crate::{fail::fail, metrics::Metrics, otlp::FinishedSpan, series::Series};

/// The largest request that is accepted, in bytes.
const LARGEST: usize = 256 << 20;

/// An OTLP receiver on a free port of this machine that keeps the data received: metrics and spans, over HTTP with
/// Protobuf and over gRPC on the same port, with gzip or without.
///
/// The receiver runs on a thread of its own, so that it answers whatever the test does meanwhile: in plain tests, on
/// `current_thread` runtimes and on others. When it is dropped, the port is free.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use runar_otel::{Counter, MetricsExporterKind, TracesExporterKind};
/// use runar_otel_testing::{Metrics, OtlpReceiver, assert_metric};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let receiver = OtlpReceiver::start();
/// let telemetry = runar_otel::builder()
///     .otlp_endpoint(receiver.endpoint())
///     .metrics_exporters([MetricsExporterKind::Otlp])
///     .traces_exporters([TracesExporterKind::Otlp])
///     .init()?;
/// tracing::info_span!("take order").in_scope(|| {
///     Counter::new("received_orders_total", "Orders taken").register().increment();
/// });
/// telemetry.force_flush()?;
///
/// let received = receiver.wait_until(
///     |received| !received.spans().is_empty() && received.counter("received_orders_total", &[]).is_some(),
///     Duration::from_secs(10),
/// );
/// assert_metric!(received, "received_orders_total", == 1, exemplars == 1);
/// let exemplar = &received.exemplars("received_orders_total", &[])[0];
/// assert_eq!(exemplar.trace_id, received.spans()[0].trace_id);
/// # Ok(())
/// # }
/// ```
pub struct OtlpReceiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    /// Ends the thread when it is dropped.
    _background: Background,
}

impl OtlpReceiver {
    /// Starts a receiver, or fails the test.
    ///
    /// # Panics
    /// When the system refuses a port or a thread.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        match Self::try_start() {
            Ok(receiver) => receiver,
            Err(error) => fail(&format!("no OTLP receiver can be started: {error}")),
        }
    }

    /// Starts a receiver, or returns the error of the system.
    ///
    /// # Errors
    /// When the system refuses a port or a thread.
    pub fn try_start() -> io::Result<Self> {
        let background = Background::start()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _runtime = background.handle().enter();
            TcpListener::from_std(listener)?
        };
        let inbox = Arc::new(Inbox::default());
        let routes = Routes::from(http::routes(&inbox))
            .add_service(
                MetricsServiceServer::from_arc(inbox.clone())
                    .accept_compressed(CompressionEncoding::Gzip)
                    .max_decoding_message_size(LARGEST),
            )
            .add_service(
                TraceServiceServer::from_arc(inbox.clone())
                    .accept_compressed(CompressionEncoding::Gzip)
                    .max_decoding_message_size(LARGEST),
            );
        let server = Server::builder().accept_http1(true).add_routes(routes);
        let serving = server.serve_with_incoming(TcpIncoming::from(listener));
        background.handle().spawn(async move {
            let _ = serving.await;
        });
        Ok(Self {
            address,
            inbox,
            _background: background,
        })
    }

    /// Returns the base URL, for HTTP and for gRPC: `http://127.0.0.1:…`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address on which the receiver listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the metrics and spans received so far.
    #[must_use]
    pub fn received(&self) -> Received {
        self.inbox.received()
    }

    /// Returns the series that were received so far; see [`Received`].
    #[must_use]
    pub fn metrics(&self) -> Vec<Series> {
        self.inbox.received().series()
    }

    /// Returns the spans that were received so far.
    #[must_use]
    pub fn spans(&self) -> Vec<FinishedSpan> {
        self.inbox.received().spans().to_vec()
    }

    /// Forgets the data received and the count of refusals; refusals still to come stay.
    pub fn clear(&self) {
        self.inbox.clear();
    }

    /// Refuses the next requests, of metrics or spans, with this HTTP status.
    ///
    /// Over gRPC 400 is `InvalidArgument`, 401 `Unauthenticated`, 403 `PermissionDenied`, 404 `Unimplemented`, 429,
    /// 502, 503 and 504 are `Unavailable`, any other is `Unknown`. Refused requests are not kept, only counted in
    /// [`Received::refused`]. A later call replaces the rest of an earlier one.
    pub fn refuse(&self, requests: usize, status: u16) {
        self.inbox.refuse(requests, status);
    }

    /// Waits until `is_enough` is true of the data received, and returns the data.
    ///
    /// The call blocks the thread, and wakes up at each request. On a `current_thread` runtime tasks of the test stand
    /// still meanwhile; exports of `runar-otel` do not run there.
    ///
    /// # Panics
    /// When the time is over; the message lists the data received.
    #[track_caller]
    pub fn wait_until(
        &self,
        is_enough: impl FnMut(&Received) -> bool,
        timeout: Duration,
    ) -> Received {
        match self.try_wait_until(is_enough, timeout) {
            Ok(received) => received,
            Err(received) => fail(&format!(
                "what is waited for was not received within {timeout:?}; received were {received}"
            )),
        }
    }

    /// Like [`wait_until`](Self::wait_until), for data that may not come.
    ///
    /// # Errors
    /// When the time is over; the error is the data received until then.
    pub fn try_wait_until(
        &self,
        is_enough: impl FnMut(&Received) -> bool,
        timeout: Duration,
    ) -> Result<Received, Box<Received>> {
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now + FOREVER);
        self.inbox.wait(is_enough, deadline).map_err(Box::new)
    }
}

/// A time limit longer than any test.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

impl Metrics for OtlpReceiver {
    fn series(&self) -> Vec<Series> {
        self.metrics()
    }
}

impl fmt::Debug for OtlpReceiver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OtlpReceiver")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
