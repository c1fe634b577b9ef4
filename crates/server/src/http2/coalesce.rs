//! Gathers what one turn of a connection writes into one system call.
//!
//! The HTTP/2 stack writes each answer by itself. Here a flush only asks for another turn of the connection, at whose first
//! read everything is written at once; answers that became ready in between go along.
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::flood::{Flood, GOAWAY};

/// Most bytes that wait. Longer answers are written as they come.
const ROOM: usize = 64 * 1024;
/// What a quiet connection keeps.
const KEPT: usize = 16 * 1024;
/// Bytes that are read of a caller before the others of the thread have a turn. A call that is taken back at once has 26, and
/// costs ten microseconds.
const MAX_TURN: usize = 4 * 1024;

/// A stream whose writes wait for the next read, flush of a full buffer, or shutdown.
#[derive(Debug)]
pub(super) struct Coalesce<S> {
    inner: S,
    waiting: BytesMut,
    asked: bool,
    signs: Signs,
    flood: Option<Flood>,
}

/// What a stream tells of the other side.
#[derive(Clone, Debug)]
pub(super) struct Signs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    heard: AtomicBool,
    flooded: AtomicBool,
    /// Bytes that may still be read in this turn.
    turn: AtomicUsize,
    start: Instant,
    /// Since when the other side takes nothing, in milliseconds after the start, and one more; 0: it takes what it gets.
    stuck_since: AtomicU64,
}

impl Signs {
    fn new() -> Self {
        let (heard, flooded, stuck_since) = Default::default();
        let turn = AtomicUsize::new(MAX_TURN);
        Self(Arc::new(Inner { heard, flooded, turn, start: Instant::now(), stuck_since }))
    }

    /// The connection's task has its turn.
    pub(super) fn begin_turn(&self) {
        self.0.turn.store(MAX_TURN, Ordering::Relaxed);
    }

    /// Whether anything was read since this was last asked.
    pub(super) fn take_heard(&self) -> bool {
        self.0.heard.swap(false, Ordering::Relaxed)
    }

    /// Whether it was given up for what the other side sent.
    pub(super) fn is_flooded(&self) -> bool {
        self.0.flooded.load(Ordering::Relaxed)
    }

    /// How long the other side has taken nothing of what waits for it.
    pub(super) fn stuck_for(&self) -> Duration {
        match self.0.stuck_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.0.start.elapsed().saturating_sub(Duration::from_millis(since - 1)),
        }
    }

    fn stuck(&self, stuck: bool) {
        let since = &self.0.stuck_since;
        if !stuck {
            if since.load(Ordering::Relaxed) != 0 {
                since.store(0, Ordering::Relaxed);
            }
        } else if since.load(Ordering::Relaxed) == 0 {
            let now = u64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(u64::MAX);
            since.store(now.saturating_add(1), Ordering::Relaxed);
        }
    }
}

impl<S: AsyncWrite + Unpin> Coalesce<S> {
    pub(super) fn new(inner: S) -> Self {
        let (waiting, signs) = (BytesMut::new(), Signs::new());
        Self { inner, waiting, asked: false, signs, flood: None }
    }

    /// The same, for a caller that may be hostile.
    pub(super) fn wary(self) -> Self {
        Self { flood: Some(Flood::new()), ..self }
    }

    pub(super) fn signs(&self) -> Signs {
        self.signs.clone()
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.asked = false;
        while !self.waiting.is_empty() {
            let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(cx, &self.waiting)? else {
                self.signs.stuck(true);
                return Poll::Pending;
            };
            self.signs.stuck(false);
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(written);
        }
        if self.waiting.capacity() > KEPT {
            self.waiting = BytesMut::new();
        } else {
            self.waiting.clear();
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// Room for at least one byte, once what waits has been written where it was too much.
    fn room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.waiting.len() >= ROOM {
            ready!(self.drain(cx))?;
        }
        Poll::Ready(Ok(ROOM - self.waiting.len()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Coalesce<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.waiting.is_empty()
            && let Poll::Ready(Err(error)) = this.drain(cx)
        {
            return Poll::Ready(Err(error));
        }
        let before = buf.filled().len();
        let read = if this.flood.is_some() {
            let left = this.signs.0.turn.load(Ordering::Relaxed);
            if left == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            // Not zeroed: that would cost a twentieth of a call.
            let mut room = [const { MaybeUninit::uninit() }; MAX_TURN];
            let mut part = ReadBuf::uninit(&mut room[..left.min(buf.remaining())]);
            let read = Pin::new(&mut this.inner).poll_read(cx, &mut part);
            buf.put_slice(part.filled());
            this.signs.0.turn.store(left - part.filled().len(), Ordering::Relaxed);
            read
        } else {
            Pin::new(&mut this.inner).poll_read(cx, buf)
        };
        let fresh = &buf.filled()[before..];
        if !fresh.is_empty() {
            this.signs.0.heard.store(true, Ordering::Relaxed);
        }
        if this.flood.as_mut().is_some_and(|flood| !flood.take(fresh)) {
            this.signs.0.flooded.store(true, Ordering::Relaxed);
            this.waiting.extend_from_slice(&GOAWAY);
            // It reads this or it does not.
            let _ = this.drain(cx);
            return Poll::Ready(Err(io::Error::other("too many frames that bring nothing")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Coalesce<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let taken = ready!(self.room(cx))?.min(buf.len());
        self.waiting.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = ready!(self.room(cx))?;
        let mut taken = 0;
        for buf in bufs {
            let part = buf.len().min(room - taken);
            self.waiting.extend_from_slice(&buf[..part]);
            taken += part;
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.waiting.is_empty() && !self.asked {
            self.asked = true;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::flood::PREFACE;
    use super::*;

    #[tokio::test]
    async fn what_is_flushed_leaves_at_the_next_read_and_nothing_is_lost_at_the_end() {
        let (near, mut far) = tokio::io::duplex(ROOM / 4);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let expected = sent.clone();
        let writer = tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(Coalesce::new(near));
            let reader = tokio::spawn(async move {
                let mut nothing = [0; 1];
                // Woken by each flush; an end of file is the other side's last word.
                let _ = read.read(&mut nothing).await;
            });
            for part in sent.chunks(1_500) {
                write.write_all(part).await.unwrap();
                write.flush().await.unwrap();
            }
            write.shutdown().await.unwrap();
            reader.await.unwrap();
        });
        let mut arrived = Vec::new();
        far.read_to_end(&mut arrived).await.unwrap();
        drop(far);
        writer.await.unwrap();
        assert_eq!(arrived, expected);
    }

    #[tokio::test]
    async fn whoever_sends_without_a_pause_leaves_others_a_turn() {
        let (near, mut far) = tokio::io::duplex(8 * MAX_TURN);
        // A frame that is longer than all of it.
        let mut sent = vec![0; 8 * MAX_TURN];
        sent[PREFACE..PREFACE + 3].fill(0xff);
        far.write_all(&sent).await.unwrap();
        let mut gather = Coalesce::new(near).wary();
        let mut buf = vec![0; MAX_TURN / 4];
        let (mut read, mut turns) = (0, 0);
        while read < 8 * MAX_TURN {
            match futures_util::poll!(std::pin::pin!(gather.read(&mut buf))) {
                Poll::Ready(bytes) => read += bytes.unwrap(),
                Poll::Pending => {
                    assert!(
                        read > turns * MAX_TURN && read.is_multiple_of(MAX_TURN),
                        "{read} in {turns} turns"
                    );
                    let again = futures_util::poll!(std::pin::pin!(gather.read(&mut buf)));
                    assert!(again.is_pending(), "a turn is over until the next begins");
                    turns += 1;
                    gather.signs().begin_turn();
                }
            }
        }
        assert_eq!(turns, 7);
    }

    #[tokio::test]
    async fn several_flushed_writes_arrive_together() {
        let (near, mut far) = tokio::io::duplex(ROOM);
        let mut gather = Coalesce::new(near);
        for part in [b"one ", b"two ", b"six "] {
            gather.write_all(part).await.unwrap();
            gather.flush().await.unwrap();
        }
        let mut buf = [0; 64];
        let early = tokio::time::timeout(Duration::from_millis(20), far.read(&mut buf)).await;
        assert!(early.is_err(), "nothing leaves before the connection's next turn");
        let turn = tokio::time::timeout(Duration::from_millis(20), gather.read(&mut [0; 1])).await;
        assert!(turn.is_err());
        assert_eq!(far.read(&mut buf).await.unwrap(), 12);
    }
}
