//! What `macro_rules!` hands on stands in options as if it were written there.

#![deny(warnings)]

extern crate runar_otel_host as runar_otel;

use runar_otel_core::Histogram;
use runar_otel_macros::{action, job, metered, metric, metrics};

macro_rules! function {
    ($name:ident($argument:ident), $metric:expr, $label:literal, $bound:expr) => {
        #[metered(name = $metric, labels = [$label], buckets = [$bound, 2.0], fields(%$argument))]
        fn $name($argument: u8) -> u8 {
            $argument
        }
    };
}
function!(double(number), "generated", "number", 0.5);

macro_rules! service {
    ($service:ident, $name:literal, $prefix:expr, $schedule:expr, $bounds:expr) => {
        #[metrics(service = $name, prefix = $prefix)]
        struct $service {
            #[metric_field(unit = $name, buckets = $bounds)]
            histogram: Histogram,
        }

        #[metrics]
        impl $service {
            #[action($name)]
            fn act(&self, value: f64) -> &Self {
                self.histogram.observe(value);
                self
            }

            #[job(schedule = $schedule)]
            fn clean(&self) {}
        }
    };
}
service!(Generated, "generated", "generated_", "*/5 * * * *", [0.5, 1.0]);

macro_rules! own_metric {
    ($metric:ident, $kind:literal, $name:expr, [$($label:literal),*], $bounds:expr) => {
        #[metric(type = $kind, name = $name, labels = [$($label),*], buckets = $bounds)]
        struct $metric;
    };
}
own_metric!(Sizes, "histogram", "generated_bytes", ["kind"], [-1, 1.0]);

macro_rules! method {
    ($self:ident, $name:ident, $visible:vis, $result:ty, $body:block) => {
        #[metered]
        $visible fn $name(&$self) -> $result $body
    };
}
struct Number(u8);
impl Number {
    method!(self, read, pub(crate), Result<u8, std::num::ParseIntError>, {
        Ok("1".parse::<u8>()? + self.0)
    });
}

fn main() {
    assert_eq!(double(2), 2);
    let histogram = Histogram::new("generated_histogram", "").register();
    Generated { histogram }.act(0.5).clean();
    Sizes::observe(1.0, "a");
    assert_eq!(Number(1).read(), Ok(2));
}
