//! Settings that configuration and delivery share: plain data, without behaviour.

mod choice;
mod header;
mod secret;

pub use self::{
    choice::{Compression, Protocol, TemporalityPreference},
    header::is_reserved_header,
    secret::{Secret, redacted},
};
