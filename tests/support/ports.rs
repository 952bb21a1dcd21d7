//! Free ports of this machine.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// Ports this process has given away: the kernel may offer one twice before its user has bound it.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// Finds `N` different ports of 127.0.0.1 that nobody listens on.
///
/// Another process can still take one before it is used; [`crate::Stack`] starts over when that happens.
///
/// # Errors
/// [`Error::Io`] when the operating system has none left.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    let mut ports = [0; N];
    // Held until all are found, so that no port is found twice.
    let mut held = Vec::new();
    for port in &mut ports {
        *port = loop {
            let listener =
                TcpListener::bind(("127.0.0.1", 0)).map_err(Error::io("bind a free port"))?;
            let found = listener
                .local_addr()
                .map_err(Error::io("read a bound port"))?
                .port();
            held.push(listener);
            if given.insert(found) {
                break found;
            }
        };
    }
    Ok(ports)
}
