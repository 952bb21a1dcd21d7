//! Each outcome of functions of each shape is counted exactly once, and no call stays active.

use std::{
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use runar_otel_macros::metered;

use crate::recorded::{Calls, calls, start};

type Boxed<'a> = Pin<Box<dyn Future<Output = Result<u8, Failure>> + Send + 'a>>;

/// What a function is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Return,
    ReturnEarly,
    Fail,
    Ask,
    Panic,
    Hang,
}

#[derive(Debug)]
struct Failure;

/// What `?` makes a [`Failure`] of.
#[derive(Debug)]
struct Cause;

impl From<Cause> for Failure {
    fn from(_: Cause) -> Self {
        Self
    }
}

fn cause(act: Act) -> Result<u8, Cause> {
    if act == Act::Ask {
        return Err(Cause);
    }
    Ok(1)
}

/// The body of a function that is not async.
macro_rules! body {
    ($act:expr) => {
        match $act {
            Act::ReturnEarly => return Ok(2),
            Act::Panic => panic!("as asked"),
            Act::Fail => Err(Failure),
            act => Ok(cause(act)?),
        }
    };
}

/// The body of one that is.
macro_rules! async_body {
    ($act:expr) => {{
        if $act == Act::Hang {
            pending::<()>().await;
        }
        body!($act)
    }};
}

#[metered(name = "outcomes_async")]
async fn async_function(act: Act) -> Result<u8, Failure> {
    async_body!(act)
}

#[metered(name = "outcomes_generic")]
async fn generic<T: Into<Act> + Send, const N: usize>(act: T, _: [u8; N]) -> Result<u8, Failure> {
    let act = act.into();
    async_body!(act)
}

#[metered(name = "outcomes_boxed")]
fn boxed(act: Act) -> Pin<Box<dyn Future<Output = Result<u8, Failure>> + Send>> {
    Box::pin(async move { async_body!(act) })
}

#[metered(name = "outcomes_boxed_after")]
fn boxed_after(act: &Act) -> Pin<Box<dyn Future<Output = Result<u8, Failure>> + Send>> {
    let act = *act;
    Box::pin(async move { async_body!(act) })
}

#[metered(name = "outcomes_boxed_early")]
fn boxed_early(act: Act) -> Pin<Box<dyn Future<Output = Result<u8, Failure>> + Send>> {
    if act == Act::ReturnEarly {
        return Box::pin(async { Ok(2) });
    }
    Box::pin(async move { async_body!(act) })
}

#[metered(name = "outcomes_impl_future")]
fn impl_future(act: Act) -> impl Future<Output = Result<u8, Failure>> + Send {
    async move { async_body!(act) }
}

#[metered(name = "outcomes_impl_future_after")]
fn impl_future_after(act: Act) -> impl Future<Output = Result<u8, Failure>> + Send {
    let act = Some(act);
    async move {
        let act = act.ok_or(Cause)?;
        async_body!(act)
    }
}

struct Service;

impl Service {
    #[metered(name = "outcomes_method")]
    async fn method(&self, act: Act) -> Result<u8, Failure> {
        async_body!(act)
    }
}

trait Default {
    #[metered(name = "outcomes_default")]
    fn default(&self, act: Act) -> impl Future<Output = Result<u8, Failure>> + Send {
        async move { async_body!(act) }
    }
}

impl Default for Service {}

#[async_trait::async_trait]
trait Remote {
    async fn remote(&self, act: Act) -> Result<u8, Failure>;

    #[metered(name = "outcomes_async_trait_default")]
    async fn remote_default(&self, act: Act) -> Result<u8, Failure> {
        async_body!(act)
    }
}

#[async_trait::async_trait]
impl Remote for Service {
    #[metered(name = "outcomes_async_trait")]
    async fn remote(&self, act: Act) -> Result<u8, Failure> {
        async_body!(act)
    }
}

struct Whole;

/// An attribute on the impl sees the async function before `#[async_trait]` does.
#[runar_otel_macros::metrics]
#[async_trait::async_trait]
impl Remote for Whole {
    #[metered(name = "outcomes_above_async_trait")]
    async fn remote(&self, act: Act) -> Result<u8, Failure> {
        async_body!(act)
    }
}

#[metered(name = "outcomes_twice")]
#[metered]
#[tracing::instrument]
#[metered]
async fn twice(act: Act) -> Result<u8, Failure> {
    async_body!(act)
}

#[tracing::instrument]
#[metered(name = "outcomes_below_instrument")]
async fn below_instrument(act: Act) -> Result<u8, Failure> {
    async_body!(act)
}

#[metered(name = "outcomes_opaque")]
async fn opaque(act: Act) -> Result<impl Into<u8> + Send, Failure> {
    async_body!(act)
}

fn poll(future: &mut Boxed<'_>) -> Poll<Result<u8, Failure>> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// Does everything with a function, and looks at what was counted.
fn everything<'a>(name: &str, call: impl Fn(Act) -> Boxed<'a>) {
    start();
    let finish = |act| match poll(&mut call(act)) {
        Poll::Ready(result) => result.ok(),
        Poll::Pending => panic!("{name} hangs"),
    };
    assert_eq!(finish(Act::Return), Some(1));
    assert_eq!(finish(Act::ReturnEarly), Some(2));
    assert_eq!(finish(Act::Fail), None);
    assert_eq!(finish(Act::Ask), None);
    catch_unwind(AssertUnwindSafe(|| finish(Act::Panic))).unwrap_err();

    drop(call(Act::Return));
    let before = calls(name);

    let mut hanging = call(Act::Hang);
    assert!(poll(&mut hanging).is_pending());
    assert_eq!(calls(name).active, 1, "{name} is under way");
    assert!(poll(&mut hanging).is_pending());
    drop(hanging);

    let caller = || {
        let mut hanging = call(Act::Hang);
        assert!(poll(&mut hanging).is_pending());
        panic!("the caller, not {name}");
    };
    catch_unwind(AssertUnwindSafe(caller)).unwrap_err();

    let outcomes = [("ok", 2), ("error", 2), ("panic", 1)];
    assert_eq!(before, Calls::ended(outcomes), "{name}, never polled");
    let outcomes = [("ok", 2), ("error", 2), ("panic", 1), ("cancelled", 2)];
    assert_eq!(calls(name), Calls::ended(outcomes), "{name}");
}

#[test]
fn async_functions() {
    everything("outcomes_async", |act| Box::pin(async_function(act)));
    everything("outcomes_generic", |act| Box::pin(generic(act, [1, 2])));
    everything("outcomes_twice", |act| Box::pin(twice(act)));
    everything("outcomes_below_instrument", |act| {
        Box::pin(below_instrument(act))
    });
    everything("outcomes_opaque", |act| {
        Box::pin(async move { opaque(act).await.map(Into::into) })
    });
}

#[test]
fn functions_that_return_futures() {
    everything("outcomes_boxed", boxed);
    everything("outcomes_boxed_after", |act| boxed_after(&act));
    everything("outcomes_boxed_early", boxed_early);
    everything("outcomes_impl_future", |act| Box::pin(impl_future(act)));
    everything("outcomes_impl_future_after", |act| {
        Box::pin(impl_future_after(act))
    });
}

#[test]
fn methods() {
    everything("outcomes_method", |act| Box::pin(Service.method(act)));
    everything("outcomes_default", |act| {
        Box::pin(Default::default(&Service, act))
    });
    everything("outcomes_async_trait", |act| Service.remote(act));
    everything("outcomes_above_async_trait", |act| Whole.remote(act));
    everything("outcomes_async_trait_default", |act| {
        Service.remote_default(act)
    });
}

#[metered(name = "outcomes_sync")]
fn sync_function(act: Act) -> Result<u8, Failure> {
    body!(act)
}

#[metered(name = "outcomes_sync_opaque")]
fn sync_opaque(act: Act) -> Result<impl Into<u8>, Failure> {
    body!(act)
}

#[test]
fn functions_that_are_not_async() {
    fn everything(name: &str, call: impl Fn(Act) -> Option<u8>) {
        start();
        assert_eq!(call(Act::Return), Some(1));
        assert_eq!(call(Act::ReturnEarly), Some(2));
        assert_eq!(call(Act::Fail), None);
        assert_eq!(call(Act::Ask), None);
        catch_unwind(AssertUnwindSafe(|| call(Act::Panic))).unwrap_err();
        let outcomes = [("ok", 2), ("error", 2), ("panic", 1)];
        assert_eq!(calls(name), Calls::ended(outcomes), "{name}");
    }
    everything("outcomes_sync", |act| sync_function(act).ok());
    everything("outcomes_sync_opaque", |act| {
        sync_opaque(act).ok().map(Into::into)
    });
}

#[test]
fn a_function_can_say_which_values_are_errors() {
    #[metered(name = "outcomes_ok_if", ok_if = |found| found.is_some_and(|it| it > 0))]
    fn ok_if(found: bool) -> Option<u8> {
        found.then_some(1)
    }
    #[metered(name = "outcomes_error_if", error_if = Option::is_none)]
    async fn error_if(found: bool) -> Option<u8> {
        found.then_some(1)
    }
    #[metered(name = "outcomes_plain")]
    fn plain() -> Option<u8> {
        None
    }
    start();
    plain();
    assert_eq!(calls("outcomes_plain"), Calls::ended([("ok", 1)]));
    for found in [true, false] {
        ok_if(found);
        let mut call: Pin<Box<dyn Future<Output = _>>> = Box::pin(error_if(found));
        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_ready());
    }
    let outcomes = [("ok", 1), ("error", 1)];
    assert_eq!(calls("outcomes_ok_if"), Calls::ended(outcomes));
    assert_eq!(calls("outcomes_error_if"), Calls::ended(outcomes));
}
