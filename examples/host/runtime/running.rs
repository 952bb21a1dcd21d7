//! The running host: answers requests until it is stopped.

use std::collections::HashMap;

use runar_otel::{host::Action, prelude::*};
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};
use tracing::Instrument as _;

use super::{Answers, Bound, Clock, answers::Question};

/// A host that runs; it stops when it is told to, or dropped.
pub(crate) struct RunningHost {
    pub(super) network: String,
    pub(super) clock: Clock,
    pub(super) answers: Answers,
    pub(super) actions: HashMap<String, Bound<Action>>,
    pub(super) schedule: Background,
    pub(super) delivery: Background,
}

impl RunningHost {
    pub(crate) fn network(&self) -> &str {
        &self.network
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Answers a request, from what is kept if the action allows that.
    ///
    /// # Errors
    /// There is no such action, the argument does not fit, or the action failed.
    pub(crate) async fn request(
        &self,
        path: &str,
        context: &RequestContext,
        argument: Value,
    ) -> Result<Value> {
        let span = tracing::info_span!("request", otel.kind = "server", path);
        let answer = async {
            let answer = self.answer(path, context, argument).await;
            if let Err(error) = &answer {
                tracing::warn!(%error, "request failed");
            }
            answer
        };
        answer.instrument(span).await
    }

    async fn answer(&self, path: &str, context: &RequestContext, argument: Value) -> Result<Value> {
        let Some(Bound { what, service }) = self.actions.get(path) else {
            return Err(format!("there is no action {path}").into());
        };
        let question = Question {
            network: context.network_id().to_owned(),
            path: path.to_owned(),
            argument: argument.to_string(),
        };
        let answer = service.act(what.function, context, argument);
        match what.cache {
            Some(cache) => self.answers.or_ask(question, cache.ttl, answer).await,
            None => answer.await,
        }
    }

    /// Runs the jobs that are due, delivers the events that wait, and ends.
    pub(crate) async fn stop(self) {
        self.schedule.stop().await;
        self.delivery.stop().await;
    }
}

/// A task that goes on until it is stopped.
pub(super) struct Background {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Background {
    pub(super) fn start<F>(work: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(work(stopped));
        Self { stop, task }
    }

    async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a task of the host has panicked");
        }
    }
}
