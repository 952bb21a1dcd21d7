//! Mistakes on actions and event handlers.

extern crate runar_otel_host as runar_otel;

use runar_otel_macros::{action, event_handler};

#[action(cach(enabled = true))]
fn misspelt() {}

#[action(cache)]
fn no_cache() {}

#[action(cache(enabled = true))]
fn no_time() {}

#[action(cache(enabled = "yes", ttl = 0))]
fn values() {}

#[action(cache(tll = 60, ttl = "5 weeks"))]
fn words() {}

#[action("", metrics = "yes", path = 5)]
fn types() {}

#[action("a", name = "b")]
fn twice() {}

#[action]
struct NoFunction;

trait Trait {
    #[action]
    fn without_body(&self);
}

#[event_handler("a", topic = "b")]
fn topics() {}

#[event_handler("")]
fn no_topic() {}

#[event_handler(name = "a")]
fn named() {}

fn main() {
    misspelt();
}
