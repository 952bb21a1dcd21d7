//! The macros that change a value: counters and gauges.

/// Adds to a counter: 1, or `value`.
///
/// If the name is known as a gauge or an up-down counter (registered, declared, or set by another macro), that
/// instrument is changed. A counter refuses a value that is negative or not finite, and reports it once.
///
/// # Examples
///
/// ```
/// use runar_otel::metrics;
///
/// metrics::increment!("orders_total");
/// metrics::increment!("order_items_total", value: 5);
/// metrics::increment!("orders_total", labels: {"source" => "web", "priority" => 1});
/// metrics::increment!("order_items_total", value: 2, labels: {"source" => "web"});
/// ```
///
/// # Errors at compile time
///
/// ```compile_fail
/// let name = "orders_total";
/// runar_otel::metrics::increment!(name); // expected a string literal; for run-time names use `Counter::new`
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __increment {
    ($($given:tt)*) => {
        $crate::__private::macros::increment! { [$crate] $($given)* }
    };
}

/// Subtracts 1, or `value`, from a gauge or an up-down counter.
///
/// An unknown name becomes a gauge.
///
/// # Examples
///
/// ```
/// use runar_otel::metrics;
///
/// metrics::increment!("open_connections");
/// metrics::decrement!("open_connections");
/// metrics::decrement!("free_slots", value: 3, labels: {"pool" => "workers"});
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __decrement {
    ($($given:tt)*) => {
        $crate::__private::macros::decrement! { [$crate] $($given)* }
    };
}

/// Sets a gauge to `value`.
///
/// # Examples
///
/// ```
/// use runar_otel::metrics;
///
/// let sessions = vec!["a", "b"];
/// metrics::set!("sessions", value: sessions.len());
/// metrics::set!("cache_hit_ratio", value: 0.93, labels: {"cache" => "users"});
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __set {
    ($($given:tt)*) => {
        $crate::__private::macros::set! { [$crate] $($given)* }
    };
}
