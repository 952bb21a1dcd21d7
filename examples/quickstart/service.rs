//! The order service: an axum router whose work is measured.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::Path, extract::State, http::StatusCode, routing::post};
use runar_otel::{Counter, Gauge, Timer};
use tracing::Instrument as _;

/// The instruments of the service.
#[derive(Clone)]
struct Orders {
    taken: Counter,
    open: Gauge,
    duration: Timer,
}

impl Orders {
    fn new() -> Self {
        Self {
            taken: Counter::new("orders_total", "Orders by outcome")
                .with_unit("{order}")
                .register(),
            open: Gauge::new("open_orders", "Orders in work")
                .with_unit("{order}")
                .register(),
            duration: Timer::new("order_duration_seconds", "Time to take an order").register(),
        }
    }

    /// Takes an order: every tenth is slow, every fifteenth fails.
    async fn take(&self, id: u64) -> Result<(), &'static str> {
        self.open.increment();
        let timer = self.duration.start();
        let result = charge(id).await;
        let took = timer.stop();
        self.open.decrement();
        let outcome = if result.is_ok() { "ok" } else { "error" };
        self.taken.increment_with(&[("outcome", outcome)]);
        match result {
            Err(reason) => tracing::warn!(id, reason, "order failed"),
            Ok(()) if took > Duration::from_millis(200) => {
                tracing::warn!(id, ?took, "order was slow");
            }
            Ok(()) => tracing::debug!(id, "order taken"),
        }
        result
    }
}

#[tracing::instrument]
async fn charge(id: u64) -> Result<(), &'static str> {
    let milliseconds = if id % 10 == 9 { 300 } else { 4 + id % 30 };
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    if id % 15 == 14 {
        Err("card declined")
    } else {
        Ok(())
    }
}

/// Serves orders on a free port of this machine.
pub(crate) async fn start() -> std::io::Result<SocketAddr> {
    let router = Router::new()
        .route("/orders/{id}", post(order))
        .with_state(Orders::new());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn order(State(orders): State<Orders>, Path(id): Path<u64>) -> StatusCode {
    let request = tracing::info_span!("POST /orders/{id}", otel.kind = "server", id);
    match orders.take(id).instrument(request).await {
        Ok(()) => StatusCode::CREATED,
        Err(_) => StatusCode::PAYMENT_REQUIRED,
    }
}
