//! One HTTP/1.1 connection, used again and again: write a request, read its response.
//!
//! For the load tools. A client that costs as much as the server would measure itself, so there is
//! no task per connection, no channel and no header map here; the parser is the one hyper uses.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Headers of an answer; ours have about fifteen.
const HEADERS_MAX: usize = 64;
/// Bytes of a head, and of a body: a plan's report is the largest answer we ask for.
const HEAD_MAX: usize = 64 << 10;
const BODY_MAX: usize = 64 << 20;

/// What came back.
#[derive(Debug, Clone)]
pub struct Received {
    pub status: u16,
    /// The `Retry-After` header, in whole seconds.
    pub retry_after: Option<Duration>,
    /// Of a part of an export: where the next one begins, and whether there is one now.
    pub next: Option<(u64, bool)>,
    /// How long the head was.
    pub head_bytes: usize,
    pub body: Bytes,
}

/// How an answer's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

struct Head {
    status: u16,
    retry_after: Option<Duration>,
    next: Option<u64>,
    has_more: bool,
    framing: Framing,
    keeps_open: bool,
    bytes: usize,
}

/// A connection; used by one request at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: BytesMut,
    /// Whether the next request may use it too.
    pub(crate) is_open: bool,
    /// Whether anything of the current answer has arrived.
    pub(crate) has_heard: bool,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = BytesMut::with_capacity(4096);
        Ok(Connection { stream, buffer, is_open: true, has_heard: false })
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Received> {
        self.has_heard = false;
        // Unless everything goes well, what follows on this connection belongs to nobody.
        self.is_open = false;
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        let body = match head.framing {
            Framing::Length(count) => self.exactly(count).await?,
            Framing::Chunked => self.chunks().await?,
            Framing::UntilClose => self.rest().await?,
        };
        self.is_open = head.keeps_open && head.framing != Framing::UntilClose;
        let next = head.next.map(|next| (next, head.has_more));
        let Head { status, retry_after, bytes: head_bytes, .. } = head;
        Ok(Received { status, retry_after, next, head_bytes, body })
    }

    async fn head(&mut self) -> io::Result<Head> {
        loop {
            if let Some(head) = parse(&self.buffer)? {
                let _ = self.buffer.split_to(head.bytes);
                // 1xx answers announce the real one.
                if head.status >= 200 {
                    return Ok(head);
                }
                continue;
            }
            if self.buffer.len() > HEAD_MAX {
                return Err(bad("the head is too large"));
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.has_heard = true;
        Ok(())
    }

    async fn exactly(&mut self, count: usize) -> io::Result<Bytes> {
        if count > BODY_MAX {
            return Err(bad("the body is too large"));
        }
        while self.buffer.len() < count {
            self.more().await?;
        }
        Ok(self.buffer.split_to(count).freeze())
    }

    async fn chunks(&mut self) -> io::Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let (start, size) = loop {
                match httparse::parse_chunk_size(&self.buffer) {
                    Ok(httparse::Status::Complete(found)) => break found,
                    Ok(httparse::Status::Partial) => self.more().await?,
                    Err(_) => return Err(bad("a chunk has no size")),
                }
            };
            let size = usize::try_from(size).map_err(|_| bad("a chunk is too large"))?;
            let _ = self.buffer.split_to(start);
            // Each chunk, the last and empty one as well, ends with a line break.
            let chunk = self.exactly(size.saturating_add(2)).await?;
            if size == 0 {
                return Ok(body.freeze());
            }
            body.extend_from_slice(&chunk[..size]);
            if body.len() > BODY_MAX {
                return Err(bad("the body is too large"));
            }
        }
    }

    async fn rest(&mut self) -> io::Result<Bytes> {
        while self.stream.read_buf(&mut self.buffer).await? > 0 {
            if self.buffer.len() > BODY_MAX {
                return Err(bad("the body is too large"));
            }
        }
        Ok(self.buffer.split().freeze())
    }
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The head, once all of it is there.
fn parse(buffer: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(buffer).map_err(|_| bad("this is not HTTP"))?;
    let httparse::Status::Complete(bytes) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let mut head = Head {
        status,
        retry_after: None,
        next: None,
        has_more: false,
        framing: Framing::UntilClose,
        keeps_open: response.version == Some(1),
        bytes,
    };
    if status < 200 || status == 204 || status == 304 {
        head.framing = Framing::Length(0);
    }
    for header in response.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            let length = value.parse().map_err(|_| bad("the body has no length"))?;
            head.framing = Framing::Length(length);
        } else if is("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
            head.framing = Framing::Chunked;
        } else if is("connection") && value.eq_ignore_ascii_case("close") {
            head.keeps_open = false;
        } else if is("retry-after") {
            head.retry_after = value.parse().ok().map(Duration::from_secs);
        } else if is("floodgate-next") {
            head.next = value.parse().ok();
        } else if is("floodgate-more") {
            head.has_more = value == "true";
        }
    }
    Ok(Some(head))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::net::TcpListener;

    /// Answers each read with the next of these, byte by byte.
    async fn answering(answers: Vec<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                let mut asked = [0; 64];
                assert!(stream.read(&mut asked).await.unwrap() > 0);
                for byte in answer.as_bytes() {
                    stream.write_all(&[*byte]).await.unwrap();
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn every_kind_of_body_and_then_the_next() {
        let address = answering(vec![
            "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\n\r\n",
            "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        ])
        .await;
        let mut connection = Connection::open(&address).await.unwrap();
        let mut seen = Vec::new();
        for _ in 0..5 {
            let got = connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            seen.push((got.status, got.body, got.retry_after.map(|after| after.as_secs())));
        }
        let of = |status, body: &'static str, after| (status, Bytes::from(body), after);
        let expected = [
            of(201, "{}", None),
            of(200, "abcde", None),
            of(304, "", None),
            of(429, "", Some(7)),
            of(200, "until the end", None),
        ];
        assert_eq!(seen, expected);
        assert!(!connection.is_open, "a body that ends with the connection ends it");
    }

    #[tokio::test]
    async fn nonsense_and_hang_ups_are_errors() {
        for answer in ["SMTP ready\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"] {
            let address = answering(vec![answer]).await;
            let mut connection = Connection::open(&address).await.unwrap();
            assert!(connection.exchange(b"GET / HTTP/1.1\r\n\r\n").await.is_err());
            assert!(!connection.is_open);
        }
    }
}
