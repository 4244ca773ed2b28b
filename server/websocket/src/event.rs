//! What a reader finds in its input.

use std::borrow::Cow;
use std::fmt;

use crate::close::CloseFrame;

/// A whole message, or a control frame. Borrowed from the input where it came in one piece.
#[derive(Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(Cow<'a, str>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// To be answered with a pong that has the same payload.
    Ping(Cow<'a, [u8]>),
    /// An answer, or a heartbeat that nobody asked for.
    Pong(Cow<'a, [u8]>),
    /// The last frame of the other side, with its reason where one was given.
    Close(Option<CloseFrame>),
}

/// How far one step got.
#[derive(Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// So many bytes from the beginning of the input were used: at least one, where there was one.
    pub consumed: usize,
    /// What ends with the last of them.
    pub event: Option<Event<'a>>,
}

impl fmt::Debug for Event<'_> {
    /// Names kind and size, never what was said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Ping(bytes) => write!(f, "Ping({} bytes)", bytes.len()),
            Self::Pong(bytes) => write!(f, "Pong({} bytes)", bytes.len()),
            Self::Close(frame) => f.debug_tuple("Close").field(frame).finish(),
        }
    }
}
