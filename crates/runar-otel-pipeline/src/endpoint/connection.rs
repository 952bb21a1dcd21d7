//! A connection of the endpoint, which no client can hold for ever.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use super::{activity::Activity, respond::MetricsPage};

/// The time after which a client that takes nothing of a response is dropped.
const STALL_LIMIT: Duration = Duration::from_secs(20);

/// The size limit of the read buffer, in bytes: no request of a scraper is nearly as large.
const BUFFER: usize = 64 * 1024;

/// Answers the requests of one client until it goes, stalls, or `stop` completes.
pub(super) async fn serve(
    stream: TcpStream,
    page: Arc<MetricsPage>,
    header_timeout: Duration,
    activity: Activity,
    stop: impl Future<Output = ()>,
) {
    let _ = stream.set_nodelay(true);
    let noted = activity.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (page, activity) = (page.clone(), noted.clone());
        async move {
            activity.set_busy(true);
            let response = page.respond(&request).await;
            activity.set_busy(false);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(BUFFER)
        .serve_connection(
            TokioIo::new(StallGuard::new(stream, STALL_LIMIT, activity)),
            service,
        );
    let mut connection = pin!(connection);
    // A client that breaks the protocol or goes away is none of the application's business.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A stream whose writes fail when the other side takes nothing for too long.
struct StallGuard<S> {
    stream: S,
    limit: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    activity: Activity,
}

impl<S> StallGuard<S> {
    fn new(stream: S, limit: Duration, activity: Activity) -> Self {
        Self {
            stream,
            limit,
            stalled: None,
            activity,
        }
    }

    fn limit_stall<T>(
        &mut self,
        cx: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.activity.note_bytes();
            self.activity.set_writing(false);
            self.stalled = None;
            return progress;
        }
        self.activity.set_writing(true);
        let limit = self.limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        stalled
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StallGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if progress.is_ready() {
            self.activity.note_bytes();
        }
        progress
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StallGuard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.limit_stall(cx, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.limit_stall(cx, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, time::Instant};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_left() {
        let (ours, _theirs) = tokio::io::duplex(8);
        let mut stream = StallGuard::new(ours, STALL_LIMIT, Activity::new());
        let started = Instant::now();
        let error = stream.write_all(&[0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), STALL_LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_served() {
        use tokio::io::AsyncReadExt;
        let (ours, mut theirs) = tokio::io::duplex(1);
        let mut stream = StallGuard::new(ours, STALL_LIMIT, Activity::new());
        let reading = async move {
            for _ in 0..5 {
                sleep(STALL_LIMIT - Duration::from_secs(1)).await;
                theirs.read_u8().await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(stream.write_all(&[0; 5]), reading);
        written.unwrap();
    }
}
