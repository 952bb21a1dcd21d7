//! Kept answers: what `cache(enabled = true, ttl = …)` asks for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};
use runar_otel::prelude::*;
use serde_json::Value;

/// How many answers are kept at most.
const MOST: u64 = 10_000;

/// The kept answers; clones are the same ones.
#[derive(Clone)]
pub(crate) struct Answers {
    kept: Cache<Question, Answer>,
    asked: Arc<Asked>,
}

/// What an answer depends on.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) network: String,
    pub(super) path: String,
    pub(super) argument: String,
}

#[derive(Clone)]
struct Answer {
    value: Value,
    ttl: Duration,
}

/// Statistics only: nothing is read because of them, so any ordering will do.
#[derive(Default)]
struct Asked {
    all: AtomicU32,
    hits: AtomicU32,
}

impl Answers {
    pub(super) fn new() -> Self {
        let kept = Cache::builder().max_capacity(MOST).expire_after(ByTtl);
        Self {
            kept: kept.build(),
            asked: Arc::default(),
        }
    }

    /// The kept answer, or the one that is made now and kept if it is no error.
    pub(super) async fn or_ask(
        &self,
        question: Question,
        ttl: Duration,
        ask: impl Future<Output = Result<Value>>,
    ) -> Result<Value> {
        let kept = self.kept.get(&question).await;
        let result = if kept.is_some() { "hit" } else { "miss" };
        metrics::increment!("host_cache_requests_total", labels: {
            "path" => question.path,
            "result" => result
        });
        self.asked.all.fetch_add(1, Ordering::Relaxed);
        if let Some(answer) = kept {
            self.asked.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(answer.value);
        }
        let value = ask.await?;
        let answer = Answer {
            value: value.clone(),
            ttl,
        };
        self.kept.insert(question, answer).await;
        Ok(value)
    }

    /// How many of the questions found an answer, from 0 to 1.
    pub(crate) fn hit_ratio(&self) -> f64 {
        let all = self.asked.all.load(Ordering::Relaxed).max(1);
        f64::from(self.asked.hits.load(Ordering::Relaxed)) / f64::from(all)
    }
}

/// Each answer is kept as long as its action says.
struct ByTtl;

impl Expiry<Question, Answer> for ByTtl {
    fn expire_after_create(&self, _: &Question, answer: &Answer, _: Instant) -> Option<Duration> {
        Some(answer.ttl)
    }
}
