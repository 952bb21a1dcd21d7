//! The names that a service uses, in one glob.
//!
//! ```
//! use runar_otel::prelude::*;
//!
//! #[metered]
//! fn take_order(number: &str) -> Result<u32> {
//!     metrics::increment!("prelude_orders_total");
//!     Ok(number.parse()?)
//! }
//! # assert_eq!(take_order("7").unwrap(), 7);
//! # assert!(take_order("seven").is_err());
//! ```
//!
//! [`runar_otel::metrics::prelude`](crate::metrics::prelude) is the same; both may be used at once.
//!
//! ```
//! # #![deny(warnings)]
//! use runar_otel::metrics::prelude::*;
//! use runar_otel::prelude::*;
//!
//! let started: Instant = Instant::now();
//! let orders: Counter = Counter::new("prelude_both_total", "Orders taken").register();
//! metrics::increment!("prelude_both_total");
//! # let _ = (started, orders);
//! ```
//!
//! Beside a dependency that is called `metrics` too, add `use runar_otel::prelude::metrics;`: an import by name wins
//! over the list of dependencies.
//!
//! If no crate is called `runar_otel`, because the dependency is renamed or comes through another crate, give
//! attributes and derives the path by `crate = path`; an attribute on an impl passes the path on to its methods.
//!
//! ```
//! # extern crate runar_otel as telemetry;
//! use telemetry::prelude::*;
//!
//! #[metered(crate = telemetry)]
//! fn take_order() {
//!     metrics::increment!("prelude_renamed_total");
//! }
//! # take_order();
//! ```
//!
//! [`Result`] takes the place of the standard one: with one parameter its error is [`Error`], with two it is the
//! standard one. A name that a file imports by name, or defines, wins over the same name from here.

use std::error;

pub use std::time::{Duration, Instant};

#[cfg(feature = "host")]
pub use async_trait::async_trait;

// `ErrorType` is the trait, and the derive if the macros are there.
pub use crate::{
    Counter, ErrorType, Gauge, Histogram, LabelSource, Outcome, Timer, TimerHandle, UpDownCounter,
};
#[cfg(feature = "prometheus-endpoint")]
pub use crate::{ExportFormat, ExportProtocol, MetricsExporter, RunningExporter};
// `metrics` is the module and the attribute.
#[cfg(feature = "host")]
pub use crate::{
    action, dht_operation, dht_service, event_handler,
    host::{EventContext, JobContext, RequestContext, Service},
    job, p2p_service, publisher, service,
};
#[cfg(feature = "macros")]
pub use crate::{metered, metric, metrics};

/// Any error, to be passed on with `?`.
pub type Error = Box<dyn error::Error + Send + Sync>;

/// A result, of any error unless it says otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;
