//! The grammar of the assertions.

/// Fails unless a series is there and its value is as expected.
///
/// ```text
/// assert_metric!(source, "name")                                          a series of this name is there
/// assert_metric!(source, "name", == 3)                                    the sum over all its series
/// assert_metric!(source, "name", {"outcome" => "ok"}, == 3)               … over those with this label
/// assert_metric!(source, "name", exactly {"outcome" => "ok"}, == 3)       … and no other label
/// assert_metric!(source, "name", {}, count == 2, sum ~ 0.3)               a histogram or summary
/// assert_metric!(source, "name", {}, exemplars >= 1, series == 2)         how many of them there are
/// ```
///
/// The source is anything with [`Metrics`](crate::Metrics). Comparisons are `==`, `!=`, `<`, `<=`, `>`, `>=` and `~`,
/// which is equal but for rounding. Values of labels are anything that can be displayed; expected values are numbers,
/// or a `Duration`, which counts in seconds. Where several series match, their values are added up.
///
/// A series must be there: `== 0` does not hold for a missing series. Use
/// [`assert_no_metric!`](crate::assert_no_metric) for that.
///
/// # Panics
/// When a condition does not hold. The message shows the value found, or the series that are there, the closest first.
///
/// # Examples
/// ```
/// use runar_otel::{Counter, Timer};
/// use runar_otel_testing::{Recorder, assert_metric};
///
/// let recorder = Recorder::new();
/// recorder.run(|| {
///     let orders = Counter::new("grammar_orders_total", "Orders taken").register();
///     orders.add_with(2, &[("source", "web")]);
///     orders.add_with(1, &[("source", "shop")]);
///     Timer::new("grammar_duration_seconds", "Time to take an order").register()
///         .observe(std::time::Duration::from_millis(250));
/// });
/// assert_metric!(recorder, "grammar_orders_total", == 3);
/// assert_metric!(recorder, "grammar_orders_total", {"source" => "web"}, == 2);
/// assert_metric!(recorder, "grammar_duration_seconds", exactly {}, count == 1, sum ~ 0.25);
/// ```
#[macro_export]
macro_rules! assert_metric {
    ($source:expr, $name:expr $(,)?) => {
        $crate::__private::check(&$source, &$crate::Query::new($name), &[])
    };
    ($source:expr, $name:expr, exactly { $($labels:tt)* } $(, $($conditions:tt)*)?) => {
        $crate::__private::check(
            &$source,
            &$crate::__query!($name, { $($labels)* }).exactly(),
            &$crate::__conditions!([] $($($conditions)*)?),
        )
    };
    ($source:expr, $name:expr, { $($labels:tt)* } $(, $($conditions:tt)*)?) => {
        $crate::__private::check(
            &$source,
            &$crate::__query!($name, { $($labels)* }),
            &$crate::__conditions!([] $($($conditions)*)?),
        )
    };
    ($source:expr, $name:expr, $($conditions:tt)+) => {
        $crate::__private::check(
            &$source,
            &$crate::Query::new($name),
            &$crate::__conditions!([] $($conditions)+),
        )
    };
}

/// Fails if there is a series of this name, with these labels.
///
/// ```text
/// assert_no_metric!(source, "name")
/// assert_no_metric!(source, "name", {"outcome" => "error"})
/// assert_no_metric!(source, "name", exactly {"outcome" => "error"})
/// ```
///
/// # Panics
/// When there is such a series; the message lists the series found.
///
/// # Examples
/// ```
/// use runar_otel_testing::{Recorder, assert_no_metric};
///
/// let recorder = Recorder::new();
/// assert_no_metric!(recorder, "orders_failed_total");
/// ```
#[macro_export]
macro_rules! assert_no_metric {
    ($source:expr, $name:expr $(,)?) => {
        $crate::__private::check_none(&$source, &$crate::Query::new($name))
    };
    ($source:expr, $name:expr, exactly { $($labels:tt)* } $(,)?) => {
        $crate::__private::check_none(
            &$source,
            &$crate::__query!($name, { $($labels)* }).exactly(),
        )
    };
    ($source:expr, $name:expr, { $($labels:tt)* } $(,)?) => {
        $crate::__private::check_none(&$source, &$crate::__query!($name, { $($labels)* }))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __query {
    ($name:expr, { $($label:expr => $value:expr),* $(,)? }) => {
        $crate::Query::new($name)$(.label($label, &$value))*
    };
}

/// Takes one condition after the other: `count == 2, sum ~ 0.3`.
#[doc(hidden)]
#[macro_export]
macro_rules! __conditions {
    ([$($done:expr),*]) => {
        [$($done),*] as [$crate::__private::Condition; _]
    };
    ([$($done:expr),*] count $comparison:tt $expected:expr $(, $($rest:tt)*)?) => {
        $crate::__conditions!([$($done,)* $crate::__condition!(Count $comparison $expected)] $($($rest)*)?)
    };
    ([$($done:expr),*] sum $comparison:tt $expected:expr $(, $($rest:tt)*)?) => {
        $crate::__conditions!([$($done,)* $crate::__condition!(Sum $comparison $expected)] $($($rest)*)?)
    };
    ([$($done:expr),*] exemplars $comparison:tt $expected:expr $(, $($rest:tt)*)?) => {
        $crate::__conditions!([$($done,)* $crate::__condition!(Exemplars $comparison $expected)] $($($rest)*)?)
    };
    ([$($done:expr),*] series $comparison:tt $expected:expr $(, $($rest:tt)*)?) => {
        $crate::__conditions!([$($done,)* $crate::__condition!(Series $comparison $expected)] $($($rest)*)?)
    };
    ([$($done:expr),*] $comparison:tt $expected:expr $(, $($rest:tt)*)?) => {
        $crate::__conditions!([$($done,)* $crate::__condition!(Number $comparison $expected)] $($($rest)*)?)
    };
    ([$($done:expr),*] $($other:tt)+) => {
        compile_error!(concat!(
            "`", stringify!($($other)+), "` is no condition: expected one such as `== 3`, `count == 2` or `sum ~ 0.5`"
        ))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __condition {
    ($part:ident $comparison:tt $expected:expr) => {
        $crate::__private::Condition::new(
            $crate::__private::Part::$part,
            $crate::__comparison!($comparison),
            $expected,
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __comparison {
    (==) => {
        $crate::__private::Comparison::Equal
    };
    (!=) => {
        $crate::__private::Comparison::Unequal
    };
    (<) => {
        $crate::__private::Comparison::Less
    };
    (<=) => {
        $crate::__private::Comparison::AtMost
    };
    (>) => {
        $crate::__private::Comparison::Greater
    };
    (>=) => {
        $crate::__private::Comparison::AtLeast
    };
    (~) => {
        $crate::__private::Comparison::About
    };
    ($other:tt) => {
        compile_error!(concat!(
            "`",
            stringify!($other),
            "` is no comparison: expected `==`, `!=`, `<`, `<=`, `>`, `>=` or `~`"
        ))
    };
}
