//! The generated code names everything in full: it needs no prelude, and no module can stand in its way.

#![no_implicit_prelude]
#![deny(warnings)]

extern crate runar_otel_host as runar_otel;

#[path = "../../../record/metrics.rs"]
mod metrics;

mod alloc {}
mod core {}
mod runar_otel_macros {}
mod std {}
mod tracing {}

#[::runar_otel_macros::metered(labels = ["tier", "context"], fields(%tier))]
async fn awaited(tier: u8) -> ::std::result::Result<u8, ::std::fmt::Error> {
    metrics::add_label!("context", tier);
    metrics::increment!("no_prelude_total", labels: {"tier" => tier});
    let _timer = metrics::timer!("no_prelude_seconds");
    ::std::result::Result::Ok(tier)
}

#[::runar_otel_macros::metered(labels = ["tier"], fields(%tier), ok_if = |tier| *tier > 0)]
fn returned(tier: u8) -> impl ::std::future::Future<Output = u8> {
    let twice = tier * 2;
    async move { twice }
}

#[::runar_otel_macros::metered(until = "drop")]
fn opened(tier: u8) -> ::std::result::Result<impl ::std::iter::Iterator<Item = u8>, u8> {
    ::std::result::Result::Ok(::std::iter::once(tier))
}

#[::runar_otel_macros::metrics(prefix = "no_prelude_", events, default)]
struct Generic<T> {
    #[metric_field(unit = "s", buckets = [1.0])]
    histogram: ::runar_otel_core::Histogram,
    _of: T,
}

#[::runar_otel_macros::metrics]
impl<T> Generic<T> {
    #[::runar_otel_macros::action]
    fn act(&self) {
        self.histogram.observe(1.0);
    }
}

#[::runar_otel_macros::service(name = "plain")]
#[::runar_otel_macros::metrics]
struct Plain;

#[::runar_otel_macros::service]
#[::runar_otel_macros::metrics]
impl Plain {
    #[::runar_otel_macros::action(cache(enabled = true, ttl = 60))]
    fn act(&self) -> ::std::result::Result<(), Failure> {
        ::std::result::Result::Err(Failure::Number { _number: 1 })
    }

    #[::runar_otel_macros::job(schedule = "*/5 * * * *")]
    fn clean(&self) {}

    #[::runar_otel_macros::event_handler("user.updated")]
    fn on_updated(&self) {}
}

#[derive(::runar_otel_macros::ErrorType)]
enum Failure {
    Number { _number: u8 },
}

#[::runar_otel_macros::metric(type = "gauge", name = "no_prelude", labels = ["type", "self"])]
struct Own;

fn main() {
    ::std::mem::drop((awaited(1), returned(1), opened(1)));
    <Generic<u8> as ::std::default::Default>::default().act();
    ::std::mem::drop(Plain.act());
    Plain.clean();
    Plain.on_updated();
    Own::set(1, "a", "b");
}
