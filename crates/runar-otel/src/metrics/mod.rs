//! Records in one line: macros that name a metric and its labels where something happens.
//!
//! ```
//! use runar_otel::metrics;
//!
//! let payment_method = String::from("card");
//! metrics::increment!("payments_total", labels: {"method" => payment_method});
//! metrics::observe!("payment_amount_euros", value: 12.5);
//! println!("{payment_method} is only borrowed");
//! ```
//!
//! The name is a string literal, checked when the program is compiled; each use is listed in the
//! [catalogue](crate::catalogue()). For names that are known at run time only there are [`Counter::new`] and the rest.
//!
//! - **Values** are integers, floats or [`Duration`](std::time::Duration)s, see [`MetricValue`](crate::MetricValue).
//!   The first one decides whether a counter has whole numbers or fractions; fractions in a counter of whole numbers
//!   are rounded, which is reported once.
//! - **Labels** are `{"key" => value, …}`: the keys are literals, the values implement `Display`, or are an `Option` of
//!   such a type (`None` is the empty string). Values and labels are only borrowed.
//! - **The metric** is made by its first use, unless `#[metric]` or a handle has declared it: then that counts, with
//!   unit, description and buckets.
//! - **The unit** is the declared one, else the one that the name ends in (`_seconds`, `_bytes`), else seconds for
//!   durations.
//!
//! A use that contradicts the metric's declaration or first use (another kind, other labels) is reported once, with
//! both places in the source.
//!
//! # Beside a dependency called `metrics`
//!
//! Write `use runar_otel::metrics;` (or `use runar_otel::prelude::metrics;`): an import by name wins over the list of
//! dependencies.
//!
//! [`Counter::new`]: crate::Counter::new

mod change;
mod distribution;
mod label;

pub use runar_otel_core::{event_published, in_call};

pub use crate::prelude;
#[doc(inline)]
pub use crate::{
    __add_label as add_label, __decrement as decrement, __increment as increment,
    __observe as observe, __set as set, __timer as timer,
};
