//! One WebSocket over a stream: the codec of the crate `websocket`, driven by a task. Knows no frame of the product.
//!
//! Bytes are read into a buffer on the stack and parsed where they are, so that a connection on which nothing happens
//! holds no buffer. Frames that wait are written together, header and payload in turn, by one system call a flush as long
//! as the peer takes them.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websocket::{CloseCode, Connection, Event, SizeLimits, WireFrame};

/// Read at once. Most clients say less between two looks; who says more has it read by several calls.
const READ_BYTES: usize = 4 * 1024;
/// More frames than this go out by several writes.
pub(crate) const FRAMES_OF_ONE_WRITE: usize = 64;
/// Slices of one write, two for each frame.
const SLICES: usize = 2 * FRAMES_OF_ONE_WRITE;
/// Where there are few frames, the list of slices is short: filling it would cost more than sending them.
const SLICES_FEW: usize = 8;

/// Why nothing more can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// The line has ended without a goodbye.
    Gone,
    /// The client broke the protocol. It can still be told why.
    Protocol(websocket::Error),
}

/// A WebSocket behind its handshake.
#[derive(Debug)]
pub struct Socket<S> {
    stream: S,
    connection: Connection,
    /// Bytes that were read behind the last event; those before `parsed` are done with.
    rest: Vec<u8>,
    parsed: usize,
    /// Answers wait for a flush.
    defers_answers: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// `read` came with the head of the request and belongs behind it.
    pub fn new(stream: S, read: Vec<u8>, limits: SizeLimits) -> Self {
        Self { stream, connection: Connection::new(limits), rest: read, parsed: 0, defers_answers: false }
    }

    /// Waits for one event and hands it to `take`: it may be borrowed from the buffer, so what is to be kept of it is
    /// what `take` returns. May be dropped while it waits; nothing is lost.
    ///
    /// Pings and goodbyes are answered here, as far as the line takes the answer at once; the rest goes with the next
    /// write.
    ///
    /// # Errors
    /// Why there is none. Behind [`ReadError::Protocol`] there will be none: see [`Socket::drain`].
    pub async fn recv<T>(&mut self, mut take: impl FnMut(Event<'_>) -> T) -> Result<T, ReadError> {
        poll_fn(|cx| self.poll_recv(cx, &mut take)).await
    }

    /// What is below.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// From now on reading writes nothing, for somebody else may be writing: after each event whoever reads looks whether
    /// there are [`Socket::answers`].
    pub const fn defer_answers(&mut self) {
        self.defers_answers = true;
    }

    /// Whether something waits for a flush.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.connection.unwritten() > 0
    }

    /// The rest of a frame that somebody else began to write; it goes first.
    pub fn queue_rest(&mut self, rest: Bytes) {
        self.connection.send_rest(rest);
    }

    /// One more message for the next flush. Behind the goodbye it is dropped.
    pub fn queue(&mut self, frame: WireFrame) {
        self.connection.send(frame);
    }

    /// Writes all that waits; `progress` is told of each portion that the line took, in bytes of messages. May be
    /// dropped while it waits; the next one goes on.
    ///
    /// # Errors
    /// Of the stream.
    pub async fn flush(&mut self, mut progress: impl FnMut(usize)) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx, &mut progress)).await
    }

    /// Queues the goodbye. Of what still waits it goes behind what has begun to be written only.
    pub fn close(&mut self, code: CloseCode, reason: &str) {
        self.connection.close(code, reason);
    }

    /// As [`Socket::close`], with a goodbye that says nothing.
    pub fn close_without_code(&mut self) {
        self.connection.close_without_code();
    }

    /// Forgets messages of which nothing is written.
    pub fn clear_unstarted(&mut self) {
        self.connection.clear_unstarted();
    }

    /// Whether nothing that the client says can be read any more: it has said goodbye, or broke the protocol.
    pub const fn is_deaf(&self) -> bool {
        self.connection.is_deaf()
    }

    /// The last thing after [`Socket::close`]: writes what waits and then waits for the other side's goodbye, so that what
    /// was said is not lost in a reset. What the client sends meanwhile goes nowhere. Put a limit on it.
    pub async fn finish(&mut self) {
        if self.flush(|_| {}).await.is_err() {
            return;
        }
        while !self.is_deaf() {
            match self.recv(|event| matches!(event, Event::Close(_))).await {
                Ok(true) | Err(ReadError::Gone) => return,
                // Messages that crossed the goodbye.
                Ok(false) | Err(ReadError::Protocol(_)) => {}
            }
        }
        self.drain().await;
    }

    /// The last thing after a goodbye to a client that broke the protocol: ends this direction of the line and reads away
    /// what comes by the other. Closing at once would leave bytes unread, and the reset for those can overtake the
    /// reason. Ends when the client closes its side: put a limit on it.
    pub async fn drain(&mut self) {
        let shut = poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await;
        while shut.is_ok() && self.recv(|_| ()).await != Err(ReadError::Gone) {}
    }

    fn poll_recv<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut impl FnMut(Event<'_>) -> T,
    ) -> Poll<Result<T, ReadError>> {
        let rest = self.rest.get_mut(self.parsed..).unwrap_or_default();
        let (consumed, taken) = parse(&mut self.connection, rest, take);
        self.parsed += consumed;
        if self.parsed == self.rest.len() {
            (self.rest, self.parsed) = (Vec::new(), 0);
        }
        self.write_answers(cx);
        if let Some(taken) = taken {
            return Poll::Ready(taken);
        }
        loop {
            let mut buffer = [const { MaybeUninit::uninit() }; READ_BYTES];
            let mut buffer = ReadBuf::uninit(&mut buffer);
            if ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Err(ReadError::Gone));
            }
            let input = buffer.filled_mut();
            let (consumed, taken) = parse(&mut self.connection, input, take);
            self.rest.extend(input.iter().skip(consumed));
            // What was said does not stay on the stack of whatever task runs here next.
            forgetting::clear(input);
            if let Some(taken) = taken {
                self.write_answers(cx);
                return Poll::Ready(taken);
            }
        }
    }

    /// Pongs and the answer to a goodbye. A line that takes none at once is looked after by the next write; one that has
    /// failed is found by the next read.
    fn write_answers(&mut self, cx: &mut Context<'_>) {
        if self.connection.unwritten() > 0 && !self.defers_answers {
            let _ = self.poll_flush(cx, &mut |_| {});
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>, progress: &mut impl FnMut(usize)) -> Poll<io::Result<()>> {
        loop {
            let written = match self.connection.unwritten() {
                0 => return Pin::new(&mut self.stream).poll_flush(cx),
                frames if frames * 2 <= SLICES_FEW => self.poll_write::<SLICES_FEW>(cx),
                _ => self.poll_write::<SLICES>(cx),
            };
            let written = ready!(written)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_messages = self.connection.advance(written);
            if of_messages > 0 {
                progress(of_messages);
            }
        }
    }

    fn poll_write<const N: usize>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); N];
        let filled = self.connection.slices(&mut slices);
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices.get(..filled).unwrap_or_default())
    }
}

/// Reads on to the next event; how much of the input that took.
fn parse<T>(
    connection: &mut Connection,
    input: &mut [u8],
    take: &mut impl FnMut(Event<'_>) -> T,
) -> (usize, Option<Result<T, ReadError>>) {
    let mut parsed = 0;
    while let Some(rest) = input.get_mut(parsed..).filter(|rest| !rest.is_empty()) {
        match connection.read(rest) {
            Ok(progress) => {
                parsed += progress.consumed;
                if let Some(event) = progress.event {
                    return (parsed, Some(Ok(take(event))));
                }
            }
            Err(error) => return (input.len(), Some(Err(ReadError::Protocol(error)))),
        }
    }
    (parsed, None)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use websocket::{CloseCode, Error, Event, SizeLimits, WireFrame};

    use super::{ReadError, Socket};

    const LIMITS: SizeLimits = SizeLimits { frame_bytes_max: 10_000, message_bytes_max: 10_000 };

    fn text(text: &str) -> Vec<u8> {
        let len = u8::try_from(text.len()).expect("a short text");
        [&[0x81, 0x80 | len, 0, 0, 0, 0], text.as_bytes()].concat()
    }

    fn said(event: Event<'_>) -> String {
        match event {
            Event::Text(text) => text.into_owned(),
            other @ (Event::Binary(_) | Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_came_with_the_head_is_read_first_and_each_event_by_itself() {
        let (near, mut far) = tokio::io::duplex(1_024);
        let mut socket = Socket::new(near, [text("a"), text("b"), vec![0x81]].concat(), LIMITS);
        far.write_all(&[&text("c")[1..], &text("d"), &text("e")].concat()).await.expect("is open");
        for expected in ["a", "b", "c", "d", "e"] {
            assert_eq!(socket.recv(said).await.as_deref(), Ok(expected));
        }
        assert!(socket.rest.capacity() == 0, "nothing is held between messages");
        drop(far);
        assert_eq!(socket.recv(said).await, Err(ReadError::Gone));
    }

    #[tokio::test]
    async fn many_frames_go_out_whole_whatever_the_line_takes() {
        // Fewer than the frames have bytes, so each write is cut somewhere.
        let (near, mut far) = tokio::io::duplex(700);
        let mut socket = Socket::new(near, Vec::new(), LIMITS);
        let payload = bytes::Bytes::from(vec![b'x'; 300]);
        for _ in 0..200 {
            socket.queue(WireFrame::text(payload.clone()));
        }
        let reading = async {
            let mut line = vec![0; 200 * 304];
            far.read_exact(&mut line).await.expect("comes");
            line
        };
        let mut of_messages = 0;
        let (written, line) = tokio::join!(socket.flush(|bytes| of_messages += bytes), reading);
        written.expect("is open");
        assert_eq!(of_messages, 200 * 300);
        assert!(line.chunks(304).all(|frame| frame.starts_with(&[0x81, 126, 1, 44]) && frame.ends_with(b"xx")));
    }

    #[tokio::test]
    async fn pings_are_answered_while_nobody_writes() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut socket = Socket::new(near, Vec::new(), LIMITS);
        far.write_all(&[0x89, 0x81, 0, 0, 0, 0, b'!']).await.expect("is open");
        assert_eq!(socket.recv(said).await.as_deref(), Ok("Ping(1 bytes)"));
        let mut pong = [0; 3];
        far.read_exact(&mut pong).await.expect("comes");
        assert_eq!(&pong, b"\x8a\x01!");
    }

    #[tokio::test]
    async fn behind_what_cannot_be_read_comes_the_reason_and_then_the_end() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut socket = Socket::new(near, Vec::new(), LIMITS);
        let talk = tokio::spawn(async move {
            far.write_all(&[0xff; 10_000]).await.expect("is read");
            let mut line = Vec::new();
            far.read_to_end(&mut line).await.expect("ends while the other direction is open");
            line
        });
        assert_eq!(socket.recv(said).await, Err(ReadError::Protocol(Error::ReservedBits)));
        socket.close(CloseCode::PROTOCOL_ERROR, "");
        socket.flush(|_| {}).await.expect("is open");
        assert!(socket.is_deaf());
        socket.drain().await;
        assert_eq!(talk.await.expect("ends"), b"\x88\x02\x03\xea");
    }
}
