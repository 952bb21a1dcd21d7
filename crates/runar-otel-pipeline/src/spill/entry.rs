//! Entries of a spill's file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Request;
use crate::settings::Signal;

/// The version of the layout: version, signal, time in seconds, count, bytes of the request.
const VERSION: u8 = 1;

/// The size of an entry without its request, in bytes.
const HEAD: usize = 1 + 1 + 8 + 4;

/// A request, and the time at which the request came into the spill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Seconds since 1970.
    pub(super) time: u64,
    pub(super) request: Request,
}

impl Entry {
    pub(super) fn new(request: Request, now: SystemTime) -> Self {
        Self {
            time: seconds(now),
            request,
        }
    }

    pub(super) fn encode(&self, signal: Signal) -> Vec<u8> {
        let count = u32::try_from(self.request.count).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEAD + self.request.body.len());
        bytes.extend([VERSION, code(signal)]);
        bytes.extend(self.time.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(&self.request.body);
        bytes
    }

    /// Decodes an entry; `None` for an entry of another version or signal.
    pub(super) fn decode(bytes: &[u8], signal: Signal) -> Option<Self> {
        let rest = bytes.strip_prefix(&[VERSION, code(signal)])?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (count, body) = rest.split_first_chunk::<4>()?;
        Some(Self {
            time: u64::from_be_bytes(*time),
            request: Request {
                count: u32::from_be_bytes(*count) as usize,
                body: body.to_vec(),
            },
        })
    }

    /// Returns the age; zero for an entry of the future, as a clock that was set back makes them.
    pub(super) fn age(&self, now: SystemTime) -> Duration {
        Duration::from_secs(seconds(now).saturating_sub(self.time))
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn code(signal: Signal) -> u8 {
    match signal {
        Signal::Metrics => 1,
        Signal::Traces => 2,
    }
}
