//! `until = "drop"`: a call lasts as long as what it returned.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use futures_core::{Stream, stream::BoxStream};
use runar_otel_macros::metered;

use crate::recorded::{Calls, calls, start};

type Item = Result<u8, ()>;

/// Items, of which 0 is an error and 9 a panic.
#[derive(Debug)]
struct Items(std::vec::IntoIter<u8>);

impl Items {
    fn new(items: &[u8]) -> Self {
        Self(Vec::from(items).into_iter())
    }
}

impl Stream for Items {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(|item| match item {
            0 => Err(()),
            9 => panic!("as asked"),
            item => Ok(item),
        }))
    }
}

#[metered(name = "lasting_stream", until = "drop")]
fn stream(items: &[u8]) -> impl Stream<Item = Item> + use<> {
    Items::new(items)
}

#[metered(name = "lasting_pinned", until = "drop")]
fn pinned(items: &[u8]) -> Pin<Box<dyn Stream<Item = Item> + Send>> {
    Box::pin(Items::new(items))
}

#[metered(name = "lasting_later", until = "drop")]
async fn later(items: &[u8]) -> Result<BoxStream<'static, Item>, String> {
    if items.is_empty() {
        return Err("nothing".to_owned());
    }
    Ok(Box::pin(Items::new(items)))
}

#[metered(name = "lasting_boxed_future", until = "drop")]
fn boxed_future(
    items: Vec<u8>,
) -> Pin<Box<dyn Future<Output = Result<BoxStream<'static, Item>, String>> + Send>> {
    Box::pin(async move { later_plain(&items).await })
}

async fn later_plain(items: &[u8]) -> Result<BoxStream<'static, Item>, String> {
    Ok(Box::pin(Items::new(items)))
}

#[metered(name = "lasting_iterator", until = "drop")]
fn iterator(up_to: u8) -> impl Iterator<Item = u8> {
    assert!(up_to < 9, "as asked");
    0..up_to
}

/// Only the signature says of which type the errors are: no type with an `ErrorType`.
#[metered(name = "lasting_inferred", until = "drop")]
fn inferred<'a>(texts: &'a [&str]) -> impl Iterator<Item = Result<&'a str, String>> {
    let result = |text: &&'a str| match *text {
        "" => Err("empty".into()),
        text => Ok(text),
    };
    texts.iter().map(result)
}

#[metered(name = "lasting_inferred_later", until = "drop")]
async fn inferred_later<T: Copy>(of: &[T]) -> Result<impl Iterator<Item = Result<T, String>>, u8> {
    Ok(of.iter().map(|item| Ok(*item)))
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("hangs"),
    }
}

fn take(stream: impl Stream<Item = Item>, count: usize) {
    let mut stream = pin!(stream);
    for _ in 0..count {
        let _ = stream
            .as_mut()
            .poll_next(&mut Context::from_waker(Waker::noop()));
    }
}

fn everything<S: Stream<Item = Item>>(name: &str, call: impl Fn(&[u8]) -> S) {
    start();
    let open = call(&[1]);
    assert_eq!(calls(name).active, 1, "{name} is under way");
    take(open, 2);
    take(call(&[1, 0, 1]), 4);
    take(call(&[1, 2]), 1);
    catch_unwind(AssertUnwindSafe(|| take(call(&[9]), 1))).unwrap_err();
    let caller = || {
        let _open = call(&[1]);
        panic!("the caller, not {name}");
    };
    catch_unwind(AssertUnwindSafe(caller)).unwrap_err();
    let outcomes = [("ok", 1), ("error", 1), ("panic", 1), ("cancelled", 2)];
    assert_eq!(calls(name), Calls::ended(outcomes), "{name}");
}

#[test]
fn streams() {
    everything("lasting_stream", stream);
    everything("lasting_pinned", pinned);
    everything("lasting_later", |items| ready(later(items)).unwrap());
    everything("lasting_boxed_future", |items| {
        ready(boxed_future(items.to_vec())).unwrap()
    });
    assert!(ready(later(&[])).is_err());
    assert_eq!(calls("lasting_later").ended["error"], 2);
}

#[test]
fn iterators() {
    start();
    assert_eq!(iterator(3).count(), 3);
    assert_eq!(iterator(3).next(), Some(0));
    catch_unwind(|| iterator(9)).map(drop).unwrap_err();
    let outcomes = [("ok", 1), ("panic", 1), ("cancelled", 1)];
    assert_eq!(calls("lasting_iterator"), Calls::ended(outcomes));
}

#[test]
fn items_whose_type_only_the_signature_knows() {
    start();
    assert_eq!(inferred(&["a", ""]).count(), 2);
    assert_eq!(inferred(&["a"]).count(), 1);
    let outcomes = [("ok", 1), ("error", 1)];
    assert_eq!(calls("lasting_inferred"), Calls::ended(outcomes));
    assert_eq!(ready(inferred_later(&[1, 2])).unwrap().count(), 2);
    assert_eq!(calls("lasting_inferred_later"), Calls::ended([("ok", 1)]));
}
