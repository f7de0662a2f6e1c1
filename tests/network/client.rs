//! A client that comes from an address of its choice on loopback, and shows what it got, byte by
//! byte.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Longer than anything here takes; only a broken build waits so long.
const LONG: Duration = Duration::from_secs(60);

/// Somebody whom no test trusts.
pub(super) const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 9, 0, 7);

/// A connection.
pub(super) struct Line {
    stream: TcpStream,
    pub(super) read: String,
}

impl Line {
    pub(super) async fn open(from: Ipv4Addr, to: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        let to: SocketAddr = to.trim_start_matches("http://").parse().unwrap();
        let stream = tokio::time::timeout(LONG, socket.connect(to)).await.unwrap().unwrap();
        Line { stream, read: String::new() }
    }

    /// Sends as much as the other end takes.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Whether there was more to read; an end is an end, however it comes.
    async fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let reading = tokio::time::timeout(LONG, self.stream.read(&mut buffer));
        let count = reading.await.expect("something, or an end").unwrap_or(0);
        self.read.push_str(&String::from_utf8_lossy(&buffer[..count]));
        count > 0
    }

    /// Reads until this text has come.
    pub(super) async fn until(&mut self, wanted: &str) {
        while !self.read.contains(wanted) {
            assert!(self.more().await, "it ended without {wanted}: {}", self.read);
        }
    }

    /// Everything until the other end closes.
    pub(super) async fn rest(mut self) -> String {
        while self.more().await {}
        self.read
    }
}

/// One request and everything that comes back.
pub(super) async fn ask(from: Ipv4Addr, to: &str, request: &str) -> String {
    let mut line = Line::open(from, to).await;
    // Who is refused may be so before having said anything.
    let _ = line.send(request).await;
    line.rest().await
}

pub(super) fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: tickets.example\r\nconnection: close\r\n{headers}\r\n")
}

pub(super) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// A header's value.
pub(super) fn header(answer: &str, name: &str) -> Option<String> {
    let head = answer.split("\r\n\r\n").next()?;
    let pairs = head.lines().filter_map(|line| line.split_once(": "));
    let mut named = pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.to_owned())
}

/// The JSON in an answer, whether it came in pieces or not.
pub(super) fn json(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let text = body.find('{').zip(body.rfind('}')).map_or("", |(from, to)| &body[from..=to]);
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {answer}"))
}
