//! A connection whose first bytes are looked at before they are read, and which ends when its
//! client takes nothing.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Bytes a client takes at least in each span of a write deadline. With the usual thirty seconds
/// that is less than the poorest line carries, and more than somebody takes who only holds us up.
const TAKEN_MIN: usize = 8 * 1024;
/// Bytes that are read at once while looking.
const LOOK_BYTES: usize = 1_024;

/// Since when a client is being waited for, and what it has taken since.
#[derive(Debug)]
struct Stall {
    ends: Pin<Box<Sleep>>,
    taken: usize,
}

/// A socket with its first bytes.
#[derive(Debug)]
pub(super) struct Socket<S> {
    inner: S,
    seen: BytesMut,
    deadline: Duration,
    stall: Option<Stall>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(super) fn new(inner: S, deadline: Duration) -> Self {
        Socket { inner, seen: BytesMut::new(), deadline, stall: None }
    }

    /// What has come so far and was not read yet.
    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Waits for more to come; `false` at the end.
    pub(super) async fn look(&mut self) -> io::Result<bool> {
        self.seen.reserve(LOOK_BYTES);
        Ok(self.inner.read_buf(&mut self.seen).await? > 0)
    }

    /// Takes so many of the seen bytes away.
    pub(super) fn skip(&mut self, count: usize) {
        self.seen.advance(count);
    }

    /// Notes what was written, or that the client has to be waited for.
    fn note(
        &mut self,
        cx: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(Ok(count)) => {
                if let Some(stall) = &mut self.stall {
                    stall.taken += count;
                }
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let deadline = self.deadline;
                let stall = self.stall.get_or_insert_with(|| Stall {
                    ends: Box::pin(tokio::time::sleep(deadline)),
                    taken: 0,
                });
                while stall.ends.as_mut().poll(cx).is_ready() {
                    if stall.taken < TAKEN_MIN {
                        metrics::counter!("floodgate_connections_stalled_total").increment(1);
                        return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                    }
                    stall.ends.as_mut().reset(tokio::time::Instant::now() + deadline);
                    stall.taken = 0;
                }
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.seen.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buffer);
        }
        let count = self.seen.len().min(buffer.remaining());
        buffer.put_slice(&self.seen.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.note(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.note(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    /// AskOutcome for once everything is written: then nobody is waited for.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.stall = None;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
