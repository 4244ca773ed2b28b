//! What holds of every stream of bytes, whoever thought it up: the property tests here and the fuzzer under `fuzz/` run
//! the same checks.

use std::io::{self, Cursor, Read, Write};

use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};
use websocket::{CloseCode, Error, Event, Reader, SizeLimits};

/// Small, so that short streams go beyond them.
const LIMITS: SizeLimits = SizeLimits { frame_bytes_max: 1_000, message_bytes_max: 1_500 };

/// What came out of a stream.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

/// However a stream is cut, it is read alike; and it is read as `tungstenite` reads it.
///
/// # Panics
/// Where one of these is not so.
pub(crate) fn check(stream: &[u8], sizes: &[usize]) {
    let whole = read(stream, &[stream.len().max(1)]);
    assert_eq!(read(stream, sizes), whole, "in portions of {sizes:?}");
    assert_eq!(read(stream, &[1]), whole, "byte by byte");
    compare(&whole, &read_by_tungstenite(stream));
}

/// Reads all, in portions of these sizes.
fn read(stream: &[u8], sizes: &[usize]) -> (Vec<Seen>, Option<Error>) {
    let mut reader = Reader::new(LIMITS);
    let mut stream = stream.to_vec();
    let mut rest = &mut stream[..];
    let mut seen = Vec::new();
    let mut sizes = sizes.iter().map(|size| (*size).max(1)).cycle();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).min(rest.len());
        let (mut portion, behind) = rest.split_at_mut(size);
        rest = behind;
        while !portion.is_empty() {
            match reader.read(portion) {
                Ok(progress) => {
                    assert!(progress.consumed > 0, "a step without progress");
                    seen.extend(progress.event.map(|event| match event {
                        Event::Text(text) => Seen::Text(text.into_owned()),
                        Event::Binary(bytes) => Seen::Binary(bytes.into_owned()),
                        Event::Ping(bytes) => Seen::Ping(bytes.into_owned()),
                        Event::Pong(bytes) => Seen::Pong(bytes.into_owned()),
                        Event::Close(frame) => Seen::Close(frame.map(|frame| (frame.code.get(), frame.reason))),
                    }));
                    let consumed = progress.consumed;
                    portion = &mut portion[consumed..];
                }
                Err(error) => return (seen, Some(error)),
            }
        }
    }
    (seen, None)
}

/// A socket on which this came, and then nothing.
struct Line<'a>(Cursor<&'a [u8]>);

impl Read for Line<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read_by_tungstenite(stream: &[u8]) -> (Vec<Seen>, tungstenite::Error) {
    let limit = |bytes: u64| usize::try_from(bytes).ok();
    let config = WebSocketConfig::default()
        .max_frame_size(limit(LIMITS.frame_bytes_max))
        .max_message_size(limit(LIMITS.message_bytes_max));
    let mut socket = WebSocket::from_raw_socket(Line(Cursor::new(stream)), Role::Server, Some(config));
    let mut seen = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => seen.push(Seen::Text(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => seen.push(Seen::Binary(bytes.to_vec())),
            Ok(Message::Ping(bytes)) => seen.push(Seen::Ping(bytes.to_vec())),
            Ok(Message::Pong(bytes)) => seen.push(Seen::Pong(bytes.to_vec())),
            Ok(Message::Close(frame)) => {
                seen.push(Seen::Close(frame.map(|frame| (frame.code.into(), frame.reason.as_str().to_owned()))));
            }
            Ok(Message::Frame(_)) => unreachable!("is never read"),
            Err(error) => return (seen, error),
        }
    }
}

/// Both saw the same, and stopped for the same reason. `tungstenite` looks at whole frames only and so may still wait for
/// the rest of one that is refused here, it lets two things pass that the RFC does not, and it refuses a close code that
/// was registered later.
fn compare(ours: &(Vec<Seen>, Option<Error>), theirs: &(Vec<Seen>, tungstenite::Error)) {
    let ((ours, error), (theirs, their_error)) = (ours, theirs);
    let waits = matches!(their_error, tungstenite::Error::Io(_));
    match error {
        None if matches!(ours.last(), Some(Seen::Close(Some((1014, _))))) => {
            let before = ours.len() - 1;
            assert_eq!(ours.get(..before), theirs.get(..before));
        }
        // Their ends: nothing more to read, or a close frame.
        None => {
            assert_eq!(ours, theirs);
            assert!(waits || matches!(their_error, tungstenite::Error::ConnectionClosed), "{their_error}");
        }
        // Lengths in a longer form than they need, and codes that must not be sent.
        Some(Error::Length | Error::LongControl | Error::InvalidCloseCode) => {
            assert_eq!(Some(&ours[..]), theirs.get(..ours.len()));
        }
        Some(error) => {
            assert_eq!(ours, theirs, "{error} / {their_error}");
            let is_same = match their_error {
                tungstenite::Error::Utf8(_) => error.close_code() == CloseCode::INVALID_PAYLOAD,
                // A frame may be wrong in several ways, and the size is the first that they look at.
                tungstenite::Error::Capacity(_) => error.close_code() != CloseCode::INVALID_PAYLOAD,
                other => {
                    matches!(other, tungstenite::Error::Protocol(_)) && error.close_code() == CloseCode::PROTOCOL_ERROR
                }
            };
            assert!(is_same || waits, "{error} / {their_error}");
        }
    }
}
