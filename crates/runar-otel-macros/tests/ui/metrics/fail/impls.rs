//! Impls with nothing to instrument, or without a service.

extern crate runar_otel_host as runar_otel;

use runar_otel_macros::{action, metered, metrics};

struct Plain;

#[metrics]
impl Plain {
    fn nothing(&self) {}
}

struct Generic<T>(T);

#[metrics(prefix = "a_")]
impl<T> Generic<T> {
    #[action]
    fn get(&self) -> &T {
        &self.0
    }
}

struct NoService<T>(T);

#[metrics]
impl<T> NoService<T> {
    #[action]
    fn get(&self) -> &T {
        &self.0
    }
}

struct Contradiction;

impl Contradiction {
    #[metrics(skip)]
    #[metered]
    fn get(&self) {}
}

#[metrics]
impl NoService<u8> {
    #[metrics(skip)]
    #[metered]
    fn skipped(&self) {}
}

#[metrics]
impl [u8; 4] {}

fn main() {
    Plain.nothing();
}
