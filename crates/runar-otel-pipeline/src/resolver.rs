//! Look-ups of host names: one under way per host, each on a thread of its own.
//!
//! The system's resolver cannot be interrupted. All later look-ups of a host join the one that hangs, so that it holds up
//! one thread and only the connections to that host.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::watch;

/// The addresses of a host, or the reason why there are none.
type Found = Result<Arc<[SocketAddr]>, LookupError>;

/// The error of a look-up.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot look up `{host}` (DNS): {reason}")]
pub(crate) struct LookupError {
    host: Arc<str>,
    reason: Arc<str>,
}

/// The look-ups under way in this process, by their hosts.
static UNDER_WAY: Mutex<Option<LookUps>> = Mutex::new(None);

type LookUps = HashMap<Arc<str>, watch::Receiver<Option<Found>>>;

/// Looks up a host name with the system's resolver.
///
/// # Errors
/// When the resolver finds no address, or the system refuses a thread.
pub(crate) async fn look_up(host: &str) -> Found {
    let mut found = join_or_start(&host.to_ascii_lowercase())?;
    let found = found.wait_for(Option::is_some).await;
    match found.as_deref() {
        Ok(Some(found)) => found.clone(),
        _ => Err(failed(host, "the look-up broke off")),
    }
}

/// True if a look-up of the host is under way.
#[cfg(feature = "otlp")]
pub(crate) fn is_under_way(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    under_way
        .as_ref()
        .is_some_and(|all| all.contains_key(host.as_str()))
}

fn join_or_start(host: &str) -> Result<watch::Receiver<Option<Found>>, LookupError> {
    let mut under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
    let under_way = under_way.get_or_insert_default();
    if let Some(found) = under_way.get(host) {
        return Ok(found.clone());
    }
    let (sender, found) = watch::channel(None);
    let name: Arc<str> = Arc::from(host);
    let looked_up = name.clone();
    thread::Builder::new()
        .name("runar-otel-dns".to_owned())
        .spawn(move || {
            let result = ask_system(&looked_up);
            let mut under_way = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(under_way) = under_way.as_mut() {
                under_way.remove(&looked_up);
            }
            let _ = sender.send(Some(result));
        })
        .map_err(|error| failed(host, &error.to_string()))?;
    under_way.insert(name, found.clone());
    Ok(found)
}

fn ask_system(host: &str) -> Found {
    let addresses: io::Result<Vec<SocketAddr>> = (host, 0).to_socket_addrs().map(Iterator::collect);
    match addresses {
        Ok(addresses) if addresses.is_empty() => Err(failed(host, "it has no address")),
        Ok(addresses) => Ok(addresses.into()),
        Err(error) => Err(failed(host, &error.to_string())),
    }
}

fn failed(host: &str, reason: &str) -> LookupError {
    LookupError {
        host: host.into(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_is_found_and_an_unknown_one_is_named() {
        let found = look_up("localhost").await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()));
        let error = look_up("no-such-host.invalid").await.unwrap_err();
        assert!(
            error.to_string().contains("no-such-host.invalid"),
            "{error}"
        );
    }
}
