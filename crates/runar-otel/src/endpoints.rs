//! The pull endpoints of running telemetry: the configured one, and those that exporters ask for.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use runar_otel_pipeline::{
    collect::Collector,
    encode::exposition::Options,
    endpoint::{Endpoint, EndpointOptions},
    schedule::CollectorScrape,
};
use tokio::runtime::Handle;

/// The time limit for the first attempt to bind a port, 1 s; the endpoint's address is known after it.
const BINDING: Duration = Duration::from_secs(1);

/// The endpoints of the telemetry that runs.
static CURRENT: Mutex<Weak<Endpoints>> = Mutex::new(Weak::new());

/// The host and port on which an endpoint is asked to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The owner of an endpoint: telemetry's own ends with telemetry, an exporter's with its exporters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Telemetry,
    Exporter,
}

/// The pull endpoints of one telemetry.
#[derive(Debug)]
pub(crate) struct Endpoints {
    collector: Arc<Collector>,
    handle: Handle,
    default: Address,
    page: Options,
    /// The endpoints in use; `None` when telemetry has ended.
    served: Mutex<Option<Vec<Arc<Served>>>>,
}

/// A pull endpoint in use, and its requested address.
#[derive(Debug)]
pub(crate) struct Served {
    address: Address,
    owner: Owner,
    endpoint: Endpoint,
    scrape: CollectorScrape,
}

/// Returns the endpoints of the telemetry that runs; `None` if none runs.
pub(crate) fn current() -> Option<Arc<Endpoints>> {
    let endpoints = lock(&CURRENT).upgrade()?;
    let runs = lock(&endpoints.served).is_some();
    runs.then_some(endpoints)
}

impl Endpoints {
    /// Makes the empty list of endpoints for a telemetry that begins, and makes this list the current one.
    pub(crate) fn new(
        collector: Arc<Collector>,
        handle: Handle,
        default: Address,
        page: Options,
    ) -> Arc<Self> {
        let endpoints = Arc::new(Self {
            collector,
            handle,
            default,
            page,
            served: Mutex::new(Some(Vec::new())),
        });
        *lock(&CURRENT) = Arc::downgrade(&endpoints);
        endpoints
    }

    /// Returns the configured address, `localhost:9464` by default.
    pub(crate) fn default_address(&self) -> Address {
        self.default.clone()
    }

    /// Returns the endpoint on an address, an existing or a new one; `None` when telemetry has ended.
    pub(crate) fn serve(&self, address: Address, owner: Owner) -> Option<Arc<Served>> {
        let mut served = lock(&self.served);
        let served = served.as_mut()?;
        if let Some(there) = served.iter().find(|there| there.is_at(&address)) {
            return Some(there.clone());
        }
        let scrape = CollectorScrape::new(self.collector.clone(), self.page.clone());
        let mut options = EndpointOptions::default();
        options.host.clone_from(&address.host);
        options.port = address.port;
        let new = Arc::new(Served {
            address,
            owner,
            endpoint: Endpoint::spawn(&self.handle, options, Arc::new(scrape.clone())),
            scrape,
        });
        served.push(new.clone());
        Some(new)
    }

    /// Returns the bound address of the first endpoint that listens.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        let served = lock(&self.served);
        let served = served.as_deref().unwrap_or_default();
        served.iter().find_map(|served| served.local_addr())
    }

    /// True if the endpoint is in use by this telemetry.
    pub(crate) fn has(&self, served: &Arc<Served>) -> bool {
        let all = lock(&self.served);
        let mut all = all.iter().flatten();
        all.any(|other| Arc::ptr_eq(other, served))
    }

    /// Ends an endpoint, unless it is telemetry's own.
    pub(crate) fn remove(&self, ended: &Arc<Served>, deadline: Instant) {
        if ended.owner == Owner::Telemetry {
            return;
        }
        if let Some(served) = lock(&self.served).as_mut() {
            served.retain(|served| !Arc::ptr_eq(served, ended));
        }
        let _ = ended.endpoint.stop(deadline);
    }

    /// Stops all endpoints and frees their ports.
    pub(crate) fn stop(&self, deadline: Instant) {
        let ended = lock(&self.served).take();
        for served in ended.into_iter().flatten() {
            let _ = served.endpoint.stop(deadline);
        }
    }
}

impl Served {
    /// Returns the requested address, whose port may be 0.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Returns the bound address; `None` while the port cannot be bound.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Waits until the endpoint has tried once to bind its port, 1 s at most.
    pub(crate) fn wait_tried(&self) {
        self.endpoint.wait_tried(Instant::now() + BINDING);
    }

    /// Serves a collected page again for this time, before the next collection.
    pub(crate) fn reuse(&self, time: Duration) {
        self.scrape.reuse(time);
    }

    /// True if the endpoint covers this address already. Port 0 never matches: it asks for another endpoint.
    fn is_at(&self, wanted: &Address) -> bool {
        if wanted.port == 0 {
            return false;
        }
        if self.address == *wanted {
            return true;
        }
        let Some(ip) = ip(&wanted.host) else {
            return false;
        };
        let covers = |bound: &SocketAddr| {
            let everywhere = bound.ip().is_unspecified() && bound.is_ipv4() == ip.is_ipv4();
            bound.port() == wanted.port && (bound.ip() == ip || everywhere)
        };
        self.endpoint.local_addrs().iter().any(covers)
    }
}

fn ip(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
