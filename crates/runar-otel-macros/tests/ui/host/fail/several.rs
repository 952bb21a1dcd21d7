//! Several mistakes in one attribute: each has its message.

extern crate runar_otel_host as runar_otel;

use runar_otel_macros::{action, event_handler, job, metered, service};

#[service("users", path = "", nmae = "a", version = 1, version = "2")]
struct Users {
    #[metric_field(name = "a")]
    _a: u8,
}

#[service(name = "users", pth = "a", crate = 5)]
impl Users {
    #[action(cache(60, enabled = 1, tll = 5), path("a"), metrics = "yes", name = "")]
    fn get(&self) {}
}

#[action(nmae = "a", path = 1)]
#[metered(nmae = "a", name = "b c")]
fn metered_too() {}

#[event_handler("", topic = "b", metrcs = true, crate)]
fn on_event() {}

#[job("*/5 * * * *", schedul = "* * * * *", name = 1, metrics = 1)]
fn clean_up() {}

fn main() {}
