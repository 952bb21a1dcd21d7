//! The clock of the host: the system's, and it can be turned forward.

use std::time::{Duration, SystemTime};

use tokio::{sync::watch, time::sleep};

/// A clock; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    ahead: watch::Sender<Duration>,
}

impl Clock {
    pub(crate) fn now(&self) -> SystemTime {
        SystemTime::now() + *self.ahead.borrow()
    }

    /// Lets time pass at once: a schedule in minutes shows itself within seconds.
    pub(crate) fn turn(&self, by: Duration) {
        self.ahead.send_modify(|ahead| *ahead += by);
    }

    /// Waits until a time has come.
    pub(crate) async fn reaches(&self, time: SystemTime) {
        let mut ahead = self.ahead.subscribe();
        while let Ok(left) = time.duration_since(self.now())
            && !left.is_zero()
        {
            tokio::select! {
                () = sleep(left) => {}
                _ = ahead.changed() => {}
            }
        }
    }
}
