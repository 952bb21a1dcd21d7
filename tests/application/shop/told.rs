//! How a call shall end: it is told so ahead.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::ShopError;

/// An end, by the word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Ok,
    /// Fails as out of stock.
    Error,
    /// Fails as refused.
    Refused,
    Panic,
    /// Waits for ever: whoever has called goes away.
    Cancelled,
}

impl End {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "ok" => Self::Ok,
            "error" => Self::Error,
            "refused" => Self::Refused,
            "panic" => Self::Panic,
            "cancelled" => Self::Cancelled,
            _ => return None,
        })
    }
}

/// What one call is told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    end: End,
    waits: Arc<Notify>,
}

/// In the middle of a bucket of the semantic conventions.
const WORK: Duration = Duration::from_millis(17);

impl Told {
    /// And what is notified as soon as a call does nothing but wait.
    pub(super) fn to(end: End) -> (Self, Arc<Notify>) {
        let waits = Arc::new(Notify::new());
        let told = Self {
            end,
            waits: waits.clone(),
        };
        (told, waits)
    }

    pub(super) async fn work(&self) {
        let began = Instant::now();
        while began.elapsed() < WORK {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[expect(clippy::panic, reason = "it is told to")]
    pub(super) async fn end(&self) -> Result<(), ShopError> {
        match self.end {
            End::Ok => Ok(()),
            End::Error => Err(ShopError::OutOfStock),
            End::Refused => Err(ShopError::Refused),
            End::Panic => panic!("as told"),
            End::Cancelled => {
                self.waits.notify_one();
                std::future::pending().await
            }
        }
    }
}
