//! The line under one connection, and a handle with which the server ends it from outside of whoever writes to it.
//!
//! A library that owns a socket may wait for a peer that does not read, and then hear of nothing else. The handle makes
//! its reads end and its writes fail. Knows no protocol; a handle that nobody watches only hands bytes on, unless it was
//! asked to count a client's frames (`crate::frames`).

use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::task::AtomicWaker;
use realtime::session::TryWrite;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::connections::Place;
use crate::frames::Frames;
use crate::pace::{FrameRate, Pace};

/// What a peer has to take while it is waited for, or it does not count as reading.
const PROGRESS_BYTES: usize = 16 * 1024;
/// How long a line that was ended may take for what was already on its way.
const GOODBYE: Duration = Duration::from_secs(1);

/// The handle.
#[derive(Debug, Default)]
pub(crate) struct StreamHandle {
    patience_ms: AtomicU64,
    /// From now on the line carries WebSocket frames, which are counted.
    frames: OnceLock<FrameRate>,
    hurried: AtomicBool,
    ended: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl StreamHandle {
    /// From now on a peer that takes nothing for so long ends the line.
    pub(crate) fn watch(&self, patience_ms: u64) {
        self.patience_ms.store(patience_ms, Ordering::Relaxed);
    }

    /// This line becomes a WebSocket: from now on the frames that its client sends are counted, and those beyond the rate
    /// wait in the peer's own buffers. What is no request of a session (pings, pongs, parts of messages, what a library
    /// below takes for itself) is counted nowhere else.
    pub(crate) fn count_frames(&self, rate: FrameRate) {
        // A line becomes one WebSocket: another rate is the same.
        let _ = self.frames.set(rate);
    }

    /// The server stops: whoever has something to read has a moment for it.
    pub(crate) fn hurry(&self) {
        self.hurried.store(true, Ordering::Release);
        self.writer.wake();
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

    fn is_hurried(&self) -> bool {
        self.is_ended() || self.hurried.load(Ordering::Acquire)
    }

    /// How long a write may wait; `None`: for ever.
    fn patience(&self) -> Option<Duration> {
        if self.is_hurried() {
            return Some(GOODBYE);
        }
        match self.patience_ms.load(Ordering::Relaxed) {
            0 => None,
            patience_ms => Some(Duration::from_millis(patience_ms)),
        }
    }
}

/// The line.
pub struct AbortableStream {
    reading: OwnedReadHalf,
    /// Also in the hands of whoever writes without waiting.
    writing: Arc<Writing>,
    handle: Arc<StreamHandle>,
    /// There while a write waits.
    stall: Option<Stall>,
    /// Written since it is there.
    taken: usize,
    /// The goodbye has begun: the clock is not set back any more.
    hurried: bool,
    /// Of a line that became a WebSocket; none where TLS is on it, and frames are counted behind that.
    counter: Option<FrameCounter>,
    /// Something was read since buffers were last cleared.
    is_soiled: bool,
    /// Given back when the line is gone.
    _place: Option<Place>,
}

/// A write that waits.
struct Stall {
    over: Pin<Box<Sleep>>,
    /// What the peer had not taken of earlier writes when it began.
    untaken: Option<usize>,
}

/// The frames that come in.
struct Counted {
    frames: Frames,
    pace: Pace,
    /// Runs while they are too many.
    wait: Option<Pin<Box<Sleep>>>,
}

/// Counts the frames of a line that became a WebSocket, and makes those beyond the rate wait.
pub(crate) struct FrameCounter {
    handle: Arc<StreamHandle>,
    counted: Option<Box<Counted>>,
}

impl FrameCounter {
    /// From when the handle says that there are frames.
    pub(crate) const fn new(handle: Arc<StreamHandle>) -> Self {
        Self { handle, counted: None }
    }

    /// Waits while the client's frames are too many.
    pub(crate) fn poll_pace(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.counted.is_none() {
            let Some(rate) = self.handle.frames.get() else { return Poll::Ready(()) };
            let pace = Pace::new(*rate, std::time::Instant::now());
            self.counted = Some(Box::new(Counted { frames: Frames::default(), pace, wait: None }));
        }
        let Some(counted) = &mut self.counted else { return Poll::Ready(()) };
        let Some(until) = counted.pace.wait_until(std::time::Instant::now()) else {
            counted.wait = None;
            return Poll::Ready(());
        };
        let wait = counted.wait.get_or_insert_with(|| Box::pin(sleep_until(until.into())));
        wait.as_mut().reset(until.into());
        wait.as_mut().poll(cx)
    }

    /// Counts what came in.
    pub(crate) fn count(&mut self, bytes: &[u8]) {
        if let Some(counted) = &mut self.counted {
            let begun = counted.frames.count(bytes);
            counted.pace.count(std::time::Instant::now(), begun);
        }
    }
}

/// Bytes that the system has taken of a socket's writer and its peer has not (`SIOCOUTQ`); `None` where it does not tell.
fn untaken(stream: &TcpStream) -> Option<usize> {
    let mut bytes: libc::c_int = 0;
    #[expect(unsafe_code, reason = "the standard library does not tell how much of a socket's buffer is left")]
    // SAFETY: the descriptor is that of a live socket, and the call writes one integer where the pointer says.
    let failed = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) } != 0;
    if failed { None } else { usize::try_from(bytes).ok() }
}

impl AbortableStream {
    /// Around a socket. The place is given back with it, whoever has the line then.
    pub(crate) fn new(stream: TcpStream, place: Option<Place>) -> (Self, Arc<StreamHandle>) {
        let handle = Arc::new(StreamHandle::default());
        let (reading, writing) = stream.into_split();
        let line = Self {
            reading,
            writing: Arc::new(Writing(writing)),
            handle: Arc::clone(&handle),
            stall: None,
            taken: 0,
            hurried: false,
            counter: Some(FrameCounter::new(Arc::clone(&handle))),
            is_soiled: false,
            _place: place,
        };
        (line, handle)
    }

    /// What it carries is no client's frames as they are: TLS comes on it.
    pub(crate) fn under_tls(mut self) -> Self {
        self.counter = None;
        self
    }

    /// What is written goes out at once.
    pub(crate) fn set_nodelay(&self) {
        // Fails only on a socket that is gone already, and then so does everything after it.
        let _ = self.reading.as_ref().set_nodelay(true);
    }

    /// For somebody who writes to it without waiting, at times when nobody else does.
    pub(crate) fn writing(&self) -> Arc<Writing> {
        Arc::clone(&self.writing)
    }

    /// Writes when the system takes something.
    fn poll_try(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&OwnedWriteHalf) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.reading.as_ref().poll_write_ready(cx))?;
            match write(&self.writing.0) {
                // Its readiness was of before.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn written(
        &mut self,
        cx: &mut Context<'_>,
        wanted: usize,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(Ok(bytes)) => {
                self.taken = self.taken.saturating_add(bytes);
                let caught_up = bytes == wanted || self.taken >= PROGRESS_BYTES;
                if caught_up && !self.hurried {
                    (self.stall, self.taken) = (None, 0);
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.handle.writer.register(cx.waker());
                let Some(patience) = self.handle.patience() else {
                    return Poll::Pending;
                };
                let hurry = self.handle.is_hurried() && !self.hurried;
                let (stream, taken) = (self.reading.as_ref(), &mut self.taken);
                let stall = self.stall.get_or_insert_with(|| {
                    *taken = 0;
                    Stall { over: Box::pin(sleep(patience)), untaken: untaken(stream) }
                });
                if hurry {
                    self.hurried = true;
                    stall.over.as_mut().reset(Instant::now() + patience);
                }
                ready!(stall.over.as_mut().poll(cx));
                // The system wakes a writer late, when a good part of a large buffer is free: a slow reader of what was
                // written long ago is one that reads.
                let now = untaken(self.reading.as_ref());
                let read = stall.untaken.zip(now).map(|(before, now)| (before + self.taken).saturating_sub(now));
                if !self.hurried && read.is_some_and(|read| read >= PROGRESS_BYTES) {
                    (stall.untaken, self.taken) = (now, 0);
                    stall.over.as_mut().reset(Instant::now() + patience);
                    ready!(stall.over.as_mut().poll(cx));
                }
                // Whoever only notes that a write has failed finds the end when it reads.
                self.handle.end();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncRead for AbortableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.handle.reader.register(cx.waker());
        if self.handle.is_ended() {
            return Poll::Ready(Ok(()));
        }
        if let Some(counter) = &mut self.counter {
            ready!(counter.poll_pace(cx));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.reading).poll_read(cx, buffer);
        if let Some(counter) = &mut self.counter {
            counter.count(buffer.filled().get(before..).unwrap_or_default());
        }
        if buffer.filled().len() > before {
            self.is_soiled = true;
        } else if read.is_pending() && std::mem::take(&mut self.is_soiled) {
            // Whoever reads has done with what came before, and uses the same buffer again.
            forgetting::clear(buffer.initialize_unfilled());
        }
        read
    }
}

impl AsyncWrite for AbortableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = self.poll_try(cx, |writing| writing.try_write(bytes));
        self.written(cx, bytes.len(), wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wanted = parts.iter().map(|part| part.len()).sum();
        let wrote = self.poll_try(cx, |writing| writing.try_write_vectored(parts));
        self.written(cx, wanted, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The system has what was written.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Another handle to the same line: tokio ends a direction only for whoever has that alone.
        let line = self.reading.as_ref().as_fd().try_clone_to_owned();
        Poll::Ready(line.and_then(|line| std::net::TcpStream::from(line).shutdown(std::net::Shutdown::Write)))
    }
}

/// The half of a line that is written to.
pub(crate) struct Writing(OwnedWriteHalf);

impl TryWrite for Writing {
    fn try_write(&self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match parts {
            // Cheaper for the system than a list of one.
            [part] => self.0.try_write(part),
            parts => self.0.try_write_vectored(parts),
        }
    }
}

impl fmt::Debug for AbortableStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AbortableStream(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::AbortableStream;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("has an address");
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        (near.expect("connects"), far.expect("is accepted").0)
    }

    /// Without an address, as they come from a Unix socket.
    fn unix_pair() -> (TcpStream, TcpStream) {
        let (near, far) = std::os::unix::net::UnixStream::pair().expect("there are sockets");
        let stream = |socket: std::os::unix::net::UnixStream| {
            socket.set_nonblocking(true).expect("can be set");
            TcpStream::from_std(std::net::TcpStream::from(OwnedFd::from(socket))).expect("is a socket")
        };
        (stream(near), stream(far))
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_a_watched_line() {
        for (stream, _far) in [pair().await, unix_pair()] {
            takes_nothing(stream).await;
        }
    }

    async fn takes_nothing(stream: TcpStream) {
        let (mut line, handle) = AbortableStream::new(stream, None);
        handle.watch(50);
        let fill = async { while line.write_all(&vec![0; 65_536]).await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(10), fill).await.expect("the write fails instead of waiting");
        let mut nothing = [0; 8];
        let read =
            tokio::time::timeout(Duration::from_secs(10), line.read(&mut nothing)).await.expect("reading ends, too");
        assert_eq!(read.ok(), Some(0));
    }

    #[tokio::test]
    async fn a_reader_that_is_slow_but_reads_keeps_its_line() {
        tokio::join!(
            async {
                let (stream, far) = pair().await;
                is_slow(stream, far).await;
            },
            async {
                let (stream, far) = unix_pair();
                is_slow(stream, far).await;
            }
        );
    }

    async fn is_slow(stream: TcpStream, mut far: TcpStream) {
        let (mut line, handle) = AbortableStream::new(stream, None);
        handle.watch(200);
        // More than the sockets hold, so that the writer waits; taken in portions over several times its patience.
        let much = vec![0; 12 * 1024 * 1024];
        let reading = async {
            let mut portion = vec![0; 128 * 1024];
            let mut every = tokio::time::interval(Duration::from_millis(20));
            let mut left = much.len();
            while left > 0 {
                every.tick().await;
                left -= far.read(&mut portion).await.expect("the line is open");
            }
        };
        let writing = line.write_all(&much);
        let (written, ()) = tokio::join!(writing, reading);
        written.expect("nobody gives up");
    }

    #[tokio::test]
    async fn frames_beyond_the_rate_wait_and_none_is_lost() {
        let (stream, mut far) = pair().await;
        let (mut line, handle) = AbortableStream::new(stream, None);
        let limits = protocol::Limits { frames_per_minute: 60_000, ..protocol::Limits::default() };
        handle.count_frames(crate::pace::FrameRate::of_frames(&limits));
        let ping = [0x89, 0x80, 0, 0, 0, 0];
        let pings = ping.repeat(6_000);
        let began = std::time::Instant::now();
        let writing = far.write_all(&pings);
        let reading = async {
            let (mut received, mut portion) = (Vec::<u8>::new(), [0; 4_096]);
            while received.len() < pings.len() {
                let len = line.read(&mut portion).await.expect("the line is open");
                received.extend(&portion[..len]);
            }
            received
        };
        let (written, received) = tokio::join!(writing, reading);
        assert!(written.is_ok() && received == pings);
        // A burst of 4,096 at once, then four in a millisecond.
        assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_buffer_that_is_used_again_is_cleared_when_nothing_more_comes() {
        let (stream, mut far) = pair().await;
        let ((mut line, _), mut bytes) = (AbortableStream::new(stream, None), [0; 16]);
        far.write_all(b"a message").await.expect("is open");
        assert_eq!(line.read(&mut bytes).await.ok(), Some(9));
        assert!(futures::poll!(std::pin::pin!(line.read(&mut bytes))).is_pending());
        assert_eq!(bytes, [0; 16]);
    }

    #[tokio::test]
    async fn a_line_that_is_ended_stops_reading_and_writing() {
        let (stream, _far) = pair().await;
        let (line, handle) = AbortableStream::new(stream, None);
        let (mut reading, mut writing) = tokio::io::split(line);
        let read = tokio::spawn(async move { reading.read(&mut [0; 8]).await.ok() });
        let write = tokio::spawn(async move { while writing.write_all(&vec![0; 65_536]).await.is_ok() {} });
        tokio::task::yield_now().await;
        handle.end();
        let ended = async { (read.await.ok().flatten(), write.await.is_ok()) };
        let ended = tokio::time::timeout(Duration::from_secs(10), ended).await.expect("both end");
        assert_eq!(ended, (Some(0), true));
    }
}
