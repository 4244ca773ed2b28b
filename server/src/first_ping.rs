//! Takes the first Engine.IO ping of a fresh WebSocket off the line and answers it in the client's place.
//!
//! Engine.IO 4 lets the server ping after each interval; the library under `socketio` (engineioxide 0.17.9) pings at
//! once as well, and clients that count packets trip over it. It can be told otherwise only from below: a writer asks
//! what may pass, a reader is handed the answer. Pure, knows no socket; after one ping, or too late for one, it is over.

use std::time::Instant;

/// A whole frame: final, text, one byte, the ping.
const PING: &[u8] = &[0x81, 0x01, b'2'];
/// Its answer as a client writes it, masked with zeros.
const PONG: &[u8] = &[0x81, 0x81, 0, 0, 0, 0, b'3'];
/// What the head of an answer looks like that makes a WebSocket of a line.
const SWITCHING: &[u8] = b"HTTP/1.1 101 ";
const HEAD_END: &[u8] = b"\r\n\r\n";

/// What a writer may do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// Write so many of the bytes, then say what was written.
    Pass(usize),
    /// Act as if so many bytes were written, and wake the reader.
    Swallow(usize),
}

/// One line that is about to become a WebSocket.
#[derive(Debug)]
pub(crate) struct FirstPing {
    /// A ping after it is a real one.
    until: Instant,
    out: Out,
    incoming: Frames,
    /// What is left to hand to the reader.
    answer: &'static [u8],
}

#[derive(Debug)]
enum Out {
    /// Within the head of the answer to the handshake: bytes in all, and of its end.
    Head {
        bytes: usize,
        end: usize,
    },
    Frames(Frames),
    Over,
}

impl FirstPing {
    pub(crate) fn new(until: Instant) -> Self {
        Self { until, out: Out::Head { bytes: 0, end: 0 }, incoming: Frames::default(), answer: &[] }
    }

    /// Nothing is left to do.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.answer.is_empty() && (matches!(self.out, Out::Over) || now >= self.until)
    }

    /// What of `bytes`, not empty, may be written.
    pub(crate) fn outgoing(&mut self, bytes: &[u8]) -> Outgoing {
        let Out::Frames(mut frames) = self.out else {
            return Outgoing::Pass(bytes.len());
        };
        let mut rest = bytes;
        loop {
            if frames.at_start() && rest.starts_with(PING) {
                if rest.len() < bytes.len() {
                    return Outgoing::Pass(bytes.len() - rest.len());
                }
                (self.out, self.answer) = (Out::Over, PONG);
                return Outgoing::Swallow(PING.len());
            }
            rest = frames.pass_one(rest);
            if rest.is_empty() {
                return Outgoing::Pass(bytes.len());
            }
        }
    }

    /// Notes what was written.
    pub(crate) fn wrote(&mut self, written: &[u8]) {
        match &mut self.out {
            Out::Head { bytes, end } => {
                for byte in written {
                    if SWITCHING.get(*bytes).is_some_and(|wanted| wanted != byte) {
                        self.out = Out::Over;
                        return;
                    }
                    *bytes += 1;
                    *end = if HEAD_END[*end] == *byte { *end + 1 } else { usize::from(*byte == HEAD_END[0]) };
                    if *end == HEAD_END.len() {
                        // Whoever writes frames begins only when the head is written.
                        self.out = Out::Frames(Frames::default());
                        return;
                    }
                }
            }
            Out::Frames(frames) => frames.pass(written),
            Out::Over => {}
        }
    }

    /// Up to `room` bytes that the reader is to meet now, before anything that the socket has.
    pub(crate) fn inject(&mut self, room: usize) -> &'static [u8] {
        if self.answer.len() == PONG.len() && !self.incoming.at_start() {
            return &[];
        }
        let (now, rest) = self.answer.split_at(room.min(self.answer.len()));
        self.answer = rest;
        now
    }

    /// How much of the socket the reader may take: no more than the message it is in, where an answer waits for its end.
    pub(crate) fn readable(&self, room: usize) -> usize {
        if self.answer.is_empty() {
            return room;
        }
        usize::try_from(self.incoming.missing()).map_or(room, |missing| missing.min(room))
    }

    /// Notes what was read from the socket.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.incoming.pass(bytes);
    }
}

/// Where in a stream of WebSocket frames one is (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, Default)]
struct Frames {
    head: [u8; 14],
    got: usize,
    left: u64,
    /// Within a message of several frames.
    continues: bool,
}

impl Frames {
    /// Between two messages, where another may stand. Between two frames of one message it may not.
    const fn at_start(&self) -> bool {
        self.got == 0 && self.left == 0 && !self.continues
    }

    /// Bytes that surely belong to this message still.
    fn missing(&self) -> u64 {
        if self.left > 0 { self.left } else { (self.head_len() - self.got) as u64 }
    }

    /// As far as it is known.
    fn head_len(&self) -> usize {
        if self.got < 2 {
            return 2;
        }
        let extended = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
        2 + extended + mask
    }

    fn payload_len(&self) -> u64 {
        let of =
            |range: std::ops::Range<usize>| self.head[range].iter().fold(0, |len, byte| len << 8 | u64::from(*byte));
        match self.head[1] & 0x7f {
            126 => of(2..4),
            127 => of(2..10),
            short => u64::from(short),
        }
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = self.pass_one(bytes);
        }
    }

    /// Goes on to the end of the bytes or of the frame; what is left of the bytes.
    fn pass_one<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        if self.left == 0 {
            while let Some((byte, rest)) = bytes.split_first() {
                self.head[self.got] = *byte;
                self.got += 1;
                bytes = rest;
                if self.got == self.head_len() {
                    (self.left, self.got) = (self.payload_len(), 0);
                    // Control frames may stand between the frames of a message and are none of them.
                    if self.head[0] & 0x08 == 0 {
                        self.continues = self.head[0] & 0x80 == 0;
                    }
                    break;
                }
            }
        }
        let taken = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.left -= taken as u64;
        &bytes[taken..]
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{FirstPing, Outgoing, PING, PONG};

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";

    fn fresh() -> FirstPing {
        FirstPing::new(Instant::now() + Duration::from_mins(1))
    }

    fn frame(payload: &[u8], masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut bytes = vec![0x81];
        match payload.len() {
            len @ 0..=125 => bytes.push(mask | u8::try_from(len).expect("small")),
            len @ 126..=65_535 => {
                bytes.push(mask + 126);
                bytes.extend(u16::try_from(len).expect("small").to_be_bytes());
            }
            len => {
                bytes.push(mask + 127);
                bytes.extend((len as u64).to_be_bytes());
            }
        }
        if masked {
            bytes.extend([0; 4]);
        }
        bytes.extend(payload);
        bytes
    }

    /// Writes everything, `step` bytes at most at a time as a socket may; what reached the line.
    fn write(filter: &mut FirstPing, mut bytes: &[u8], step: usize) -> Vec<u8> {
        let mut line = Vec::new();
        while !bytes.is_empty() {
            match filter.outgoing(bytes) {
                Outgoing::Pass(len) => {
                    let written = &bytes[..len.min(step)];
                    filter.wrote(written);
                    line.extend(written);
                    bytes = &bytes[written.len()..];
                }
                Outgoing::Swallow(len) => bytes = &bytes[len..],
            }
        }
        line
    }

    /// Reads all that the socket has, in portions; what the reader met.
    fn read(filter: &mut FirstPing, mut socket: &[u8], portion: usize) -> Vec<u8> {
        let mut met = Vec::new();
        loop {
            let injected = filter.inject(portion);
            if !injected.is_empty() {
                met.extend(injected);
                continue;
            }
            let len = filter.readable(portion).min(socket.len());
            if len == 0 {
                return met;
            }
            filter.read(&socket[..len]);
            met.extend(&socket[..len]);
            socket = &socket[len..];
        }
    }

    #[test]
    fn a_refused_handshake_passes_and_ends_it() {
        let mut filter = fresh();
        let refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 3\r\n\r\n\x81\x012";
        assert_eq!(write(&mut filter, refusal, 7), refusal);
        assert!(filter.is_over(Instant::now()));
    }

    #[test]
    fn after_its_time_a_ping_is_a_real_one() {
        let filter = FirstPing::new(Instant::now());
        assert!(filter.is_over(Instant::now()));
    }

    #[test]
    fn an_answer_does_not_come_between_the_parts_of_a_message() {
        let mut filter = fresh();
        write(&mut filter, HEAD, 64);
        let parts: [&[u8]; 3] =
            [&[0x01, 0x81, 0, 0, 0, 0, b'4'], &[0x89, 0x80, 0, 0, 0, 0], &[0x80, 0x81, 0, 0, 0, 0, b'0']];
        let mut met = read(&mut filter, parts[0], 64);
        write(&mut filter, PING, 64);
        for part in &parts[1..] {
            met.extend(read(&mut filter, part, 64));
        }
        assert_eq!(met, [parts.concat(), PONG.to_vec()].concat());
    }

    proptest! {
        #[test]
        fn one_ping_goes_and_its_answer_comes_between_frames(
            before in prop::collection::vec(prop::collection::vec(0_u8..128, 0..300), 0..4),
            after in prop::collection::vec(prop::collection::vec(0_u8..128, 0..300), 0..4),
            early in prop::collection::vec(prop::collection::vec(0_u8..128, 0..70_000), 0..3),
            cut in any::<prop::sample::Index>(),
            step in 1_usize..400,
            portion in 1_usize..4_000,
        ) {
            let before: Vec<_> = before.into_iter().filter(|payload| payload != b"2").collect();
            let bytes = |list: &[Vec<u8>]| list.iter().flat_map(|payload| frame(payload, false)).collect::<Vec<_>>();
            let (before, after) = (bytes(&before), bytes(&after));
            let mut filter = fresh();
            prop_assert_eq!(write(&mut filter, HEAD, step), HEAD);
            // The client has written something before the ping; the reader is somewhere in it.
            let early: Vec<_> = early.iter().flat_map(|payload| frame(payload, true)).collect();
            let (read_before, read_after) = early.split_at(cut.index(early.len() + 1));
            let mut met = read(&mut filter, read_before, portion);
            prop_assert_eq!(&met, read_before);
            let all = [&before[..], PING, &after[..]].concat();
            // A writer offers whole frames, and what a socket left of them.
            let line = write(&mut filter, &all, usize::MAX);
            prop_assert_eq!(line, [&before[..], &after[..]].concat());
            met.extend(read(&mut filter, read_after, portion));
            prop_assert!(filter.is_over(Instant::now()));
            prop_assert_eq!(met.len(), early.len() + PONG.len());
            let at = (0..=early.len()).find(|at| met[..*at] == early[..*at] && met[*at..].starts_with(PONG));
            let at = at.expect("the answer is whole");
            prop_assert_eq!(&met[at + PONG.len()..], &early[at..]);
            let mut frames = super::Frames::default();
            frames.pass(&early[..at]);
            prop_assert!(frames.at_start(), "between two frames");
        }

        #[test]
        fn a_slow_socket_changes_nothing(payload in prop::collection::vec(0_u8..128, 2..200), step in 1_usize..64) {
            let mut filter = fresh();
            write(&mut filter, HEAD, step);
            let bytes = frame(&payload, false);
            prop_assert_eq!(write(&mut filter, &bytes, step), bytes);
            prop_assert_eq!(write(&mut filter, PING, step), b"");
        }
    }
}
