//! An exporter that serves.

use std::{fmt, net::SocketAddr, sync::Arc};

use super::state::{self, Slot};
use crate::endpoints::Address;

/// An exporter of metrics that was started. The exporter continues to serve when this value is dropped.
pub struct RunningExporter {
    slot: Arc<Slot>,
}

impl RunningExporter {
    pub(super) fn new(slot: Arc<Slot>) -> Self {
        Self { slot }
    }

    /// Returns the address on which the exporter listens; `None` while its port is in use, and while no telemetry runs
    /// or `OTEL_SDK_DISABLED` is set.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.slot.served().and_then(|served| served.local_addr())
    }

    /// Stops serving, in about a second at the most.
    ///
    /// The endpoint of an `init()` that the exporter has joined stays. Telemetry that was started for exporters ends
    /// with the last of them.
    pub fn stop(self) {
        state::stop(&self.slot);
    }

    /// Returns the requested address if the exporter has an endpoint that cannot bind it; otherwise `None`.
    pub(super) fn refused(&self) -> Option<Address> {
        let served = self.slot.served()?;
        match served.local_addr() {
            Some(_) => None,
            None => Some(served.address().clone()),
        }
    }
}

impl fmt::Debug for RunningExporter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RunningExporter")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}
