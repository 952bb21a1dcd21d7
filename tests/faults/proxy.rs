//! A TCP proxy that does to connections whatever a network can do.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpSocket, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    runtime::Handle,
    sync::watch,
    time::sleep,
};

/// The treatment of connections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// Bytes pass.
    Pass,
    /// The port is closed.
    Refuse,
    /// Connections are accepted and never read.
    Hang,
    /// Connections end after this number of bytes from the client.
    Cut(usize),
    /// Bytes of the client arrive later by this time.
    Delay(Duration),
    /// Bytes of the client arrive at this rate, per second.
    Trickle(usize),
    /// Connections are reset at the first bytes of the client.
    Reset,
    /// Requests pass, answers are held back for this time.
    Late(Duration),
}

/// A proxy on a loopback address of its own, so that its port stays free while it is closed.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    wanted: watch::Sender<(u64, Mode)>,
    applied: watch::Receiver<u64>,
}

/// The last part of the loopback addresses given away.
static GIVEN: AtomicU8 = AtomicU8::new(1);
static ROUND: AtomicU8 = AtomicU8::new(1);

/// Gives a loopback address away: nobody else takes its ports, not even for a connection.
pub(crate) fn loopback() -> Ipv4Addr {
    let last = GIVEN.fetch_add(1, Relaxed);
    if last == 250 {
        GIVEN.store(1, Relaxed);
        ROUND.fetch_add(1, Relaxed);
    }
    Ipv4Addr::new(127, 77, ROUND.load(Relaxed), last)
}

impl Proxy {
    /// Starts a proxy in front of `target`.
    pub(crate) fn start(runtime: &Handle, target: SocketAddr) -> io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind((loopback(), 0)))?;
        let address = listener.local_addr()?;
        let (wanted, wishes) = watch::channel((0, Mode::Pass));
        let (applying, applied) = watch::channel(0);
        let gate = Gate {
            address,
            target,
            wishes,
            applying,
        };
        runtime.spawn(gate.run(listener));
        Ok(Self {
            address,
            wanted,
            applied,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Treats connections in another way from now on; open connections are closed.
    pub(crate) fn set(&self, mode: Mode) {
        let turn = self.wanted.borrow().0 + 1;
        self.wanted.send_replace((turn, mode));
        let began = Instant::now();
        while *self.applied.borrow() < turn {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "the proxy stands still"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

struct Gate {
    address: SocketAddr,
    target: SocketAddr,
    wishes: watch::Receiver<(u64, Mode)>,
    applying: watch::Sender<u64>,
}

impl Gate {
    async fn run(mut self, listener: TcpListener) {
        let mut listener = Some(listener);
        loop {
            let (turn, mode) = *self.wishes.borrow_and_update();
            if mode == Mode::Refuse {
                drop(listener.take());
                // Bound without `listen`: connections are refused, and nobody else takes the port.
                let held = patiently(|| bind(self.address)).await;
                self.applying.send_replace(turn);
                if self.wishes.changed().await.is_err() {
                    return;
                }
                drop(held);
                continue;
            }
            let open = match listener.take() {
                Some(open) => open,
                None => patiently(|| bind(self.address)?.listen(1024)).await,
            };
            self.applying.send_replace(turn);
            if self.accept(&open, mode).await.is_err() {
                return;
            }
            listener = Some(open);
        }
    }

    /// Accepts until the mode changes; an error when nobody holds the proxy any more.
    async fn accept(
        &mut self,
        listener: &TcpListener,
        mode: Mode,
    ) -> Result<(), watch::error::RecvError> {
        loop {
            tokio::select! {
                changed = self.wishes.changed() => return changed,
                accepted = listener.accept() => if let Ok((client, _)) = accepted {
                    let mut wishes = self.wishes.clone();
                    let target = self.target;
                    tokio::spawn(async move {
                        tokio::select! {
                            _ = wishes.changed() => {}
                            _ = carry(client, target, mode) => {}
                        }
                    });
                },
            }
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Tries until it succeeds: a process that is being started holds the last listener for a moment.
async fn patiently<T>(mut work: impl FnMut() -> io::Result<T>) -> T {
    let began = Instant::now();
    loop {
        match work() {
            Ok(done) => return done,
            Err(error) if began.elapsed() > Duration::from_secs(5) => panic!("the port: {error}"),
            Err(_) => sleep(Duration::from_millis(2)).await,
        }
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr, mode: Mode) -> io::Result<()> {
    match mode {
        Mode::Hang => {
            std::future::pending::<()>().await;
        }
        Mode::Reset => {
            let _ = client.read(&mut [0; 64]).await?;
            client.set_zero_linger()?;
        }
        _ => {
            let mut server = TcpStream::connect(target).await?;
            if mode == Mode::Pass || mode == Mode::Refuse {
                copy_bidirectional(&mut client, &mut server).await?;
                return Ok(());
            }
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let (there, back) = match mode {
                Mode::Late(held) => (Mode::Pass, Mode::Delay(held)),
                _ => (mode, Mode::Pass),
            };
            let answers = pass(from_server, to_client, back);
            match mode {
                // A request that was read is passed on even if the client has gone.
                Mode::Late(_) => {
                    let (one, other) = tokio::join!(pass(from_client, to_server, there), answers);
                    one.and(other)?;
                }
                _ => tokio::select! {
                    passed = pass(from_client, to_server, there) => passed?,
                    passed = answers => passed?,
                },
            }
        }
    }
    Ok(())
}

/// The slices of a second in which bytes trickle.
const SLICES: usize = 20;

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mode: Mode) -> io::Result<()> {
    let mut left = match mode {
        Mode::Cut(bytes) => bytes,
        _ => usize::MAX,
    };
    let mut buffer = vec![0; 64 << 10];
    loop {
        let most = match mode {
            Mode::Trickle(rate) => (rate / SLICES).max(1),
            _ => buffer.len(),
        };
        let read = from.read(&mut buffer[..most.min(left)]).await?;
        if read == 0 {
            return Ok(());
        }
        match mode {
            Mode::Delay(time) => sleep(time).await,
            Mode::Trickle(_) => sleep(Duration::from_secs(1) / 20).await,
            _ => {}
        }
        to.write_all(&buffer[..read]).await?;
        left -= read;
        if left == 0 {
            return Ok(());
        }
    }
}
