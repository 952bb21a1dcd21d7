//! The endpoint as its clients see it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{Endpoint, EndpointOptions, Format, Scrape, ScrapeFailed, ScrapeFuture, Scraped};
use crate::{background::Background, gzip};

/// A source of pages: one of a size in bytes, a panic, or none for ever.
enum Source {
    Size(usize),
    Panic,
    Fail,
    Hang,
}

impl Scrape for Source {
    fn scrape(&self, format: Format) -> ScrapeFuture {
        let size = match self {
            Self::Size(size) => *size,
            Self::Panic => panic!("a panic of a scrape, on purpose"),
            Self::Fail => return Box::pin(async { Err(ScrapeFailed) }),
            Self::Hang => return Box::pin(std::future::pending()),
        };
        Box::pin(async move {
            Ok(Scraped {
                content_type: format.content_type(),
                body: Bytes::from("x".repeat(size)),
            })
        })
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn start(
    source: Source,
    adjust: impl FnOnce(&mut EndpointOptions),
) -> (Background, Endpoint, SocketAddr) {
    let background = Background::start().unwrap();
    let mut options = EndpointOptions {
        port: 0,
        ..EndpointOptions::default()
    };
    adjust(&mut options);
    let endpoint = Endpoint::spawn(background.handle(), options, Arc::new(source));
    let address = endpoint.wait_bound(soon()).unwrap();
    (background, endpoint, address)
}

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

fn call(address: SocketAddr, request_line: &str, headers: &str) -> Reply {
    let mut stream = connect(address);
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    read(stream)
}

fn read(stream: TcpStream) -> Reply {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut body = Vec::new();
    reader.read_to_end(&mut body).unwrap();
    Reply {
        status,
        headers,
        body,
    }
}

#[test]
fn the_format_follows_the_client() {
    let (_background, _endpoint, address) = start(Source::Size(3), |_| ());
    let text = call(address, "GET /metrics", "");
    assert_eq!((text.status, text.body.as_slice()), (200, &b"xxx"[..]));
    assert_eq!(
        text.header("content-type"),
        Some(Format::Text.content_type())
    );
    assert_eq!(text.header("vary"), Some("accept, accept-encoding"));
    let accept = "accept: text/plain;q=0.5\r\naccept: application/openmetrics-text\r\n";
    let open = call(address, "GET /metrics?name=up", accept);
    assert_eq!(
        open.header("content-type"),
        Some(Format::OpenMetrics.content_type())
    );
}

#[test]
fn large_bodies_arrive_plain_and_compressed() {
    let size = 5_000_000;
    let (_background, _endpoint, address) = start(Source::Size(size), |_| ());
    let plain = call(address, "GET /metrics", "");
    assert_eq!(plain.body.len(), size);
    let packed = call(address, "GET /metrics", "accept-encoding: gzip\r\n");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < size / 10);
    assert_eq!(gzip::decompressed(&packed.body), plain.body);
}

#[test]
fn head_is_get_without_the_body() {
    let (_background, _endpoint, address) = start(Source::Size(300), |_| ());
    let reply = call(address, "HEAD /metrics", "");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-length"), Some("300"));
    assert_eq!(
        reply.header("content-type"),
        Some(Format::Text.content_type())
    );
    assert!(reply.body.is_empty());
}

#[test]
fn an_unknown_path_shows_the_way() {
    let (_background, _endpoint, address) = start(Source::Size(3), |options| {
        options.path = "telemetry".to_owned();
    });
    for (line, status) in [
        ("GET /", 200),
        ("GET /metrics", 404),
        ("POST /metrics", 404),
    ] {
        let reply = call(address, line, "");
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (status, &b"metrics are at /telemetry\n"[..])
        );
    }
    let reply = call(address, "POST /telemetry", "content-length: 0\r\n");
    assert_eq!(
        (reply.status, reply.header("allow")),
        (405, Some("GET, HEAD"))
    );
}

#[test]
fn one_connection_serves_many_scrapes() {
    let (_background, _endpoint, address) = start(Source::Size(3), |_| ());
    let mut stream = connect(address);
    for _ in 0..3 {
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\nxxx") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
    }
}

#[test]
fn a_scrape_that_fails_or_hangs_is_an_error_of_its_own() {
    for source in [Source::Panic, Source::Fail] {
        let (_background, _endpoint, address) = start(source, |_| ());
        for _ in 0..2 {
            assert_eq!(call(address, "GET /metrics", "").status, 500);
        }
    }
    let (_background, _endpoint, address) = start(Source::Hang, |options| {
        options.scrape_timeout = Duration::from_millis(20);
    });
    assert_eq!(call(address, "GET /metrics", "").status, 503);
}

#[test]
fn slow_clients_block_nobody() {
    let (_background, _endpoint, address) = start(Source::Size(20_000_000), |_| ());
    let mut slow: Vec<_> = (0..10).map(|_| connect(address)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /met").unwrap();
    }
    // A client that asks for a large response and takes none of it.
    let mut deaf = connect(address);
    deaf.write_all(b"GET /metrics HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    assert_eq!(call(address, "GET /metrics", "").status, 200);
}

#[test]
fn a_client_that_never_ends_a_request_makes_room_for_others() {
    let (_background, _endpoint, address) = start(Source::Size(3), |options| {
        options.max_connections = 2;
        options.header_timeout = Duration::from_millis(50);
    });
    let mut slow: Vec<_> = (0..2).map(|_| connect(address)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /met").unwrap();
    }
    assert_eq!(call(address, "GET /metrics", "").status, 200);
}

#[test]
fn idle_connections_make_room_before_their_time_is_over() {
    let (_background, _endpoint, address) = start(Source::Size(3), |options| {
        options.max_connections = 2;
        options.header_timeout = Duration::from_secs(3600);
    });
    let _silent: Vec<_> = (0..6).map(|_| connect(address)).collect();
    for _ in 0..3 {
        assert_eq!(call(address, "GET /metrics", "").status, 200);
    }
}

#[test]
fn a_taken_port_is_served_once_it_is_free() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let background = Background::start().unwrap();
    let options = EndpointOptions {
        port: address.port(),
        ..EndpointOptions::default()
    };
    let endpoint = Endpoint::spawn(background.handle(), options, Arc::new(Source::Size(3)));
    assert_eq!(
        endpoint.wait_bound(Instant::now() + Duration::from_millis(50)),
        None
    );
    drop(other);
    assert_eq!(endpoint.wait_bound(soon()), Some(address));
    assert_eq!(call(address, "GET /metrics", "").status, 200);
}

#[test]
fn stop_frees_the_port_with_clients_still_connected() {
    let (background, endpoint, address) = start(Source::Size(3), |_| ());
    let _idle = connect(address);
    let mut slow = connect(address);
    slow.write_all(b"GET /met").unwrap();
    assert!(endpoint.stop(soon()));
    assert!(endpoint.stop(soon()));
    assert_eq!(endpoint.local_addr(), None);
    let options = EndpointOptions {
        port: address.port(),
        ..EndpointOptions::default()
    };
    let again = Endpoint::spawn(background.handle(), options, Arc::new(Source::Size(3)));
    assert_eq!(again.wait_bound(soon()), Some(address));
}

#[test]
fn a_dropped_endpoint_and_a_dead_runtime_keep_nobody_waiting() {
    let (background, endpoint, address) = start(Source::Size(3), |_| ());
    drop(background);
    assert!(endpoint.stop(soon()));
    let (background, endpoint, _) = start(Source::Size(3), |options| options.port = address.port());
    drop(endpoint);
    let options = EndpointOptions {
        port: address.port(),
        ..EndpointOptions::default()
    };
    let next = Endpoint::spawn(background.handle(), options, Arc::new(Source::Size(3)));
    assert_eq!(next.wait_bound(soon()), Some(address));
}
