//! Arguments and variables that are called like those of the generated code stay the user's own.

#![deny(warnings)]

extern crate runar_otel_core as runar_otel;

use std::future::{Future, ready};

use runar_otel_macros::metered;

#[metered(labels = ["__call", "tier"], fields(%__returned, %span), ok_if = |__call| *__call > 0)]
async fn awaited(__call: u8, __returned: u8, span: u8, tier: Option<&str>) -> u8 {
    __call + __returned + span + u8::from(tier.is_some())
}

#[metered(labels = ["__call"], error_if = |__returned| *__returned == 0)]
fn called(__call: u8, __label: u8, outcome: u8) -> u8 {
    __call + __label + outcome
}

#[metered(labels = ["__span", "tier"], fields(%__future))]
fn returned(__future: u8, __span: u8, __label_0: u8) -> impl Future<Output = u8> {
    let __call = __future + __span;
    async move { __call + __label_0 }
}

#[metered]
fn early(__future: u8, __call: u8) -> std::pin::Pin<Box<dyn Future<Output = u8>>> {
    if __future == 0 {
        return Box::pin(ready(__call));
    }
    Box::pin(ready(__future))
}

#[metered(until = "drop")]
fn opened(__opened: u8, __call: u8) -> Result<impl Iterator<Item = u8>, String> {
    let (__inner, __error) = (__opened, __call);
    Ok(__inner..__error)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("nothing waits here"),
    }
}

fn main() {
    assert_eq!(now(awaited(1, 2, 3, None)), 6);
    assert_eq!(called(1, 2, 3), 6);
    assert_eq!(now(returned(1, 2, 3)), 6);
    assert_eq!(now(early(0, 5)), 5);
    assert_eq!(opened(1, 4).map(Iterator::count), Ok(3));
}
