//! The kinds of services.

/// The attribute that describes a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceKind {
    /// A service with `#[service]`.
    Service,
    /// A service with `#[publisher]`.
    Publisher,
    /// A service with `#[p2p_service]`.
    PeerToPeer,
    /// A service with `#[dht_service]`.
    Dht,
}
