//! The API gateway: actions with and without a cache, an event handler, a job.

use std::sync::Arc;

use runar_otel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    database::{Database, User, UserProfile},
    payments::{PaymentCompleted, PaymentPublisher},
    runtime::{Answers, hosted},
};

/// What can go wrong: the values of the label `error_type`, all of which are shown from zero.
#[derive(Debug, ErrorType, thiserror::Error)]
pub(crate) enum GatewayError {
    #[error("there is no user {0}")]
    NoSuchUser(String),
    #[error("the card was declined")]
    CardDeclined,
    #[error("{0} is no currency that can be booked")]
    UnknownCurrency(String),
    #[error("the order could not be announced")]
    #[error_type("not_announced")]
    Announcement(#[source] Error),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    amount: f64,
    currency: String,
    payment_method: String,
}

/// What orders come to.
#[metric(
    type = "histogram",
    name = "order_amount",
    labels = ["currency"],
    buckets = [10, 50, 100, 500, 1000, 5000]
)]
struct OrderAmount;

#[derive(Debug, Serialize)]
pub(crate) struct OrderConfirmation {
    amount: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct CleanupReport {
    removed: u32,
}

#[service(name = "api_gateway", path = "gateway")]
#[metrics(prefix = "api_gateway_")]
pub(crate) struct ApiGatewayService {
    #[inject]
    db: Database,
    #[inject]
    answers: Answers,
    #[inject]
    payments: Arc<PaymentPublisher>,
    #[metric_field]
    cache_hit_ratio: Gauge,
}

impl ApiGatewayService {
    pub(crate) fn new(answers: Answers, payments: Arc<PaymentPublisher>) -> Self {
        let cache_hit_ratio = Gauge::new(
            "api_gateway_cache_hit_ratio",
            "Ratio of cache hits to total requests",
        )
        .with_unit("1")
        .register();
        Self {
            db: Database::default(),
            answers,
            payments,
            cache_hit_ratio,
        }
    }

    /// Counted, timed and traced, each failure by its kind.
    #[action]
    #[metered(fields(user_id = %id))]
    async fn get_user(&self, _context: &RequestContext, id: String) -> Result<User, GatewayError> {
        let user = self.db.find_user(&id).await;
        user.ok_or(GatewayError::NoSuchUser(id))
    }

    /// The host keeps each answer for a minute: only what it does not have arrives here.
    #[action(cache(enabled = true, ttl = 60))]
    #[metered(buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5], labels = ["user_tier"])]
    async fn get_user_profile(
        &self,
        context: &RequestContext,
        id: String,
    ) -> Result<UserProfile, GatewayError> {
        metrics::add_label!("user_tier", context.user_tier().unwrap_or("free"));
        let profile = self.db.find_user_profile(&id).await;
        profile.ok_or(GatewayError::NoSuchUser(id))
    }

    /// Part of the service's totals, and measured by hand where that tells more.
    #[action]
    async fn process_order(
        &self,
        context: &RequestContext,
        order: Order,
    ) -> Result<OrderConfirmation, GatewayError> {
        let _timer = metrics::timer!("order_processing_seconds", labels: {
            "payment_method" => order.payment_method
        });
        OrderAmount::observe(order.amount, &order.currency);
        let result = self.take(context, order).await;
        match &result {
            Ok(_) => metrics::increment!("orders_processed"),
            Err(_) => metrics::increment!("orders_failed"),
        }
        result
    }

    #[event_handler("payment.completed")]
    #[metered(event = "payment.completed")]
    async fn handle_payment_completed(
        &self,
        _context: &EventContext,
        event: PaymentCompleted,
    ) -> Result<(), GatewayError> {
        if event.currency.len() != 3 {
            return Err(GatewayError::UnknownCurrency(event.currency));
        }
        metrics::observe!("payment_amount", value: event.amount, labels: {
            "payment_method" => event.payment_method,
            "currency" => event.currency
        });
        Ok(())
    }

    #[job(schedule = "*/5 * * * *")]
    #[metered(name = "cleanup_job")]
    async fn cleanup_expired_sessions(&self, _context: &JobContext) -> Result<CleanupReport> {
        let removed = self.db.remove_expired_sessions().await;
        metrics::increment!("expired_sessions_total", value: removed);
        self.cache_hit_ratio.set(self.answers.hit_ratio());
        Ok(CleanupReport { removed })
    }

    /// Charges the customer and announces the payment.
    async fn take(
        &self,
        context: &RequestContext,
        order: Order,
    ) -> Result<OrderConfirmation, GatewayError> {
        if order.amount > 1_000.0 {
            return Err(GatewayError::CardDeclined);
        }
        let amount = order.amount;
        let payment = PaymentCompleted {
            amount,
            payment_method: order.payment_method,
            currency: order.currency,
        };
        let announced = self.payments.publish_completed(context, payment).await;
        announced.map_err(GatewayError::Announcement)?;
        Ok(OrderConfirmation { amount })
    }
}

hosted!(ApiGatewayService {
    actions: [get_user, get_user_profile, process_order],
    event_handlers: [handle_payment_completed],
    jobs: [cleanup_expired_sessions],
});
