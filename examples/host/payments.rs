//! The publisher of payments.

use runar_otel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::runtime::{EventBus, hosted};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PaymentCompleted {
    pub(crate) amount: f64,
    pub(crate) payment_method: String,
    pub(crate) currency: String,
}

/// Whatever it publishes is counted: `event_published_total` and the rest.
#[publisher(name = "payments")]
#[metrics(events = true)]
pub(crate) struct PaymentPublisher {
    #[inject]
    event_bus: EventBus,
}

impl PaymentPublisher {
    pub(crate) fn new(event_bus: EventBus) -> Self {
        Self { event_bus }
    }

    #[action]
    pub(crate) async fn publish_completed(
        &self,
        context: &RequestContext,
        payment: PaymentCompleted,
    ) -> Result<()> {
        let event = serde_json::to_value(payment)?;
        let network = context.network_id();
        self.event_bus
            .publish(network, "payment.completed", event)
            .await?;
        Ok(())
    }
}

hosted!(PaymentPublisher {
    actions: [publish_completed],
    event_handlers: [],
    jobs: [],
});
