//! The pull endpoints of running telemetry: the configured one, and those that exporters ask for.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use runar_otel_pipeline::{
    collect::Collector,
    endpoint::{Endpoint, EndpointOptions},
    schedule::CollectorScrape,
};
use tokio::runtime::Handle;

/// How long to wait at the most for the first try to get a port, so that its address can be told.
const BINDING: Duration = Duration::from_secs(1);

/// The endpoints of the telemetry that runs.
static CURRENT: Mutex<Weak<Endpoints>> = Mutex::new(Weak::new());

/// Where an endpoint listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Who wants an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Telemetry,
    Exporter,
}

/// All endpoints of one telemetry.
#[derive(Debug)]
pub(crate) struct Endpoints {
    collector: Arc<Collector>,
    handle: Handle,
    default: Address,
    /// `None` when telemetry has ended.
    served: Mutex<Option<Vec<Arc<Served>>>>,
}

/// One endpoint.
#[derive(Debug)]
pub(crate) struct Served {
    address: Address,
    owner: Owner,
    endpoint: Endpoint,
    scrape: CollectorScrape,
}

/// The endpoints of the telemetry that runs, if some runs.
pub(crate) fn current() -> Option<Arc<Endpoints>> {
    let endpoints = lock(&CURRENT).upgrade()?;
    let runs = lock(&endpoints.served).is_some();
    runs.then_some(endpoints)
}

impl Endpoints {
    /// Makes the endpoints of a telemetry that begins: none yet.
    pub(crate) fn new(collector: Arc<Collector>, handle: Handle, default: Address) -> Arc<Self> {
        let endpoints = Arc::new(Self {
            collector,
            handle,
            default,
            served: Mutex::new(Some(Vec::new())),
        });
        *lock(&CURRENT) = Arc::downgrade(&endpoints);
        endpoints
    }

    /// The address that is configured.
    pub(crate) fn default_address(&self) -> Address {
        self.default.clone()
    }

    /// The endpoint on an address: one that is there already, or a new one. `None` when telemetry has ended.
    pub(crate) fn serve(&self, address: Address, owner: Owner) -> Option<Arc<Served>> {
        let mut served = lock(&self.served);
        let served = served.as_mut()?;
        if let Some(there) = served.iter().find(|there| there.is_at(&address)) {
            return Some(there.clone());
        }
        let scrape = CollectorScrape::new(self.collector.clone());
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

    /// The address of the first endpoint that listens.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        let served = lock(&self.served);
        let served = served.as_deref().unwrap_or_default();
        served.iter().find_map(|served| served.local_addr())
    }

    /// Whether an endpoint is one of these.
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

    /// Frees all ports.
    pub(crate) fn stop(&self, deadline: Instant) {
        let ended = lock(&self.served).take();
        for served in ended.into_iter().flatten() {
            let _ = served.endpoint.stop(deadline);
        }
    }
}

impl Served {
    /// Where it was asked to listen.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Where it listens.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Waits until it has tried once to listen, for a second at the most.
    pub(crate) fn wait_tried(&self) {
        self.endpoint.wait_tried(Instant::now() + BINDING);
    }

    /// Lets a page be served again for so long.
    pub(crate) fn reuse(&self, time: Duration) {
        self.scrape.reuse(time);
    }

    /// Whether it is on this address already. Port 0 is never there: it asks for one more.
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
