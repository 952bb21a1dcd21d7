//! Functions of all shapes keep their signatures, and what becomes of them is clean under strict lints.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    let_underscore_drop,
    unused,
    rust_2018_idioms,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    clippy::pedantic
)]

use std::{fmt::Display, future::Future, io, pin::Pin};

use runar_otel_macros::metered;

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A `Result` whose error can be left out.
pub(crate) type Result<T, E = io::Error> = std::result::Result<T, E>;

/// A plain function with docs.
#[metered]
pub(crate) fn plain() {}

#[metered]
pub(crate) fn never(number: u8) -> u8 {
    if number == 0 {
        return 1;
    }
    match number {
        1 => panic!("one"),
        other => other,
    }
}

#[metered]
pub(crate) async fn question(text: &str) -> Result<u64> {
    let number: u64 = text.parse().map_err(io::Error::other)?;
    if number == 0 {
        return Ok(1);
    }
    tokio::task::yield_now().await;
    Ok(number)
}

/// The error of `Ok(…)` is known by the signature alone.
#[metered]
pub(crate) async fn only_ok() -> Result<()> {
    plain();
    Ok(())
}

#[metered]
pub(crate) async fn nothing_to_return() {
    question("1").await.ok();
}

#[metered]
pub(crate) async fn endless() {
    loop {
        tokio::task::yield_now().await;
    }
}

#[metered]
pub(crate) fn endless_sync() {
    loop {
        std::thread::park();
    }
}

#[metered]
pub(crate) fn unwritten() -> Result<u8> {
    unimplemented!("later")
}

#[metered]
pub(crate) async fn early(stop: bool) {
    if stop {
        return;
    }
    tokio::task::yield_now().await;
}

#[metered]
pub(crate) fn one(number: u8) -> u8 {
    number
}

#[metered]
pub(crate) async fn one_later(number: u8) -> u8 {
    number
}

#[metered]
pub(crate) fn option(text: &str) -> Option<char> {
    let first = text.chars().next()?;
    Some(first)
}

#[metered(labels = ["of", "context"])]
pub(crate) async fn generic<T: Display + Clone + Send, const N: usize>(
    of: T,
    _other: [u8; N],
) -> T {
    tokio::task::yield_now().await;
    of.clone()
}

#[metered]
pub(crate) async fn opaque_in(display: impl Display + Send) -> String {
    display.to_string()
}

#[metered]
pub(crate) fn opaque_out(up_to: u8) -> impl Iterator<Item = u8> {
    if up_to == 0 {
        return 0..1;
    }
    0..up_to
}

#[metered]
pub(crate) async fn opaque_out_in_result(up_to: u8) -> Result<impl Iterator<Item = u8>> {
    if up_to == 0 {
        return Err(io::Error::other("nothing"));
    }
    Ok(0..up_to)
}

#[metered]
pub(crate) fn opaque_out_in_result_of_sync(
    up_to: &str,
) -> Result<impl Iterator<Item = u8> + use<>> {
    let up_to = up_to.parse::<u8>().map_err(io::Error::other)?;
    Ok(0..up_to)
}

#[metered]
pub(crate) async fn lifetimes<'a>(first: &'a str, second: &str) -> &'a str {
    tokio::task::yield_now().await;
    if second.is_empty() {
        return first;
    }
    &first[..1]
}

#[metered(labels = ["first"])]
pub(crate) fn elided(first: &str) -> &str {
    first.trim()
}

#[metered]
pub(crate) fn mutable(numbers: &mut Vec<u8>) -> &mut u8 {
    numbers.push(1);
    let last = numbers.len() - 1;
    &mut numbers[last]
}

#[metered(labels = ["count"])]
pub(crate) async fn patterns(mut count: u8, (a, b): (u8, u8), _: &str, [c, ..]: [u8; 2]) -> u8 {
    count += a + b + c;
    count
}

#[metered]
pub(crate) fn patterns_of_sync(mut count: u8, (a, b): (u8, u8), _: &str) -> u8 {
    count += a + b;
    count
}

#[metered]
pub(crate) fn items_inside() -> u8 {
    const ONE: u8 = 1;
    fn two() -> u8 {
        2
    }
    ONE + two()
}

#[metered]
pub(crate) async fn unsized_coercion(fine: bool) -> Box<dyn Display + Send> {
    if fine {
        return Box::new("fine");
    }
    Box::new(5)
}

#[metered]
pub(crate) fn coercion_of_sync(fine: bool) -> Box<dyn Display> {
    if fine { Box::new("fine") } else { Box::new(5) }
}

#[metered]
pub(crate) extern "C" fn with_abi(number: u8) -> u8 {
    number
}

#[metered(skip_span)]
pub(crate) fn without_a_span(number: u8) -> u8 {
    number
}

#[metered(
    name = "shapes_all",
    prefix = "t_",
    service = "shapes",
    histogram_buckets = [0.005, 0.5, 1],
    labels = ["priority", "user_tier"],
    fields(order_id = %id, ?priority, id),
    kind = "server",
    level = "debug",
    span_name = "every option",
    ok_if = |reply| reply.is_some_and(|id| id > 0)
)]
pub(crate) async fn every_option(id: u64, priority: Option<u8>) -> Option<u64> {
    priority.map(|priority| id + u64::from(priority))
}

#[metered(error_if = Result::is_err, level = tracing::Level::WARN)]
pub(crate) fn judged_by_path() -> Result<u8> {
    Ok(1)
}

#[metered(event = "user.updated", buckets = [1.0])]
pub(crate) async fn on_updated(user: &str) -> Result<()> {
    only_ok().await?;
    plain();
    user.parse::<u8>().map(drop).map_err(io::Error::other)
}

#[metered]
pub(crate) fn boxed(text: &str) -> Boxed2<'_> {
    Box::pin(async move { text.parse::<u8>().map_err(io::Error::other) })
}

/// An alias that nothing can be read from: only the call is measured.
pub(crate) type Boxed2<'a> = Boxed<'a, Result<u8>>;

#[metered(labels = ["text"], fields(%text))]
pub(crate) fn pinned(text: &str) -> Pin<Box<dyn Future<Output = Result<u8>> + Send + '_>> {
    Box::pin(async move {
        let number = text.parse::<u8>().map_err(io::Error::other)?;
        Ok(number)
    })
}

#[metered(labels = ["text"], fields(%text))]
pub(crate) fn pinned_after(text: String) -> Pin<Box<dyn Future<Output = Result<u8>> + Send>> {
    let trimmed = text.trim().to_owned();
    drop(text);
    Box::pin(async move {
        let number = trimmed.parse::<u8>().map_err(io::Error::other)?;
        Ok(number)
    })
}

#[metered(labels = ["text", "other"])]
pub(crate) fn pinned_early(text: &str) -> Pin<Box<dyn Future<Output = Result<u64>> + Send + '_>> {
    if text.is_empty() {
        return Box::pin(async { Ok(0) });
    }
    Box::pin(question(text))
}

#[metered(labels = ["text"])]
pub(crate) fn returned(text: String) -> impl Future<Output = Result<usize>> + Send {
    async move {
        if text.is_empty() {
            Err(io::Error::other("empty"))?;
        }
        Ok(text.len())
    }
}

#[metered(labels = ["text"])]
pub(crate) fn returned_after(text: &str) -> impl Future<Output = Result<usize>> + Send + use<> {
    let length = text.len();
    async move {
        only_ok().await?;
        Ok(length)
    }
}

#[metered]
pub(crate) fn returned_of_a_call(text: &str) -> impl Future<Output = Result<u64>> {
    question(text)
}

#[metered(until = "drop")]
pub(crate) fn numbers(up_to: u8) -> impl Iterator<Item = u8> {
    0..up_to
}

#[metered(until = "drop")]
pub(crate) fn numbers_or_not(up_to: u8) -> Result<Box<dyn Iterator<Item = u8> + Send>> {
    if up_to == 0 {
        return Err(io::Error::other("nothing"));
    }
    Ok(Box::new(0..up_to))
}

#[metered(until = "drop")]
pub(crate) async fn numbers_later(up_to: &str) -> Result<impl Iterator<Item = u8> + use<>> {
    let up_to = up_to.parse().map_err(io::Error::other)?;
    Ok(0..up_to)
}

#[metered]
#[allow(dead_code)]
pub(crate) fn attributes_stay() -> u8 {
    1
}

#[metered]
#[metered]
#[runar_otel_macros::metered(name = "shapes_twice")]
pub(crate) fn twice() -> u8 {
    1
}

#[metered]
#[tracing::instrument(skip_all)]
pub(crate) async fn above_instrument(text: &str) -> Result<u64> {
    question(text).await
}

#[tracing::instrument(skip_all)]
#[metered]
pub(crate) async fn below_instrument(text: &str) -> Result<u64> {
    question(text).await
}

#[metered]
#[tokio::test]
async fn above_a_test() -> Result<()> {
    above_instrument("1").await?;
    below_instrument("1").await?;
    Ok(())
}

#[tokio::test]
#[metered]
async fn all_do_what_they_did() -> Result<()> {
    plain();
    assert_eq!(
        never(0) + never(3) + items_inside() + with_abi(1) + without_a_span(1),
        9
    );
    assert_eq!(question("0").await? + question("5").await?, 6);
    assert!(question("x").await.is_err());
    nothing_to_return().await;
    assert_eq!(option("abc"), Some('a'));
    assert_eq!(generic("x", [1, 2]).await, "x");
    assert_eq!(opaque_in(5).await, "5");
    assert_eq!(
        opaque_out(3).chain(opaque_out_in_result(2).await?).count(),
        5
    );
    assert_eq!(opaque_out_in_result_of_sync("2")?.count(), 2);
    assert_eq!(lifetimes("abc", "x").await, "a");
    assert_eq!(elided(" a "), "a");
    *mutable(&mut Vec::new()) += 1;
    assert_eq!(patterns(1, (2, 3), "", [4, 5]).await, 10);
    assert_eq!(patterns_of_sync(1, (2, 3), ""), 6);
    assert_eq!(
        unsized_coercion(true).await.to_string() + &coercion_of_sync(false).to_string(),
        "fine5"
    );
    assert_eq!(every_option(1, Some(2)).await, Some(3));
    assert_eq!(judged_by_path()? + attributes_stay() + twice(), 3);
    assert!(on_updated("x").await.is_err());
    Ok(())
}

#[tokio::test]
async fn returned_futures_do_what_they_did() -> Result<()> {
    assert_eq!(
        boxed("5").await? + pinned("6").await? + pinned_after(" 7".into()).await?,
        18
    );
    assert_eq!(pinned_early("").await? + pinned_early("3").await?, 3);
    assert_eq!(
        returned("abc".into()).await? + returned_after("de").await?,
        5
    );
    assert!(returned(String::new()).await.is_err());
    assert_eq!(returned_of_a_call("3").await?, 3);
    assert_eq!(numbers(3).chain(numbers_or_not(2)?).count(), 5);
    assert_eq!(numbers_later("4").await?.count(), 4);
    assert!(numbers_or_not(0).is_err());
    Ok(())
}
