//! Listening, with new attempts while the port is taken.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{net::TcpListener, time::sleep};

use crate::resolver::look_up;

/// The wait after the first refusal; each later wait is twice as long, up to `LONGEST_WAIT`.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Listens as soon as the port is free. The first refusal is logged, and so is the end of the refusals.
pub(super) async fn listen_with_retries(
    host: &str,
    port: u16,
    on_refusal: impl Fn(),
) -> Vec<TcpListener> {
    let mut wait = FIRST_WAIT;
    let mut refused = false;
    loop {
        let error = match listen(host, port).await {
            Ok(listeners) => {
                if refused {
                    tracing::info!(target: "runar_otel", "the metrics endpoint now listens on {host}:{port}");
                }
                return listeners;
            }
            Err(error) => error,
        };
        on_refusal();
        if !refused {
            tracing::warn!(
                target: "runar_otel",
                "the metrics endpoint cannot listen on {host}:{port} ({error}); the application runs on \
                 without it, and it is tried again until the port is free",
            );
        }
        refused = true;
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Listens on every address of the host that this machine has, all on one port.
///
/// # Errors
/// When no address works, or when another program has the given port on one of them: clients would
/// reach sometimes us and sometimes the other.
pub(super) async fn listen(host: &str, port: u16) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let mut actual_port = port;
    let mut refusal = None;
    for ip in addresses(host).await? {
        match TcpListener::bind(SocketAddr::new(ip, actual_port)).await {
            Ok(listener) => {
                actual_port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port != 0 => {
                return Err(error);
            }
            Err(error) => refusal = Some(error),
        }
    }
    if listeners.is_empty() {
        return Err(refusal.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()));
    }
    Ok(listeners)
}

async fn addresses(host: &str) -> io::Result<Vec<IpAddr>> {
    let host = host.trim();
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse() {
        return Ok(vec![ip]);
    }
    let found = look_up(host).await.map_err(io::Error::other)?;
    let mut addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::time::Instant;
    use tracing::{Event, Level, Metadata, Subscriber, span};

    use super::*;

    /// Counts warnings and infos of ours.
    #[derive(Clone, Default)]
    struct LogCounts {
        warnings: Arc<AtomicUsize>,
        infos: Arc<AtomicUsize>,
    }

    impl Subscriber for LogCounts {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "runar_otel"
        }
        fn event(&self, event: &Event<'_>) {
            match *event.metadata().level() {
                Level::WARN => self.warnings.fetch_add(1, Ordering::Relaxed),
                _ => self.infos.fetch_add(1, Ordering::Relaxed),
            };
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_port_is_told_once_and_taken_when_free() {
        let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = busy.local_addr().unwrap().port();
        let counts = LogCounts::default();
        let _default = tracing::subscriber::set_default(counts.clone());
        let started = Instant::now();
        let (listeners, ()) =
            tokio::join!(listen_with_retries("127.0.0.1", port, || ()), async move {
                sleep(Duration::from_secs(60)).await;
                drop(busy);
            });
        assert_eq!(listeners[0].local_addr().unwrap().port(), port);
        assert_eq!(counts.warnings.load(Ordering::Relaxed), 1);
        assert_eq!(counts.infos.load(Ordering::Relaxed), 1);
        assert!(started.elapsed() <= Duration::from_secs(60) + LONGEST_WAIT);
    }

    #[tokio::test]
    async fn a_free_port_is_not_worth_a_word() {
        let counts = LogCounts::default();
        let _default = tracing::subscriber::set_default(counts.clone());
        listen_with_retries("127.0.0.1", 0, || ()).await;
        let words = counts.warnings.load(Ordering::Relaxed) + counts.infos.load(Ordering::Relaxed);
        assert_eq!(words, 0);
    }

    #[tokio::test]
    async fn localhost_is_both_loopbacks_on_one_port() {
        let listeners = listen("localhost", 0).await.unwrap();
        let addresses: Vec<_> = listeners.iter().map(|l| l.local_addr().unwrap()).collect();
        assert!(addresses[0].is_ipv4());
        assert!(
            addresses
                .iter()
                .all(|a| a.ip().is_loopback() && a.port() == addresses[0].port())
        );
        let has_v6 = TcpListener::bind("[::1]:0").await.is_ok();
        assert_eq!(addresses.len(), 1 + usize::from(has_v6));
    }

    #[tokio::test]
    async fn brackets_and_unknown_hosts() {
        assert_eq!(
            addresses("[::1]").await.unwrap(),
            [IpAddr::from(Ipv6Addr::LOCALHOST)]
        );
        assert_eq!(
            addresses(" 0.0.0.0").await.unwrap(),
            [IpAddr::from(Ipv4Addr::UNSPECIFIED)]
        );
        listen("no host at all", 0).await.unwrap_err();
    }
}
