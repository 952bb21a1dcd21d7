//! Settings that configuration and delivery share: plain data, without behaviour.

mod choice;
mod endpoint;
mod header;
mod secret;
mod signal;

pub use self::{
    choice::{Compression, Protocol, TemporalityPreference},
    endpoint::{EndpointFault, check_endpoint},
    header::is_reserved_header,
    secret::{Secret, redacted},
    signal::Signal,
};
