//! Waiting for something that another process does.

use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// One look at something that is waited for.
#[derive(Debug)]
pub enum Look<T> {
    /// It is there.
    Found(T),
    /// It is not there yet; what is there instead.
    NotYet(String),
    /// It will never be there.
    Hopeless(Error),
}

/// Looks again and again until it is found, hopeless, or `within` is over.
///
/// # Errors
/// [`Error::Deadline`] with what was seen last, or the error of a hopeless look.
pub fn until<T>(what: &str, within: Duration, mut look: impl FnMut() -> Look<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        let last = match look() {
            Look::Found(found) => return Ok(found),
            Look::Hopeless(error) => return Err(error),
            Look::NotYet(last) => last,
        };
        if started.elapsed() >= within {
            return Err(Error::Deadline {
                what: what.to_owned(),
                within,
                last,
            });
        }
        thread::sleep(Duration::from_millis(25));
    }
}
