//! The bridge from a description, which has names, to the functions.

use runar_otel::prelude::*;
use serde::Serialize;
use serde_json::Value;

/// A service whose functions can be called by their names; [`hosted!`] implements it.
#[async_trait]
pub(crate) trait Hosted: Send + Sync {
    /// The functions that can be called.
    fn functions(&self) -> &'static [&'static str];

    /// Calls an action.
    async fn act(&self, function: &str, context: &RequestContext, argument: Value)
    -> Result<Value>;

    /// Calls an event handler.
    async fn handle(&self, function: &str, context: &EventContext, event: Value) -> Result<Value>;

    /// Calls a job.
    async fn work(&self, function: &str, context: &JobContext) -> Result<Value>;
}

/// What a function returned, as it is passed on.
pub(crate) fn answer<E: Into<Error>>(result: Result<impl Serialize, E>) -> Result<Value> {
    Ok(serde_json::to_value(result.map_err(Into::into)?)?)
}

/// No function of that name.
pub(crate) fn unknown<T>(function: &str) -> Result<T> {
    Err(format!("there is no function {function}").into())
}

/// Implements [`Hosted`]: the functions of a service by their names.
macro_rules! hosted {
    ($service:ty {
        actions: [$($action:ident),*],
        event_handlers: [$($handler:ident),*],
        jobs: [$($job:ident),*],
    }) => {
        #[async_trait]
        #[allow(unused_variables, reason = "not every service has everything")]
        impl $crate::runtime::Hosted for $service {
            fn functions(&self) -> &'static [&'static str] {
                &[$(stringify!($action),)* $(stringify!($handler),)* $(stringify!($job),)*]
            }

            async fn act(
                &self,
                function: &str,
                context: &RequestContext,
                argument: serde_json::Value,
            ) -> Result<serde_json::Value> {
                match function {
                    $(stringify!($action) => {
                        let argument = serde_json::from_value(argument)?;
                        $crate::runtime::answer(self.$action(context, argument).await)
                    })*
                    _ => $crate::runtime::unknown(function),
                }
            }

            async fn handle(
                &self,
                function: &str,
                context: &EventContext,
                event: serde_json::Value,
            ) -> Result<serde_json::Value> {
                match function {
                    $(stringify!($handler) => {
                        let event = serde_json::from_value(event)?;
                        $crate::runtime::answer(self.$handler(context, event).await)
                    })*
                    _ => $crate::runtime::unknown(function),
                }
            }

            async fn work(
                &self,
                function: &str,
                context: &JobContext,
            ) -> Result<serde_json::Value> {
                match function {
                    $(stringify!($job) => $crate::runtime::answer(self.$job(context).await),)*
                    _ => $crate::runtime::unknown(function),
                }
            }
        }
    };
}
pub(crate) use hosted;
