//! The macro that gives a metered call its labels.

/// Sets a label of the innermost `#[metered]` call that this code belongs to.
///
/// The call declares the label: `#[metered(labels = ["user_tier"])]`. The label may be set anywhere below, across
/// `.await`, and in called functions; the last value counts. A label that is not declared, or outside of any metered
/// call, is reported once.
///
/// # Examples
///
/// ```
/// use runar_otel::metrics;
///
/// # let tier = Some("gold");
/// metrics::add_label!("user_tier", tier.unwrap_or("free"));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __add_label {
    ($($given:tt)*) => {
        $crate::__private::macros::add_label! { [$crate] $($given)* }
    };
}
