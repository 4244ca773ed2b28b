//! The line under one connection, and a handle with which the server ends it from outside of whoever writes to it.
//!
//! A library that owns a socket may wait for a peer that does not read, and then hear of nothing else. The handle makes
//! its reads end and its writes fail. Knows no protocol; a cord that nobody watches only hands bytes on, unless it was
//! asked to keep one ping from a client (`crate::first_ping`).

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep};

use crate::first_ping::{FirstPing, Outgoing};

/// What a reader has to take while it is waited for, or it does not count as reading.
const PROGRESS_BYTES: usize = 16 * 1024;
/// What is read at once of a peer that is not heard any more, and how often before others have their turn.
const DEAF_BYTES: usize = 2 * 1024;
const DEAF_READS: usize = 32;
/// How long a line that was ended may take for what was already on its way.
const GOODBYE: Duration = Duration::from_secs(1);

/// What went out to one peer, in all and by whatever line, and a bell for whoever waits for more of it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    bytes: AtomicU64,
    packets: AtomicU64,
    awaited: AtomicBool,
    bell: Notify,
}

impl Tally {
    /// More went out.
    pub(crate) fn add(&self, bytes: u64, packets: u64) {
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
        self.packets.fetch_add(packets, Ordering::SeqCst);
        // Whoever waits has asked before it looked: it has seen these, or is rung for.
        if self.awaited.load(Ordering::SeqCst) && self.awaited.swap(false, Ordering::SeqCst) {
            self.bell.notify_one();
        }
    }

    /// Bytes, and packets as far as somebody counts them.
    pub(crate) fn read(&self) -> (u64, u64) {
        (self.bytes.load(Ordering::SeqCst), self.packets.load(Ordering::SeqCst))
    }

    /// Asks for the bell. Look again behind it.
    pub(crate) fn ask(&self) {
        self.awaited.store(true, Ordering::SeqCst);
    }

    /// Resolves when something went out since it was asked for.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }
}

/// The handle.
#[derive(Debug, Default)]
pub(crate) struct Cord {
    patience_ms: AtomicU64,
    /// Asked for, not yet begun: for how long the line looks for a first ping.
    first_ping_ms: AtomicU64,
    ended: AtomicBool,
    deaf: AtomicBool,
    tally: OnceLock<Arc<Tally>>,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Cord {
    /// From now on a peer that takes nothing for so long ends the line.
    pub(crate) fn watch(&self, patience_ms: u64) {
        self.patience_ms.store(patience_ms, Ordering::Relaxed);
    }

    /// This line becomes a WebSocket whose first ping, if it comes so soon, is answered here and not by the client.
    pub(crate) fn keep_first_ping(&self, within: Duration) {
        let within_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        self.first_ping_ms.store(within_ms, Ordering::Relaxed);
    }

    /// From now on bytes that are written are added here.
    pub(crate) fn tally(&self, tally: &Arc<Tally>) {
        // A line belongs to one session: another tally is the same.
        let _ = self.tally.set(Arc::clone(tally));
    }

    /// From now on nothing that the peer sends is heard but its end. It is read all the same: a line that is closed over
    /// unread bytes is reset, and the peer loses what it has not read itself.
    pub(crate) fn deafen(&self) {
        self.deaf.store(true, Ordering::Release);
        self.reader.wake();
    }

    /// Ends the line: reading meets its end now, writing has a moment for a goodbye.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// How long a write may wait; `None`: for ever.
    fn patience(&self) -> Option<Duration> {
        if self.is_ended() {
            return Some(GOODBYE);
        }
        match self.patience_ms.load(Ordering::Relaxed) {
            0 => None,
            patience_ms => Some(Duration::from_millis(patience_ms)),
        }
    }
}

/// The line.
pub(crate) struct Corded {
    stream: TcpStream,
    cord: Arc<Cord>,
    /// Runs while a write waits.
    stall: Option<Pin<Box<Sleep>>>,
    /// Written since it runs.
    taken: usize,
    /// The goodbye has begun: the clock is not set back any more.
    hurried: bool,
    /// While it is looked for.
    first_ping: Option<Box<FirstPing>>,
}

impl Corded {
    /// Around a socket.
    pub(crate) fn new(stream: TcpStream) -> (Self, Arc<Cord>) {
        let cord = Arc::new(Cord::default());
        (Self { stream, cord: Arc::clone(&cord), stall: None, taken: 0, hurried: false, first_ping: None }, cord)
    }

    /// Begins to look for a first ping where that was asked for, and stops where it is over.
    fn first_ping(&mut self) -> Option<&mut FirstPing> {
        if self.cord.first_ping_ms.load(Ordering::Relaxed) > 0 {
            let within = Duration::from_millis(self.cord.first_ping_ms.swap(0, Ordering::Relaxed));
            self.first_ping = Some(Box::new(FirstPing::new(std::time::Instant::now() + within)));
        }
        self.first_ping.take_if(|ping| ping.is_over(std::time::Instant::now()));
        self.first_ping.as_deref_mut()
    }

    /// Reads for one who may have to meet something first.
    fn read_past(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Option<Poll<io::Result<()>>> {
        let ping = self.first_ping.as_mut()?;
        let injected = ping.inject(buffer.remaining());
        if !injected.is_empty() {
            buffer.put_slice(injected);
            return Some(Poll::Ready(Ok(())));
        }
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(ping.readable(buffer.remaining())));
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        ping.read(part.filled());
        let len = part.filled().len();
        buffer.advance(len);
        Some(read)
    }

    /// Reads for one who is not to hear anything any more.
    fn read_away(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; DEAF_BYTES];
        for _ in 0..DEAF_READS {
            let mut unheard = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut unheard))?;
            if unheard.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn written(
        &mut self,
        cx: &mut Context<'_>,
        wanted: usize,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(Ok(bytes)) => {
                if let Some(tally) = self.cord.tally.get() {
                    tally.add(bytes as u64, 0);
                }
                self.taken = self.taken.saturating_add(bytes);
                let caught_up = bytes == wanted || self.taken >= PROGRESS_BYTES;
                if caught_up && !self.hurried {
                    (self.stall, self.taken) = (None, 0);
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.cord.writer.register(cx.waker());
                let Some(patience) = self.cord.patience() else {
                    return Poll::Pending;
                };
                let hurry = self.cord.is_ended() && !self.hurried;
                let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(patience)));
                if hurry {
                    self.hurried = true;
                    stall.as_mut().reset(Instant::now() + patience);
                }
                ready!(stall.as_mut().poll(cx));
                // Whoever only notes that a write has failed finds the end when it reads.
                self.cord.end();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncRead for Corded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.cord.reader.register(cx.waker());
        if self.cord.is_ended() {
            return Poll::Ready(Ok(()));
        }
        if self.cord.deaf.load(Ordering::Acquire) {
            return self.read_away(cx);
        }
        if self.first_ping().is_some()
            && let Some(read) = self.read_past(cx, buffer)
        {
            return read;
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Corded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut bytes = bytes;
        if let Some(ping) = self.first_ping().filter(|_| !bytes.is_empty()) {
            match ping.outgoing(bytes) {
                Outgoing::Pass(len) => bytes = bytes.get(..len).unwrap_or(bytes),
                Outgoing::Swallow(len) => {
                    self.cord.reader.wake();
                    return Poll::Ready(Ok(len));
                }
            }
        }
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let (Poll::Ready(Ok(len)), Some(ping)) = (&wrote, &mut self.first_ping) {
            ping.wrote(bytes.get(..*len).unwrap_or(bytes));
        }
        self.written(cx, bytes.len(), wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.first_ping().is_some()
            && let Some(part) = parts.iter().find(|part| !part.is_empty())
        {
            return self.poll_write(cx, part);
        }
        let wanted = parts.iter().map(|part| part.len()).sum();
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.written(cx, wanted, wrote)
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

impl fmt::Debug for Corded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Corded(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::Corded;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("has an address");
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        (near.expect("connects"), far.expect("is accepted").0)
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_a_watched_line() {
        let (stream, _far) = pair().await;
        let (mut line, cord) = Corded::new(stream);
        cord.watch(50);
        let fill = async { while line.write_all(&vec![0; 65_536]).await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(10), fill).await.expect("the write fails instead of waiting");
        let mut nothing = [0; 8];
        let read =
            tokio::time::timeout(Duration::from_secs(10), line.read(&mut nothing)).await.expect("reading ends, too");
        assert_eq!(read.ok(), Some(0));
    }

    #[tokio::test]
    async fn a_line_that_is_deaf_hears_the_end_and_nothing_before_it() {
        let (stream, mut far) = pair().await;
        let (mut line, cord) = Corded::new(stream);
        far.write_all(b"heard").await.expect("is open");
        let mut heard = [0; 5];
        line.read_exact(&mut heard).await.expect("comes");
        cord.deafen();
        let reading = tokio::spawn(async move { line.read(&mut [0; 8]).await.ok() });
        // More than the sockets hold: it is read.
        let much = vec![0; 8 * 1024 * 1024];
        let talk = far.write_all(&much);
        tokio::time::timeout(Duration::from_secs(10), talk).await.expect("is taken").expect("is open");
        assert!(!reading.is_finished());
        drop(far);
        let end = tokio::time::timeout(Duration::from_secs(10), reading).await.expect("ends");
        assert_eq!(end.ok().flatten(), Some(0));
    }

    #[tokio::test]
    async fn a_line_that_is_ended_stops_reading_and_writing() {
        let (stream, _far) = pair().await;
        let (line, cord) = Corded::new(stream);
        let (mut reading, mut writing) = tokio::io::split(line);
        let read = tokio::spawn(async move { reading.read(&mut [0; 8]).await.ok() });
        let write = tokio::spawn(async move { while writing.write_all(&vec![0; 65_536]).await.is_ok() {} });
        tokio::task::yield_now().await;
        cord.end();
        let ended = async { (read.await.ok().flatten(), write.await.is_ok()) };
        let ended = tokio::time::timeout(Duration::from_secs(10), ended).await.expect("both end");
        assert_eq!(ended, (Some(0), true));
    }
}
