//! One connection: a reader, a queue of frames, and what the protocol itself has to say between the two. Pings are
//! answered, a goodbye is answered by one, and nothing is said behind one (RFC 6455, 5.5 and 7.1).

use std::io::IoSlice;

use bytes::Bytes;

use crate::close_code::CloseCode;
use crate::error::Error;
use crate::event::{Event, Progress};
use crate::outgoing::{Outgoing, WireFrame};
use crate::reader::{Reader, SizeLimits};

/// The server's side of one connection.
#[derive(Debug)]
pub struct Connection {
    reader: Reader,
    outgoing: Outgoing,
    has_sent_close: bool,
    has_read_close: bool,
}

impl Connection {
    /// Right behind the handshake.
    #[must_use]
    pub fn new(limits: SizeLimits) -> Self {
        Self {
            reader: Reader::new(limits),
            outgoing: Outgoing::default(),
            has_sent_close: false,
            has_read_close: false,
        }
    }

    /// Reads on, as [`Reader::read`]. Answers to pings and to a close are queued before they are told of.
    ///
    /// # Errors
    /// What the client does wrong; to be followed by [`Self::close`] with the code of it.
    pub fn read<'a>(&mut self, input: &'a mut [u8]) -> Result<Progress<'a>, Error> {
        let progress = self.reader.read(input)?;
        match &progress.event {
            Some(Event::Ping(payload)) if !self.has_sent_close => self.outgoing.push_pong(WireFrame::pong(payload)),
            Some(Event::Close(frame)) => {
                self.has_read_close = true;
                let answer = frame
                    .as_ref()
                    .map_or_else(WireFrame::close_without_code, |frame| WireFrame::close(frame.code, &frame.reason));
                self.say_goodbye(answer);
            }
            Some(Event::Text(_) | Event::Binary(_) | Event::Ping(_) | Event::Pong(_)) | None => {}
        }
        Ok(progress)
    }

    /// Queues a message; `false`: the goodbye is said, and nothing goes behind it.
    pub fn send(&mut self, frame: WireFrame) -> bool {
        if !self.has_sent_close {
            self.outgoing.push(frame);
        }
        !self.has_sent_close
    }

    /// The rest of a frame that somebody else began to write: it goes first, a goodbye included.
    pub fn send_rest(&mut self, rest: Bytes) {
        self.outgoing.push_rest(rest);
    }

    /// Queues the goodbye, where it is not said.
    pub fn close(&mut self, code: CloseCode, reason: &str) {
        self.say_goodbye(WireFrame::close(code, reason));
    }

    /// Queues a goodbye that says nothing, where none is said.
    pub fn close_without_code(&mut self) {
        self.say_goodbye(WireFrame::close_without_code());
    }

    fn say_goodbye(&mut self, frame: WireFrame) {
        self.send(frame);
        self.has_sent_close = true;
    }

    /// What is to be written next, as [`Outgoing::slices`].
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.slices(slices)
    }

    /// So many bytes are written, as [`Outgoing::advance`].
    pub fn advance(&mut self, bytes: usize) -> usize {
        self.outgoing.advance(bytes)
    }

    /// Forgets what waits and has not begun to be written, unless the goodbye is among it.
    pub fn clear_unstarted(&mut self) {
        if !self.has_sent_close {
            self.outgoing.clear_unstarted();
        }
    }

    /// How many frames are not wholly written.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether the client has said goodbye, or what it says cannot be read any more.
    #[must_use]
    pub const fn is_deaf(&self) -> bool {
        self.reader.is_over()
    }

    /// Whether both sides have said goodbye and this side's is written: the server closes the line first (7.1.1).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.has_read_close && self.has_sent_close && self.outgoing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::{CloseCode, Connection, Error, Event, SizeLimits, WireFrame};

    const LIMITS: SizeLimits = SizeLimits { frame_bytes_max: 1_000, message_bytes_max: 1_000 };

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let len = u8::try_from(payload.len()).expect("a short payload");
        [&[first, 0x80 | len, 0, 0, 0, 0], payload].concat()
    }

    fn read(connection: &mut Connection, mut input: Vec<u8>) -> Result<Option<String>, Error> {
        let progress = connection.read(&mut input)?;
        Ok(progress.event.map(|event| match event {
            Event::Text(text) => text.into_owned(),
            other @ (Event::Binary(_) | Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => format!("{other:?}"),
        }))
    }

    fn write(connection: &mut Connection) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = connection.slices(&mut slices);
        let line: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
        connection.advance(line.len());
        line
    }

    #[test]
    fn a_ping_is_answered_with_its_payload() {
        // 5.5.2, 5.5.3.
        let mut connection = Connection::new(LIMITS);
        assert_eq!(read(&mut connection, masked(0x89, b"hi")), Ok(Some("Ping(2 bytes)".into())));
        assert_eq!(write(&mut connection), b"\x8a\x02hi");
        assert_eq!(read(&mut connection, masked(0x8a, b"")), Ok(Some("Pong(0 bytes)".into())), "and a pong is not");
        assert_eq!(write(&mut connection), b"");
    }

    #[test]
    fn a_goodbye_is_answered_by_the_same_and_ends_it() {
        // 5.5.1, 7.1.2, 7.1.4.
        let mut connection = Connection::new(LIMITS);
        connection.send(WireFrame::text("last".into()));
        let close = masked(0x88, b"\x0f\xa0done");
        assert_eq!(read(&mut connection, close), Ok(Some("Close(Some(CloseFrame(4000, 4 bytes)))".into())));
        assert!(!connection.send(WireFrame::text("late".into())) && !connection.is_closed());
        assert_eq!(write(&mut connection), b"\x81\x04last\x88\x06\x0f\xa0done");
        assert!(connection.is_closed() && connection.is_deaf());
        assert_eq!(read(&mut connection, masked(0x81, b"late")), Ok(None));
    }

    #[test]
    fn a_goodbye_without_a_code_is_answered_by_the_same() {
        let mut connection = Connection::new(LIMITS);
        assert_eq!(read(&mut connection, masked(0x88, b"")), Ok(Some("Close(None)".into())));
        assert_eq!(write(&mut connection), b"\x88\0");
    }

    #[test]
    fn behind_the_own_goodbye_one_listens_and_says_nothing() {
        let mut connection = Connection::new(LIMITS);
        connection.close(CloseCode::NORMAL, "");
        connection.close(CloseCode::INTERNAL_ERROR, "again");
        assert_eq!(read(&mut connection, masked(0x81, b"crossed")), Ok(Some("crossed".into())));
        assert!(read(&mut connection, masked(0x89, b"ping")).is_ok());
        connection.clear_unstarted();
        assert_eq!(write(&mut connection), b"\x88\x02\x03\xe8");
        assert!(!connection.is_closed());
        assert!(read(&mut connection, masked(0x88, b"\x03\xe8")).is_ok());
        assert_eq!((write(&mut connection), connection.is_closed()), (vec![], true));
    }

    #[test]
    fn an_error_is_told_once_and_the_rest_is_not_read() {
        // 7.1.7.
        let mut connection = Connection::new(LIMITS);
        assert_eq!(read(&mut connection, masked(0x83, b"")), Err(Error::UnknownOpcode));
        assert_eq!(read(&mut connection, masked(0x83, b"")), Ok(None));
        assert!(connection.is_deaf());
        connection.close(Error::UnknownOpcode.close_code(), "");
        assert_eq!(write(&mut connection), b"\x88\x02\x03\xea");
    }
}
