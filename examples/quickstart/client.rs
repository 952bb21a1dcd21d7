//! The client: places orders, a few at a time.

use std::{net::SocketAddr, time::Duration};

use tokio::task::JoinSet;

/// Places so many orders, four at a time.
pub(crate) async fn place(service: SocketAddr, orders: u64) -> Result<(), reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut placing = JoinSet::new();
    for id in 0..orders {
        if placing.len() == 4 {
            placing.join_next().await;
        }
        let order = client.post(format!("http://{service}/orders/{id}"));
        placing.spawn(order.send());
    }
    placing.join_all().await;
    Ok(())
}

/// Goes on until Ctrl-C, so that there is something to look at.
pub(crate) async fn place_until_interrupted(service: SocketAddr) -> Result<(), reqwest::Error> {
    loop {
        tokio::select! {
            result = place(service, 20) => result?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
