//! The attributes and macros of `runar-otel`, at compile time.
//!
//! Applications use these macros through the crate `runar-otel`, which re-exports them. Each attribute or family of macros has
//! a folder: `options` reads the options for all of them, `model` checks, and `expand` generates code that calls `__private` of
//! the crate that `crate_path` names. A mistake is a message at the user's token, and all mistakes of an attribute come at once.

mod attributes;
mod crate_path;
mod error_type;
mod host;
mod location;
mod metered;
mod metric;
mod metrics;
mod names;
mod options;
mod original;
#[cfg(test)]
mod pretty;
mod record;
mod tokens;

use proc_macro::TokenStream;

use crate::host::{MemberKind, ServiceKind};

/// Metrics for a service: on its struct, on its impl, or on both.
///
/// `{prefix}service_requests_total`, `service_active_requests`, `service_errors_total` and
/// `service_response_time_seconds` count each outermost action of the service, with its name as label `service`.
///
/// On the **struct** the attribute reaches all methods with `#[action]`, `#[metered]` and the like, whether or not
/// their impl has it too. It takes `#[inject]` and `#[metric_field]` from the fields and adds nothing else. A method of
/// such an impl can find its service only when it runs: the catalogue learns of the service by the first call. On the
/// **impl** the service is known before, and each method with `#[action]`, `#[event_handler]`, `#[subscribe]`,
/// `#[job]`, `#[dht_operation]` or `#[metered]` is instrumented. If both have the attribute, the options of the impl
/// win.
///
/// | option | meaning |
/// |---|---|
/// | `prefix = "…"` | the beginning of the metrics' names |
/// | `service = "…"` | the label `service`; else the `name` of a `#[service]` beside it, else the name of the struct |
/// | `events = true` | counts the events that the service publishes (`event_published_*`) |
/// | `actions` | all actions feed `action_*`, not only those with `#[metered]` |
/// | `default` | implements `Default`: fields with `#[metric_field]` are registered, others have their own default |
/// | `crate = path` | the crate that re-exports this one |
///
/// `#[metrics(skip)]` on a method leaves that method out.
///
/// `#[metric_field(name = "…", description = "…", unit = "…", buckets = […])]` on a field with a `Counter`, `Gauge`,
/// `UpDownCounter`, `Histogram` or `Timer` declares its metric. A registration by hand gets these settings, and with
/// `default` the metric is registered. The name defaults to the prefix and the name of the field. Without options the
/// attribute is only a mark.
///
/// The impl of a generic type takes its service from the struct, which must have the attribute then.
///
/// # Examples
///
/// ```
/// # extern crate runar_otel_host as runar_otel;
/// # use runar_otel_macros::{action, event_handler, metered, metrics, service};
/// #[service]
/// struct Orders;
///
/// #[metrics(prefix = "shop_")]
/// impl Orders {
///     #[action]
///     #[metered]
///     async fn take(&self, id: u64) -> Result<u64, std::io::Error> {
///         Ok(id)
///     }
///
///     #[event_handler("payment.completed")]
///     async fn on_payment(&self) {}
/// }
/// ```
///
/// The same on the struct reaches all of its impls:
///
/// ```
/// # extern crate runar_otel_host as runar_otel;
/// # use runar_otel_macros::{action, metrics};
/// # use runar_otel_core::Counter;
/// #[metrics(prefix = "shop_", default)]
/// struct Stock {
///     #[metric_field(name = "shop_parcels_total", description = "Parcels sent", unit = "{parcel}")]
///     parcels: Counter,
/// }
///
/// impl Stock {
///     #[action]
///     fn send(&self) {
///         self.parcels.increment();
///     }
/// }
///
/// Stock::default().send();
/// ```
#[proc_macro_attribute]
pub fn metrics(arguments: TokenStream, item: TokenStream) -> TokenStream {
    metrics::metrics(arguments.into(), &item.into()).into()
}

/// A metric of your own: a unit struct with accessors that know its labels.
///
/// `type` (`counter`, `gauge`, `up_down_counter`, `histogram`, `timer`) and `name` are needed; `description` (else the
/// first paragraph of the struct's documentation), `unit`, `labels` and, for histograms and timers, `buckets` can be
/// given. Each label is a parameter of the accessors, so a misspelt one does not compile:
///
/// ```
/// # extern crate runar_otel_core as runar_otel;
/// # use runar_otel_macros::metric;
/// #[metric(type = "counter", name = "user_registration_total", labels = ["source", "account_type"])]
/// struct UserRegistrationMetric;
///
/// UserRegistrationMetric::increment("web", "premium");
/// ```
///
/// | type | accessors |
/// |---|---|
/// | counter | `increment(labels…)`, `add(value, labels…)` |
/// | gauge | `set(value, labels…)`, `increment`, `decrement`, `add`, `sub` |
/// | up_down_counter | `increment`, `decrement`, `add`, `sub` |
/// | histogram | `observe(value, labels…)`, `start_timer(labels…)` |
/// | timer | `start(labels…)`, `observe(duration, labels…)` |
///
/// Other uses of the name (`metrics::increment!`, `Counter::new`) get unit, description and buckets from here.
#[proc_macro_attribute]
pub fn metric(arguments: TokenStream, item: TokenStream) -> TokenStream {
    metric::metric(arguments.into(), item.into()).into()
}

/// Shows an error as a value of the label `error_type`: a variant, or a struct, by its name in snake case.
///
/// `#[error_type("…")]` (or `name = "…"`) on a variant or a struct renames it. `#[error_type(transparent)]` shows the
/// error type of the only field. `#[error_type(crate = path)]` on the type names the crate that re-exports this one.
///
/// # Examples
///
/// ```
/// # extern crate runar_otel_core as runar_otel;
/// # use runar_otel_macros::ErrorType;
/// # use runar_otel::ErrorType as _;
/// #[derive(ErrorType)]
/// enum StoreError {
///     NotFound,
///     #[error_type("timeout")]
///     TookTooLong,
/// }
///
/// assert_eq!(StoreError::NotFound.error_type(), "not_found");
/// assert_eq!(StoreError::TookTooLong.error_type(), "timeout");
/// ```
#[proc_macro_derive(ErrorType, attributes(error_type))]
pub fn error_type(item: TokenStream) -> TokenStream {
    error_type::error_type(item.into()).into()
}

/// A service, for a host: `name`, `path`, `description`, `version` on its struct; on its impl, its methods find it.
///
/// On the struct the attribute implements `host::Service` and takes `#[inject]` from the fields. On an impl it
/// instruments the methods with `#[action]` and the like, as far as `#[metrics]` asks for it, and passes their type on
/// to them.
///
/// The attribute only describes: dispatching requests, injecting fields and running jobs is the work of a host.
///
/// # Examples
///
/// ```
/// # extern crate runar_otel_host as runar_otel;
/// # use runar_otel_macros::{action, service};
/// use runar_otel::host::Service;
///
/// #[service(name = "orders", path = "shop/orders")]
/// struct Orders;
///
/// #[service]
/// impl Orders {
///     #[action("get")]
///     async fn get_order(&self, id: u64) {}
/// }
///
/// assert_eq!((Orders::name(), Orders::path()), ("orders", "shop/orders"));
/// assert_eq!(Orders::actions()[0].function, "get_order");
/// ```
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_service(ServiceKind::Service, arguments.into(), &item.into()).into()
}

/// A service that publishes events; else as `#[service]`.
#[proc_macro_attribute]
pub fn publisher(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_service(ServiceKind::Publisher, arguments.into(), &item.into()).into()
}

/// A service of the peer-to-peer transport; else as `#[service]`.
#[proc_macro_attribute]
pub fn p2p_service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_service(ServiceKind::PeerToPeer, arguments.into(), &item.into()).into()
}

/// A service of the distributed hash table; else as `#[service]`.
#[proc_macro_attribute]
pub fn dht_service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_service(ServiceKind::Dht, arguments.into(), &item.into()).into()
}

/// An action of a service: `#[action]`, `#[action("name")]`, `path = "…"`, `cache(enabled = true, ttl = 60)`.
///
/// The action becomes part of `Service::actions()`. A host may keep answers for `ttl`, in seconds or as in `"5m"`.
/// `metrics = true` is the same as `#[metered]` beside the attribute.
///
/// # Examples
///
/// ```
/// # extern crate runar_otel_host as runar_otel;
/// # use runar_otel_macros::{action, service};
/// # use runar_otel::host::Service;
/// # use std::time::Duration;
/// #[service]
/// struct Users;
///
/// #[service]
/// impl Users {
///     #[action(cache(enabled = true, ttl = 60), metrics = true)]
///     async fn profile(&self, id: u64) {}
/// }
///
/// let profile = Users::actions()[0];
/// assert_eq!(profile.cache.map(|cache| cache.ttl), Some(Duration::from_secs(60)));
/// ```
#[proc_macro_attribute]
pub fn action(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_member(MemberKind::Action, arguments.into(), item.into()).into()
}

/// An operation of the distributed hash table; else as `#[action]`.
#[proc_macro_attribute]
pub fn dht_operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_member(MemberKind::DhtOperation, arguments.into(), item.into()).into()
}

/// A handler of events: `#[event_handler("user.updated")]`.
///
/// The handler becomes part of `Service::event_handlers()`. `metrics = true` is the same as `#[metered]` beside the
/// attribute.
///
/// # Examples
///
/// ```
/// # extern crate runar_otel_host as runar_otel;
/// # use runar_otel_macros::{event_handler, service};
/// # use runar_otel::host::Service;
/// #[service]
/// struct Users;
///
/// #[service]
/// impl Users {
///     #[event_handler("user.updated")]
///     async fn on_updated(&self) {}
/// }
///
/// assert_eq!(Users::event_handlers()[0].topic, "user.updated");
/// ```
#[proc_macro_attribute]
pub fn event_handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_member(MemberKind::EventHandler, arguments.into(), item.into()).into()
}

/// A job: `#[job(schedule = "*/5 * * * *")]`, with minute, hour, day of the month, month and day of the week.
///
/// The job becomes part of `Service::jobs()`, and a host runs it. `metrics = true` is the same as `#[metered]`. An
/// invalid schedule does not compile.
///
/// # Examples
///
/// ```
/// # extern crate runar_otel_host as runar_otel;
/// # use runar_otel_macros::{job, service};
/// # use runar_otel::host::Service;
/// #[service]
/// struct Sessions;
///
/// #[service]
/// impl Sessions {
///     #[job(schedule = "*/5 * * * *")]
///     async fn clean_up(&self) {}
/// }
///
/// assert_eq!(Sessions::jobs()[0].schedule, "*/5 * * * *");
/// ```
#[proc_macro_attribute]
pub fn job(arguments: TokenStream, item: TokenStream) -> TokenStream {
    host::expand_member(MemberKind::Job, arguments.into(), item.into()).into()
}

/// Measures a function: its calls, their duration, the failures and the active calls; and opens a span for each call.
///
/// The attribute stands on functions and methods, `async` or not, generic or not, on those that return a boxed future
/// or an `impl Future`, above or below `#[async_trait]` and other attributes. Twice on one function counts once. A call
/// that panics or whose future is dropped is counted as such, and is never left among the active ones; with
/// `panic = "abort"` the process ends before a panic could be counted.
///
/// | metric | labels |
/// |---|---|
/// | `action_requests_total` | service, action, outcome, and those of `labels` |
/// | `action_active_requests` | service, action |
/// | `action_errors_total` | service, action, error_type, and those of `labels` |
/// | `action_duration_seconds` | service, action, outcome, and those of `labels` |
///
/// With `event = "…"` the function feeds `event_received_total`, `event_processing_time_seconds` and
/// `event_failures_total` instead. The `service` is the type of the method, or the crate of a free function (and of one
/// in an impl without attribute that neither takes `self` nor mentions `Self`).
///
/// The `outcome` is `ok`, `error`, `panic` or `cancelled`: a future that was dropped before it was ready. Errors count
/// errors and panics. A future that is never polled counts nothing.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `name = "checkout"` | the metrics are called `checkout_requests_total` and so on |
/// | `prefix = "shop_"` | stands before the names, instead of the service's prefix |
/// | `buckets = [0.1, 0.5]`, `histogram_buckets` | bounds of the duration's histogram, in seconds |
/// | `labels = ["user_tier"]` | labels from an argument of that name, a `LabelSource`, or `metrics::add_label!` |
/// | `event = "user.updated"` | the event that the function handles |
/// | `service = "orders"` | label `service` |
/// | `ok_if = \|reply\| …`, `error_if` | true for a success, or an error; else `Outcome` and `ErrorType` decide |
/// | `fields(order_id = %id)` | fields of the span, as `tracing` writes them |
/// | `kind = "server"` | the span's kind: also client, producer, consumer, internal |
/// | `level = "debug"` | the span's level, else info |
/// | `span_name = "POST /orders"` | the span's name, else the function's |
/// | `skip_span` | opens no span |
/// | `keep_span` | makes the span even if the call begins a trace that is not recorded |
/// | `until = "drop"` | a call lasts until the returned stream, iterator or body ends or is dropped |
/// | `crate = path` | the crate that re-exports this one |
///
/// # Examples
///
/// ```
/// # extern crate runar_otel_core as runar_otel;
/// # use runar_otel_macros::metered;
/// struct Orders;
///
/// impl Orders {
///     #[metered(labels = ["user_tier"], fields(order_id = %id))]
///     async fn check_out(&self, id: u64, user_tier: &str) -> Result<(), std::io::Error> {
///         Ok(())
///     }
/// }
/// ```
///
/// Limits: a boxed future whose type hides behind an alias of your own looks like a plain value, so only its creation
/// is measured. Inside of a `#[track_caller]` function, `Location::caller()` is the function. The body that a trait
/// gives a method knows its type's name, but not its `#[metrics]`. A closure that a function without `async` returns as
/// `impl Fn(…)` must name the types of its arguments where its body needs them.
#[proc_macro_attribute]
pub fn metered(options: TokenStream, item: TokenStream) -> TokenStream {
    metered::expand(&options.into(), &item.into()).into()
}

/// Expands `metrics::increment!`, which adds to a counter or a gauge.
#[doc(hidden)]
#[proc_macro]
pub fn increment(input: TokenStream) -> TokenStream {
    record::expand(record::Macro::Increment, input.into()).into()
}

/// Expands `metrics::decrement!`, which subtracts from a gauge or an up-down counter.
#[doc(hidden)]
#[proc_macro]
pub fn decrement(input: TokenStream) -> TokenStream {
    record::expand(record::Macro::Decrement, input.into()).into()
}

/// Expands `metrics::set!`, which sets a gauge.
#[doc(hidden)]
#[proc_macro]
pub fn set(input: TokenStream) -> TokenStream {
    record::expand(record::Macro::Set, input.into()).into()
}

/// Expands `metrics::observe!`, which counts a value in a histogram.
#[doc(hidden)]
#[proc_macro]
pub fn observe(input: TokenStream) -> TokenStream {
    record::expand(record::Macro::Observe, input.into()).into()
}

/// Expands `metrics::timer!`, which starts a timer.
#[doc(hidden)]
#[proc_macro]
pub fn timer(input: TokenStream) -> TokenStream {
    record::expand(record::Macro::Timer, input.into()).into()
}

/// Expands `metrics::add_label!`, which sets a label of the innermost metered call.
#[doc(hidden)]
#[proc_macro]
pub fn add_label(input: TokenStream) -> TokenStream {
    record::add_label(input.into()).into()
}
