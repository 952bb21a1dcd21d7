//! The load: users, profiles and orders, among them some that go wrong.

use std::time::Duration;

use runar_otel::prelude::*;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::runtime::RunningHost;

const PATIENCE: Duration = Duration::from_millis(50);

/// Asks for everything that the gateway offers.
pub(crate) async fn run(host: &RunningHost) {
    let client = Client { host };
    for id in ["ada", "alan", "grace", "nobody"].repeat(3) {
        client.user(id).await;
    }
    for (id, tier) in [("ada", "gold"), ("alan", "free")].repeat(2) {
        client.profile(id, tier).await;
    }
    for amount in [12.5, 80.0, 3_000.0] {
        client.order(amount, "EUR").await;
    }
    client.order(20.0, "doubloons").await;
    // A client that goes away: the call is dropped, and counted as cancelled.
    if timeout(PATIENCE, client.user("grace")).await.is_err() {
        tracing::info!("a client gave up");
    }
}

struct Client<'a> {
    host: &'a RunningHost,
}

impl Client<'_> {
    async fn user(&self, id: &str) {
        self.ask("gateway/get_user", "free", json!(id)).await;
    }

    async fn profile(&self, id: &str, tier: &str) {
        let action = "gateway/get_user_profile";
        self.ask(action, tier, json!(id)).await;
    }

    async fn order(&self, amount: f64, currency: &str) {
        let order = json!({"amount": amount, "currency": currency, "payment_method": "card"});
        self.ask("gateway/process_order", "free", order).await;
    }

    async fn ask(&self, action: &str, tier: &str, argument: Value) {
        let context = RequestContext::new(self.host.network()).with_value("user_tier", tier);
        // What fails is in the log of the host.
        let _ = self.host.request(action, &context, argument).await;
    }
}
