//! What the attributes of hosts generate is clean.

#![deny(warnings, missing_docs, clippy::pedantic)]

extern crate runar_otel_host as runar_otel;

use runar_otel::host::{RequestContext, Service as _};
use runar_otel_macros::{
    action, dht_operation, dht_service, event_handler, job, metered, p2p_service, publisher, service,
};

/// A service.
#[service(name = "users", crate = runar_otel_host)]
#[derive(Debug)]
pub struct Users<T> {
    #[inject]
    item: T,
}

impl<T: Clone> Users<T> {
    /// An action.
    ///
    /// # Errors
    /// Never.
    #[action(cache(enabled = true, ttl = 60))]
    #[metered(labels = ["user_tier"])]
    pub async fn get(&self, context: &RequestContext) -> Result<T, String> {
        drop(context.clone());
        Ok(self.item.clone())
    }

    /// A job.
    #[job(schedule = "*/5 * * * *")]
    pub fn clean(&self) {}

    /// A handler.
    #[event_handler("users.updated")]
    pub fn updated(&self) {}

    /// An operation.
    #[dht_operation(crate = runar_otel_host)]
    pub fn put(&self) {}
}

/// A publisher.
#[publisher]
#[derive(Debug)]
pub struct Bus;

/// A transport.
#[p2p_service]
#[derive(Debug)]
pub struct Peers;

/// A table.
#[dht_service]
#[derive(Debug)]
pub struct Table;

fn main() {
    let users = Users { item: 1 };
    drop(users.get(&RequestContext::new("main")));
    users.clean();
    users.updated();
    users.put();
    assert_eq!(Users::<u8>::name(), "users");
    assert_eq!(Bus::name(), "Bus");
}
