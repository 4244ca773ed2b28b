//! Frames of a client to whole messages, incrementally (RFC 6455, 5 and 8.1).
//!
//! A reader keeps what it cannot hand on yet: the beginning of a header, of a message in fragments or of one that has not
//! arrived wholly. Between messages it holds no memory. It takes no memory on a client's word: what a header announces
//! is held to the limits, and room is made for what arrives.

use std::borrow::Cow;
use std::fmt;

use crate::close::CloseFrame;
use crate::error::Error;
use crate::event::{Event, Progress};
use crate::header::{CLIENT_HEADER_BYTES_MAX, ClientHeader, Opcode, Parsed};
use crate::mask::unmask;
use crate::text::PartialText;

/// What a client may send at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// Bytes of a frame's payload.
    pub frame_bytes_max: u64,
    /// Bytes of all payloads of one message.
    pub message_bytes_max: u64,
}

/// One client's frames.
pub struct Reader {
    limits: SizeLimits,
    header: [u8; CLIENT_HEADER_BYTES_MAX],
    header_len: usize,
    /// The frame whose payload is being read.
    frame: Option<CurrentFrame>,
    /// The message whose fragments are being read.
    message: Option<PartialMessage>,
    /// Of a control frame that has not arrived wholly.
    control: Vec<u8>,
    /// A close frame or an error was met: nothing behind it counts (5.5.1).
    is_over: bool,
}

struct CurrentFrame {
    is_final: bool,
    opcode: Opcode,
    /// As it applies to the next byte.
    key: [u8; 4],
    /// Bytes of the payload that have not arrived.
    left: u64,
    /// Something was read of it by an earlier step.
    has_begun: bool,
}

enum PartialMessage {
    Text(PartialText),
    Binary(Vec<u8>),
}

impl Reader {
    /// Before the first frame.
    #[must_use]
    pub const fn new(limits: SizeLimits) -> Self {
        Self {
            limits,
            header: [0; CLIENT_HEADER_BYTES_MAX],
            header_len: 0,
            frame: None,
            message: None,
            control: Vec::new(),
            is_over: false,
        }
    }

    /// Reads on, to the end of the input or of one frame, and takes the mask off in place. Call again with what is left.
    ///
    /// # Errors
    /// What the client does wrong, at the first byte that makes it so; once. From then on, as behind a close frame, all
    /// input is used up without an event.
    pub fn read<'a>(&mut self, input: &'a mut [u8]) -> Result<Progress<'a>, Error> {
        if self.is_over {
            return Ok(Progress { consumed: input.len(), event: None });
        }
        let progress = self.step(input);
        if matches!(progress, Err(_) | Ok(Progress { event: Some(Event::Close(_)), .. })) {
            *self = Self { is_over: true, ..Self::new(self.limits) };
        }
        progress
    }

    /// Whether the last frame was read, or an error met.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    fn step<'a>(&mut self, input: &'a mut [u8]) -> Result<Progress<'a>, Error> {
        let header_bytes = if self.frame.is_none() { self.read_header(input)? } else { 0 };
        let Some(mut frame) = self.frame.take() else {
            return Ok(Progress { consumed: header_bytes, event: None });
        };
        let rest = input.get_mut(header_bytes..).unwrap_or_default();
        let here = usize::try_from(frame.left).map_or(rest.len(), |left| left.min(rest.len()));
        let payload = rest.get_mut(..here).unwrap_or_default();
        frame.key = unmask(payload, frame.key);
        frame.left -= payload.len() as u64;
        let event = match frame.opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong => self.read_control(&frame, payload)?,
            Opcode::Text | Opcode::Binary | Opcode::Continuation => self.read_message(&frame, payload)?,
        };
        if frame.left > 0 {
            self.frame = Some(CurrentFrame { has_begun: true, ..frame });
        }
        Ok(Progress { consumed: header_bytes + here, event })
    }

    /// Reads to the end of the header, or of the input; how many bytes.
    fn read_header(&mut self, input: &[u8]) -> Result<usize, Error> {
        let mut used = 0;
        loop {
            let known = self.header.get(..self.header_len).unwrap_or_default();
            match ClientHeader::parse(known, self.message.is_some())? {
                Parsed::Whole(header) => {
                    self.header_len = 0;
                    self.frame = Some(self.begin(header)?);
                    return Ok(used);
                }
                Parsed::Needs(needs) => {
                    // The first byte by itself: what is wrong in it is refused before what is wrong behind it.
                    let needs = if self.header_len == 0 { 1 } else { needs };
                    let input = input.get(used..).unwrap_or_default();
                    let places = self.header.get_mut(self.header_len..needs).unwrap_or_default();
                    let here = places.len().min(input.len());
                    for (place, byte) in places.iter_mut().zip(input) {
                        *place = *byte;
                    }
                    if here == 0 {
                        return Ok(used);
                    }
                    self.header_len += here;
                    used += here;
                }
            }
        }
    }

    /// Holds a frame to the limits before anything of it is read.
    fn begin(&self, header: ClientHeader) -> Result<CurrentFrame, Error> {
        let ClientHeader { is_final, opcode, key, len } = header;
        if !opcode.is_control() {
            if len > self.limits.frame_bytes_max {
                return Err(Error::FrameTooLarge);
            }
            let before = self.message.as_ref().map_or(0, PartialMessage::len) as u64;
            if before.saturating_add(len) > self.limits.message_bytes_max {
                return Err(Error::MessageTooLarge);
            }
        }
        Ok(CurrentFrame { is_final, opcode, key, left: len, has_begun: false })
    }

    fn read_control<'a>(&mut self, frame: &CurrentFrame, payload: &'a [u8]) -> Result<Option<Event<'a>>, Error> {
        let is_whole = frame.left == 0;
        let payload = if is_whole && !frame.has_begun {
            Cow::Borrowed(payload)
        } else {
            self.control.extend(payload);
            if !is_whole {
                return Ok(None);
            }
            Cow::Owned(std::mem::take(&mut self.control))
        };
        Ok(Some(match frame.opcode {
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Pong(payload),
            Opcode::Close | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                Event::Close(CloseFrame::parse(&payload)?)
            }
        }))
    }

    fn read_message<'a>(&mut self, frame: &CurrentFrame, payload: &'a [u8]) -> Result<Option<Event<'a>>, Error> {
        let is_whole = frame.left == 0 && frame.is_final;
        let message = match (frame.opcode, self.message.take()) {
            (_, Some(message)) => message,
            (Opcode::Text, None) if is_whole => {
                let text = str::from_utf8(payload).map_err(|_| Error::InvalidUtf8)?;
                return Ok(Some(Event::Text(Cow::Borrowed(text))));
            }
            (Opcode::Text, None) => PartialMessage::Text(PartialText::default()),
            (_, None) if is_whole => return Ok(Some(Event::Binary(Cow::Borrowed(payload)))),
            (_, None) => PartialMessage::Binary(Vec::new()),
        };
        match message {
            PartialMessage::Text(mut text) => {
                text.push(payload)?;
                if is_whole {
                    return Ok(Some(Event::Text(Cow::Owned(text.finish()?))));
                }
                self.message = Some(PartialMessage::Text(text));
            }
            PartialMessage::Binary(mut bytes) => {
                bytes.extend(payload);
                if is_whole {
                    return Ok(Some(Event::Binary(Cow::Owned(bytes))));
                }
                self.message = Some(PartialMessage::Binary(bytes));
            }
        }
        Ok(None)
    }
}

impl PartialMessage {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("limits", &self.limits).field("is_over", &self.is_over).finish_non_exhaustive()
    }
}
