//! The pull endpoint: its options, start and stop.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{
    Scrape, activity::Activity, connection, listen::listen_with_retries, respond::MetricsPage,
};

/// The time in which open connections may finish their response after a stop.
const GRACE: Duration = Duration::from_secs(1);

/// The wait when the system has no more file descriptors or memory for a connection.
const EXHAUSTED: Duration = Duration::from_millis(250);

/// Address and limits of the pull endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointOptions {
    /// The host, `localhost` by default: both loopback addresses.
    pub host: String,
    /// The port, 9464 by default as the specification says; 0 lets the system choose.
    pub port: u16,
    /// The path of the metrics, `/metrics` by default; a missing slash in front is added.
    pub path: String,
    /// The number of connections that an address serves at a time, 64 by default, at least 1. For a further one the
    /// connection that has been idle for longest makes room, after a second of idleness.
    pub max_connections: usize,
    /// The time in which a client has to send the head of a request, 20 seconds by default; idle time before the head
    /// counts.
    pub header_timeout: Duration,
    /// The time limit of a scrape, 30 seconds by default; beyond it the endpoint responds with 503.
    pub scrape_timeout: Duration,
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 9464,
            path: "/metrics".to_owned(),
            max_connections: 64,
            header_timeout: Duration::from_secs(20),
            scrape_timeout: Duration::from_secs(30),
        }
    }
}

/// The pull endpoint: serves `GET /metrics` until it is stopped or dropped.
///
/// If the port is taken, the application runs on: one warning, and further attempts in the background.
#[derive(Debug)]
#[must_use]
pub struct Endpoint {
    stop: watch::Sender<bool>,
    status: Arc<Status>,
}

impl Endpoint {
    /// Starts the endpoint on the runtime. Returns before the port is bound.
    pub fn spawn(handle: &Handle, options: EndpointOptions, source: Arc<dyn Scrape>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let status = Arc::new(Status::default());
        let end_mark = EndMark(status.clone());
        handle.spawn(run(options, source, stopping, end_mark));
        Self { stop, status }
    }

    /// Returns the first address on which the endpoint listens; `None` before the port is bound and after the end.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addrs().first().copied()
    }

    /// Returns the addresses on which the endpoint listens; none before the port is bound and after the end.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.status.state().addresses.clone()
    }

    /// Waits until the endpoint listens, at most until the deadline. Do not call it on the endpoint's runtime.
    #[must_use]
    pub fn wait_bound(&self, deadline: Instant) -> Option<SocketAddr> {
        self.status
            .wait(deadline, |state| state.ended || !state.addresses.is_empty());
        self.local_addr()
    }

    /// Waits until the endpoint has tried once to listen, at most until the deadline. Do not call it on the endpoint's
    /// runtime.
    pub fn wait_tried(&self, deadline: Instant) {
        self.status
            .wait(deadline, |state| state.ended || state.tried);
    }

    /// Frees the port, leaves responses under way a second to finish, and waits for them, at most until the deadline.
    /// Do not call it on the endpoint's runtime. Further calls are allowed.
    ///
    /// Returns true if the endpoint had ended by the deadline.
    #[must_use]
    pub fn stop(&self, deadline: Instant) -> bool {
        self.stop.send_replace(true);
        self.status.wait(deadline, |state| state.ended);
        self.status.state().ended
    }
}

/// Completes when the endpoint is stopped or dropped.
async fn wait_for_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn run(
    options: EndpointOptions,
    source: Arc<dyn Scrape>,
    mut stop: watch::Receiver<bool>,
    end_mark: EndMark,
) {
    let listeners = tokio::select! {
        listeners = listen_with_retries(&options.host, options.port, || end_mark.0.set_tried()) => {
            listeners
        }
        () = wait_for_stop(&mut stop) => return,
    };
    end_mark.0.set_bound(&listeners);
    let page = Arc::new(MetricsPage {
        path: format!("/{}", options.path.trim_start_matches('/')),
        source,
        scrape_timeout: options.scrape_timeout,
    });
    let limits = ConnectionLimits {
        max_connections: options.max_connections.max(1),
        header_timeout: options.header_timeout,
    };
    let mut tasks = JoinSet::new();
    for listener in listeners {
        tasks.spawn(serve(listener, page.clone(), limits, stop.clone()));
    }
    while tasks.join_next().await.is_some() {}
}

/// Limits of the connections of one address.
#[derive(Clone, Copy)]
struct ConnectionLimits {
    max_connections: usize,
    header_timeout: Duration,
}

/// Serves the clients of one address until the stop.
async fn serve(
    listener: TcpListener,
    page: Arc<MetricsPage>,
    limits: ConnectionLimits,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        let is_full = connections.len() >= limits.max_connections;
        let stream = tokio::select! {
            () = wait_for_stop(&mut stop) => break,
            Some(_) = connections.join_next() => {
                open.retain(|one| !one.task.is_finished());
                continue;
            }
            stream = accept(&listener), if !is_full || has_idle(&open) => stream,
            () = sleep(LOOK_AGAIN), if is_full => continue,
        };
        if is_full {
            close_idle(&open);
        }
        let (page, mut stop, activity) = (page.clone(), stop.clone(), Activity::new());
        let noted = activity.clone();
        let task = connections.spawn(async move {
            let stop = wait_for_stop(&mut stop);
            connection::serve(stream, page, limits.header_timeout, noted, stop).await;
        });
        open.push(Open { task, activity });
    }
    drop(listener);
    let finishing = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(GRACE, finishing).await;
}

/// The time without bytes after which a connection may have to make room, 1 s.
const IDLE: Duration = Duration::from_secs(1);

/// The time between two looks for an idle connection while all are in use, 100 ms.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// An open connection.
struct Open {
    task: AbortHandle,
    activity: Activity,
}

impl Open {
    /// Returns the time for which the connection is idle; `None` if it is too short to count.
    fn idle(&self) -> Option<Duration> {
        self.activity.idle().filter(|idle| *idle >= IDLE)
    }
}

fn has_idle(open: &[Open]) -> bool {
    open.iter().any(|one| one.idle().is_some())
}

/// Closes the connection that has been idle for longest.
fn close_idle(open: &[Open]) {
    let idle = open.iter().filter_map(|one| Some((one.idle()?, one)));
    if let Some((_, longest)) = idle.max_by_key(|(idle, _)| *idle) {
        longest.task.abort();
    }
}

/// Accepts the next client. Errors of a client are ignored; after other errors it waits [`EXHAUSTED`] and tries again.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_client(&error) => {}
            Err(_) => sleep(EXHAUSTED).await,
        }
    }
}

fn is_of_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// State of the endpoint for threads outside its runtime.
#[derive(Default)]
struct Status {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    addresses: Vec<SocketAddr>,
    tried: bool,
    ended: bool,
}

impl Status {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_bound(&self, listeners: &[TcpListener]) {
        let mut state = self.state();
        state.tried = true;
        state.addresses = listeners
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .collect();
        drop(state);
        self.changed.notify_all();
    }

    fn set_tried(&self) {
        self.state().tried = true;
        self.changed.notify_all();
    }

    fn wait(&self, deadline: Instant, is_done: impl Fn(&State) -> bool) {
        let left = deadline.saturating_duration_since(Instant::now());
        let waiting = self
            .changed
            .wait_timeout_while(self.state(), left, |state| !is_done(state));
        drop(waiting);
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state().fmt(f)
    }
}

/// Marks the endpoint as ended when its task is over in any way, the end of its runtime included.
struct EndMark(Arc<Status>);

impl Drop for EndMark {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.ended = true;
        state.addresses.clear();
        drop(state);
        self.0.changed.notify_all();
    }
}
