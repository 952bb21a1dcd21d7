//! The kinds of services.

/// The attribute that describes a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceKind {
    /// `#[service]`.
    Service,
    /// `#[publisher]`.
    Publisher,
    /// `#[p2p_service]`.
    PeerToPeer,
    /// `#[dht_service]`.
    Dht,
}
