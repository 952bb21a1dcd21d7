//! An order service under requests of its own: from a slow bucket to the trace of a slow order.
//!
//! `cargo run --release --example quickstart` goes on until Ctrl-C; with `-- --once` it ends after the first report.

mod client;
mod report;
mod service;

use std::{error::Error, time::Duration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let telemetry = runar_otel::builder().service_name("quickstart").init()?;

    let orders = service::start().await?;
    client::place(orders, 60).await?;
    match telemetry.prometheus_address() {
        Some(address) => report::show(address).await?,
        None => tracing::warn!("the port of the metrics is in use: no report"),
    }
    if std::env::args().all(|argument| argument != "--once") {
        client::place_until_interrupted(orders).await?;
    }
    // Two seconds: without a Collector there is nobody to wait for.
    let undelivered = telemetry.shutdown_timeout(Duration::from_secs(2));
    if !undelivered.is_complete() {
        tracing::warn!("{undelivered}");
    }
    Ok(())
}
