//! Schedules that cannot be.

extern crate runar_otel_host as runar_otel;

use runar_otel_macros::job;

#[job]
fn none() {}

#[job("*/5 * * * *")]
fn bare() {}

#[job(schedule = "* * * *")]
fn fields() {}

#[job(schedule = "75 * * * *")]
fn minute() {}

#[job(schedule = "0 0 * MAI *")]
fn month() {}

#[job(schedule = "*/0 * * * *")]
fn step() {}

#[job(schedule = "0 22-6 * * *")]
fn backwards() {}

#[job(schedule = 5)]
fn number() {}

fn main() {
    none();
}
