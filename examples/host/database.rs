//! What stands in for a database: three users, one of them slow to find, and sessions.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde::Serialize;
use tokio::time::sleep;

#[derive(Debug, Serialize)]
pub(crate) struct User {
    id: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct UserProfile {
    user: User,
    orders: u32,
}

#[derive(Debug)]
pub(crate) struct Database {
    expired_sessions: AtomicU32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            expired_sessions: AtomicU32::new(17),
        }
    }
}

impl Database {
    #[tracing::instrument(skip(self))]
    pub(crate) async fn find_user(&self, id: &str) -> Option<User> {
        if id == "grace" {
            tracing::warn!("not in the index: reads the whole table");
            sleep(Duration::from_millis(300)).await;
        }
        sleep(Duration::from_millis(3)).await;
        let known = ["ada", "alan", "grace"].contains(&id);
        known.then(|| User { id: id.to_owned() })
    }

    pub(crate) async fn find_user_profile(&self, id: &str) -> Option<UserProfile> {
        let user = self.find_user(id).await?;
        Some(UserProfile { user, orders: 3 })
    }

    /// Removes the sessions that have expired, and tells how many there were.
    pub(crate) async fn remove_expired_sessions(&self) -> u32 {
        sleep(Duration::from_millis(8)).await;
        self.expired_sessions.swap(0, Ordering::Relaxed)
    }
}
