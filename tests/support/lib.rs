//! Real peers for the tests: builds, starts and asks the Collector, Prometheus, Jaeger and Python's parsers.
//!
//! [`Stack::start`] gives a running stack on free ports with the project's own configuration files;
//! [`peers`] gives single programs, [`python`] and [`check`] judge texts and files. Nothing here ever skips:
//! what is missing is an [`Error`] that says what to install.

pub mod check;
pub mod client;
mod command;
mod error;
pub mod files;
pub mod http;
pub mod peers;
pub mod poll;
pub mod ports;
pub mod process;
pub mod python;
mod stack;

pub use error::{Error, Result};
pub use stack::{Stack, StackBuilder};
