//! `#[async_trait]` in either order.

#![deny(warnings)]

extern crate runar_otel_host as runar_otel;

use async_trait::async_trait;
use runar_otel_macros::{action, metered, metrics};

#[async_trait]
trait Users {
    async fn get(&self, id: u64) -> Result<u64, String>;
    async fn put(&self, id: u64) -> Result<u64, String>;
}

struct Below;

#[metrics]
#[async_trait]
impl Users for Below {
    #[action]
    async fn get(&self, id: u64) -> Result<u64, String> {
        Ok(id)
    }

    #[action]
    #[metered(name = "put")]
    async fn put(&self, id: u64) -> Result<u64, String> {
        self.get(id).await?;
        Ok(id)
    }
}

struct Above;

#[async_trait]
#[metrics]
impl Users for Above {
    #[action]
    async fn get(&self, id: u64) -> Result<u64, String> {
        Ok(id)
    }

    #[action]
    #[metered(name = "put")]
    async fn put(&self, id: u64) -> Result<u64, String> {
        self.get(id).await?;
        Ok(id)
    }
}

fn main() {
    let sites = runar_otel_core::__private::SITES.iter();
    // Twice on one function counts once.
    assert_eq!(sites.count(), 4);
    drop(Below.get(1));
    drop(Above.put(1));
}
