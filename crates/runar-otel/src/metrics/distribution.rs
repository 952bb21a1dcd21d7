//! The macros that record a distribution: histograms and timers.

/// Counts `value` in a histogram.
///
/// Inside of a sampled span the bucket that it falls into keeps a link to the trace.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use runar_otel::metrics;
///
/// metrics::observe!("response_time", value: Duration::from_millis(42)); // in seconds
/// metrics::observe!("message_size_bytes", value: "hello".len(), labels: {"topic" => "greetings"});
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __observe {
    ($($given:tt)*) => {
        $crate::__private::macros::observe! { [$crate] $($given)* }
    };
}

/// Starts a timer and returns its [`TimerHandle`](crate::TimerHandle), which records when it is stopped or dropped.
///
/// The histogram is in seconds, unless its name or its declaration says another unit of time.
///
/// # Examples
///
/// ```
/// use runar_otel::metrics;
///
/// let timer = metrics::timer!("operation_duration", labels: {"operation" => "get"});
/// // ... the work ...
/// let took = timer.stop();
/// # assert!(took.as_secs() < 60);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __timer {
    ($($given:tt)*) => {
        $crate::__private::macros::timer! { [$crate] $($given)* }
    };
}
