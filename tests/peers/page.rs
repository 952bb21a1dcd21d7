//! A static page for scraping.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use support::{Error, Result};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// An HTTP server that answers everything with one OpenMetrics page, until it is dropped.
pub(crate) struct Page {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Page {
    /// Serves `content` on a free port.
    pub(crate) fn serve(content: String) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::io("bind the page"))?;
        let address = listener
            .local_addr()
            .map_err(Error::io("read the page's address"))?;
        let closing = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&closing);
        let server = thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                // Set before the connection that wakes this loop is made, which orders the two.
                if flag.load(Ordering::SeqCst) {
                    return;
                }
                // A visitor who leaves early is no concern of the page.
                let _ = answer(&visitor, &content);
            }
        });
        Ok(Self {
            address,
            closing,
            server: Some(server),
        })
    }

    /// Where it is: `127.0.0.1:<port>`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        if TcpStream::connect(self.address).is_ok()
            && let Some(server) = self.server.take()
        {
            let _ = server.join();
        }
    }
}

fn answer(mut visitor: &TcpStream, content: &str) -> std::io::Result<()> {
    let mut request = BufReader::new(visitor).lines();
    while request
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let length = content.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {OPENMETRICS}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    visitor.write_all(format!("{head}{content}").as_bytes())
}
