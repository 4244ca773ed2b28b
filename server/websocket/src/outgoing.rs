//! Frames on their way to a client, for vectored writes.
//!
//! Headers and payloads are separate slices, so a payload that many connections share is not copied for any of them. The
//! queue has no limit of its own: whoever pushes bounds what waits. The one thing that a client can make this side say,
//! pongs, waits at most once beside one that is being written (RFC 6455, 5.5.3, lets the latest ping alone be answered).

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;

use bytes::Bytes;

use crate::close::CloseFrame;
use crate::close_code::CloseCode;
use crate::header::{CONTROL_BYTES_MAX, FrameHeader, Opcode};

/// One unmasked, final frame.
#[derive(Clone)]
pub struct WireFrame {
    opcode: Opcode,
    header: FrameHeader,
    payload: Bytes,
}

impl WireFrame {
    /// A text message. The payload must be UTF-8: it is not looked at again.
    #[must_use]
    pub fn text(payload: Bytes) -> Self {
        Self::new(Opcode::Text, payload)
    }

    /// A binary message.
    #[must_use]
    pub fn binary(payload: Bytes) -> Self {
        Self::new(Opcode::Binary, payload)
    }

    /// The last frame of this side.
    #[must_use]
    pub fn close(code: CloseCode, reason: &str) -> Self {
        Self::new(Opcode::Close, CloseFrame::payload(code, reason).into())
    }

    /// A close frame that says nothing, and the answer to one.
    pub(crate) fn close_without_code() -> Self {
        Self::new(Opcode::Close, Bytes::new())
    }

    /// The answer to a ping, with the payload of that.
    pub(crate) fn pong(payload: &[u8]) -> Self {
        debug_assert!(payload.len() as u64 <= CONTROL_BYTES_MAX, "a reader takes no longer pings");
        Self::new(Opcode::Pong, Bytes::copy_from_slice(payload))
    }

    fn new(opcode: Opcode, payload: Bytes) -> Self {
        Self { opcode, header: FrameHeader::new(opcode, payload.len()), payload }
    }

    /// A text message that is framed already, as [`WireFrame::into_bytes`] gives it.
    #[must_use]
    pub const fn framed(bytes: Bytes) -> Self {
        Self { opcode: Opcode::Text, header: FrameHeader::NONE, payload: bytes }
    }

    /// Header and payload in one piece, made once and shared by all who get it.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        [self.header.as_bytes(), &self.payload].concat().into_boxed_slice().into()
    }

    fn len(&self) -> usize {
        self.header.as_bytes().len() + self.payload.len()
    }

    /// How many of the first `written` bytes belong to a message rather than to a header or to a control frame.
    fn message_bytes(&self, written: usize) -> usize {
        if self.opcode.is_control() { 0 } else { written.saturating_sub(self.header.as_bytes().len()) }
    }
}

/// What a frame of [`WireFrame::into_bytes`] says.
#[must_use]
pub fn payload(frame: &Bytes) -> Bytes {
    frame.slice(FrameHeader::len_of(frame).min(frame.len())..)
}

/// What waits to be written.
#[derive(Default)]
pub struct Outgoing {
    frames: VecDeque<WireFrame>,
    /// Bytes of the first frame that are written.
    written: usize,
    /// The first frame is the rest of one that somebody else began to write.
    is_rest: bool,
}

impl Outgoing {
    /// One more at the end.
    pub fn push(&mut self, frame: WireFrame) {
        self.frames.push_back(frame);
    }

    /// The rest of a frame that somebody else began to write goes before everything. Nothing of this queue must have begun.
    pub(crate) fn push_rest(&mut self, rest: Bytes) {
        if !rest.is_empty() {
            debug_assert!(!self.has_begun(), "two frames cannot both be written in part");
            self.is_rest = true;
            self.frames.push_front(WireFrame::framed(rest));
        }
    }

    /// Whether the client has a part of the first frame.
    const fn has_begun(&self) -> bool {
        self.written > 0 || self.is_rest
    }

    /// A pong goes in front of what waits, in place of one that waits there.
    pub(crate) fn push_pong(&mut self, frame: WireFrame) {
        let at = usize::from(self.has_begun());
        match self.frames.get_mut(at) {
            Some(first) if first.opcode == Opcode::Pong => *first = frame,
            Some(_) | None => self.frames.insert(at.min(self.frames.len()), frame),
        }
    }

    /// Forgets every frame but one that is partly written already: without its rest the client could read nothing behind it.
    pub fn clear_unstarted(&mut self) {
        self.frames.truncate(usize::from(self.has_begun()));
    }

    /// Whether all is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many frames are not wholly written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Fills `slices` from the front with what is to be written next; how many of them are filled. Two for each frame.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skip = self.written;
        let mut parts =
            self.frames.iter().flat_map(|frame| [frame.header.as_bytes(), &frame.payload[..]]).filter_map(|part| {
                let skipped = skip.min(part.len());
                skip -= skipped;
                part.get(skipped..).filter(|rest| !rest.is_empty())
            });
        let mut filled = 0;
        for slice in slices {
            let Some(part) = parts.next() else { break };
            *slice = IoSlice::new(part);
            filled += 1;
        }
        filled
    }

    /// So many more bytes are written; how many of them are bytes of messages.
    pub fn advance(&mut self, mut bytes: usize) -> usize {
        let mut of_messages = 0;
        while let Some(first) = self.frames.front() {
            let left = first.len() - self.written;
            let now = bytes.min(left);
            of_messages += first.message_bytes(self.written + now) - first.message_bytes(self.written);
            if now < left {
                self.written += now;
                return of_messages;
            }
            bytes -= now;
            (self.written, self.is_rest) = (0, false);
            self.frames.pop_front();
        }
        // A connection that has nothing to say holds no memory for it.
        self.frames = VecDeque::new();
        of_messages
    }
}

impl fmt::Debug for WireFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WireFrame({:?}, {} bytes)", self.opcode, self.payload.len())
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} frames)", self.frames.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::{Outgoing, WireFrame};

    /// Writes at most so many bytes, as a socket may; how many of them belong to messages.
    fn write(outgoing: &mut Outgoing, bytes_max: usize, slices_max: usize, to: &mut Vec<u8>) -> usize {
        let mut slices = vec![IoSlice::new(&[]); slices_max];
        let filled = outgoing.slices(&mut slices);
        assert!(slices[..filled].iter().all(|slice| !slice.is_empty()));
        let offered: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
        let taken = bytes_max.min(offered.len());
        to.extend(&offered[..taken]);
        outgoing.advance(taken)
    }

    #[test]
    fn a_pong_goes_first_and_waits_once() {
        let mut outgoing = Outgoing::default();
        outgoing.push(WireFrame::text("first".into()));
        outgoing.push(WireFrame::text("second".into()));
        let mut line = Vec::new();
        assert_eq!(write(&mut outgoing, 3, 8, &mut line), 1);
        outgoing.push_pong(WireFrame::pong(b"1"));
        outgoing.push_pong(WireFrame::pong(b"2"));
        assert_eq!(write(&mut outgoing, usize::MAX, 8, &mut line), 4 + 6);
        assert_eq!(line, b"\x81\x05first\x8a\x012\x81\x06second");
        outgoing.push_pong(WireFrame::pong(b"3"));
        assert_eq!(write(&mut outgoing, usize::MAX, 8, &mut line), 0);
        assert!(outgoing.is_empty() && line.ends_with(b"\x8a\x013"));
    }

    #[test]
    fn what_has_begun_is_ended_and_the_rest_can_be_forgotten() {
        let mut outgoing = Outgoing::default();
        outgoing.push(WireFrame::text("first".into()));
        outgoing.push(WireFrame::text("second".into()));
        let mut line = Vec::new();
        write(&mut outgoing, 1, 8, &mut line);
        outgoing.clear_unstarted();
        assert_eq!(write(&mut outgoing, usize::MAX, 8, &mut line), 5);
        assert_eq!(line, b"\x81\x05first");
        outgoing.push(WireFrame::text("third".into()));
        outgoing.clear_unstarted();
        assert!(outgoing.is_empty());
    }

    #[test]
    fn a_frame_in_one_piece_is_the_same_on_the_line() {
        for len in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = "x".repeat(len);
            let whole = WireFrame::text(payload.clone().into()).into_bytes();
            let mut outgoing = Outgoing::default();
            outgoing.push(WireFrame::text(payload.clone().into()));
            let mut line = Vec::new();
            write(&mut outgoing, usize::MAX, 8, &mut line);
            assert!(line == whole && payload.as_bytes() == super::payload(&whole), "{len} bytes");
        }
    }

    #[test]
    fn what_somebody_else_has_begun_is_ended_first_and_never_forgotten() {
        let mut outgoing = Outgoing::default();
        outgoing.push(WireFrame::text("next".into()));
        outgoing.push_rest("st".into());
        outgoing.push_pong(WireFrame::pong(b"1"));
        let mut line = b"\x81\x05fir".to_vec();
        outgoing.clear_unstarted();
        outgoing.push(WireFrame::framed(WireFrame::text("last".into()).into_bytes()));
        assert_eq!(write(&mut outgoing, usize::MAX, 8, &mut line), 2 + 6);
        assert_eq!(line, b"\x81\x05first\x81\x04last");
        outgoing.push(WireFrame::text("late".into()));
        outgoing.clear_unstarted();
        assert!(outgoing.is_empty(), "nothing has begun any more");
    }

    proptest! {
        #[test]
        fn whatever_a_socket_takes_at_once_the_line_is_the_same(
            lens in prop::collection::vec(prop_oneof![0_usize..300, 65_500_usize..65_600], 0..8),
            taken in prop::collection::vec(1_usize..70_000, 1..20),
            slices_max in 1_usize..9,
        ) {
            let mut outgoing = Outgoing::default();
            let mut expected = Vec::new();
            for (at, len) in lens.iter().enumerate() {
                let frame = WireFrame::binary(Bytes::from(vec![u8::try_from(at).expect("are few"); *len]));
                expected.extend(frame.header.as_bytes());
                expected.extend(&frame.payload);
                outgoing.push(frame);
            }
            let (mut line, mut of_messages) = (Vec::new(), 0);
            for bytes_max in taken.iter().cycle() {
                if outgoing.is_empty() {
                    break;
                }
                of_messages += write(&mut outgoing, *bytes_max, slices_max, &mut line);
            }
            prop_assert_eq!(of_messages, lens.iter().sum::<usize>());
            prop_assert!(line == expected);
        }
    }
}
