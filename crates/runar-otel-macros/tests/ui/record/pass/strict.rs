//! Code that allows no warning, and forbids unsafe code.

#![deny(warnings, unused, clippy::pedantic)]
#![forbid(unsafe_code)]

#[path = "../../../record/metrics.rs"]
mod metrics;

use std::fmt::Display;

fn generic<T: Display + ?Sized, const N: usize>(kind: &T) {
    metrics::observe!("strict_amount", value: N, labels: {"kind" => kind});
}

async fn asynchronous(tier: Option<String>) -> u8 {
    metrics::add_label!("tier", tier);
    metrics::add_label!("tier", tier.as_deref().unwrap_or("free"),);
    metrics::increment!("strict_total", labels: {"tier" => tier});
    7
}

fn main() {
    let closure = |count: usize| metrics::set!("strict_count", value: count as f64 / 2.0);
    closure(1);
    generic::<str, 3>("a");
    generic::<_, 3>(&'a');
    let (mut total, borrowed) = (5_i128, &mut 6);
    total += i128::from(*borrowed);
    metrics::increment!("strict_total", value: total);
    metrics::increment!("strict_total", value: *borrowed,);
    metrics::decrement!("strict_count");
    let _timer = metrics::timer!("strict_seconds", labels: {"a" => total.to_string()});
    let () = metrics::increment!("strict_total");
    drop(asynchronous(None));
    *borrowed += 1;
}
