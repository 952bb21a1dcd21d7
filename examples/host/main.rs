//! A small host that runs services as their attributes describe them: an API gateway and a publisher of payments.
//!
//! `cargo run --release --example host` serves a load of its own, shows what was measured, and ends.
//!
//! `gateway.rs` and `payments.rs` are what the author of a service writes. `runtime/` is the host: it reads
//! `Service::actions()`, `jobs()` and `event_handlers()`, keeps answers (in a cache of `moka`), runs jobs (by the
//! schedules of `croner`) and delivers events.

mod database;
mod gateway;
mod load;
mod payments;
mod report;
mod runtime;

use std::{sync::Arc, time::Duration};

use runar_otel::prelude::*;

use crate::{
    gateway::ApiGatewayService,
    payments::PaymentPublisher,
    runtime::{Clock, Host},
};

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = runar_otel::builder().service_name("host").init()?;

    let mut host = Host::new("mainnet", Clock::default());
    let payments = Arc::new(PaymentPublisher::new(host.bus()));
    let gateway = Arc::new(ApiGatewayService::new(host.answers(), payments.clone()));
    host.serve(&payments)?;
    host.serve(&gateway)?;
    let host = host.start();

    load::run(&host).await;
    // The schedule is in minutes: let ten of them pass at once.
    host.clock().turn(Duration::from_secs(10 * 60));
    host.stop().await;

    match telemetry.prometheus_address() {
        Some(address) => report::show(address).await?,
        None => tracing::warn!("the port of the metrics is in use: no report"),
    }
    // Two seconds: without a Collector there is nobody to wait for.
    let undelivered = telemetry.shutdown_timeout(Duration::from_secs(2));
    if !undelivered.is_complete() {
        tracing::warn!("{undelivered}");
    }
    Ok(())
}
