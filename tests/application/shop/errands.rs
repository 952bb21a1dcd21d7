//! Errands: calls of the shop, each with the end it is told, and the ledger of how they ended.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use runar_otel::prelude::{EventContext, JobContext};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    Herald, Shop, ShopError,
    told::{End, Told},
};

/// A call that nobody has polled yet, or that waits.
type Errand = Pin<Box<dyn Future<Output = Result<(), ShopError>> + Send>>;

/// What customers do with the shop.
#[derive(Default)]
pub(crate) struct Errands {
    shop: Arc<Shop>,
    herald: Arc<Herald>,
    waiting: Mutex<Vec<Errand>>,
    ledger: Mutex<BTreeMap<String, BTreeMap<&'static str, u64>>>,
}

impl Errands {
    /// Does what a line says: `calls ok 3 error 2`.
    pub(crate) fn run(&self, what: &str, ends: &str) -> Value {
        for (at, end) in ends_of(ends).into_iter().enumerate() {
            let (told, waits) = Told::to(end);
            let errand = self.errand(what, at, told);
            let outcome = match end {
                End::Cancelled => {
                    drop(on_runtime(until_it_waits(errand, waits)));
                    "cancelled"
                }
                _ => on_runtime(outcome(errand)),
            };
            self.enter(what, outcome);
        }
        self.ledger()
    }

    /// Begins calls that stay under way.
    pub(crate) fn hold(&self, number: u64) -> Value {
        for _ in 0..number {
            let (told, waits) = Told::to(End::Cancelled);
            let errand = self.errand("calls", 0, told);
            let errand = on_runtime(until_it_waits(errand, waits));
            self.waiting.lock().expect("no panic").push(errand);
        }
        self.ledger()
    }

    /// Drops them.
    pub(crate) fn release(&self) -> Value {
        let waiting = std::mem::take(&mut *self.waiting.lock().expect("no panic"));
        for errand in waiting {
            drop(errand);
            self.enter("calls", "cancelled");
        }
        self.ledger()
    }

    fn errand(&self, what: &str, at: usize, told: Told) -> Errand {
        let (shop, herald) = (self.shop.clone(), self.herald.clone());
        let tier = if at.is_multiple_of(2) {
            "gold"
        } else {
            "silver"
        };
        match what {
            "prices" => Box::pin(async move {
                shop.price();
                Ok(())
            }),
            "events" => Box::pin(async move {
                let context = EventContext::new("main", "payment.completed");
                shop.payment_completed(&context, told).await
            }),
            "jobs" => Box::pin(async move {
                let context = JobContext::new("main", SystemTime::now());
                shop.restock(&context, told).await
            }),
            "publishes" => Box::pin(async move { herald.announce(told).await }),
            _ => Box::pin(async move { shop.check_out(tier, told).await }),
        }
    }

    fn enter(&self, what: &str, outcome: &'static str) {
        let mut ledger = self.ledger.lock().expect("no panic");
        let done = ledger.entry(what.to_owned()).or_default();
        *done.entry(outcome).or_default() += 1;
    }

    fn ledger(&self) -> Value {
        json!(*self.ledger.lock().expect("no panic"))
    }
}

/// `ok 2 error 1` as one end per call.
fn ends_of(line: &str) -> Vec<End> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut ends = Vec::new();
    for pair in words.chunks(2) {
        let [word, number] = pair else {
            continue;
        };
        let end = End::parse(word).expect("a word for an end");
        ends.extend(std::iter::repeat_n(
            end,
            number.parse().expect("how many calls"),
        ));
    }
    ends
}

/// How a call ended, as its caller sees it: a task that panics does not end the application.
async fn outcome(errand: Errand) -> &'static str {
    match tokio::spawn(errand).await {
        Ok(Ok(())) => "ok",
        Ok(Err(_)) => "error",
        Err(_) => "panic",
    }
}

/// Polls a call until it waits for what never comes.
async fn until_it_waits(mut errand: Errand, waits: Arc<Notify>) -> Errand {
    tokio::select! {
        _ = &mut errand => {}
        () = waits.notified() => {}
    }
    errand
}

/// In a thread of its own: this one may belong to another runtime.
fn on_runtime<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let done = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(future)
    });
    done.join().expect("the calls are made")
}
