//! What a client may do wrong. Every one of these ends the connection; the wire has a close code for it.

use crate::close_code::CloseCode;

/// Bytes that are no WebSocket, or more than is taken. The numbers are the sections of RFC 6455.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 5.2: a reserved bit is set, and no extension was agreed on.
    #[error("a reserved bit of a frame is set")]
    ReservedBits,
    /// 5.2: an opcode that is not defined.
    #[error("a frame has an unknown opcode")]
    UnknownOpcode,
    /// 5.4: a continuation without a message that it continues.
    #[error("a frame continues nothing")]
    ContinuesNothing,
    /// 5.4: a new message within another one.
    #[error("a message begins within another one")]
    Interleaved,
    /// 5.5: a control frame in fragments.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// 5.5: a control frame with more than 125 bytes.
    #[error("a control frame is too long")]
    LongControl,
    /// 5.1: a frame of a client without a mask.
    #[error("a frame is not masked")]
    Unmasked,
    /// 5.2: a length that is not in its shortest form, or beyond 63 bits.
    #[error("the length of a frame is not encoded as it must be")]
    Length,
    /// 5.5.1: one byte where there should be a code, or none.
    #[error("a close frame has a truncated code")]
    TruncatedCloseCode,
    /// 7.4: a code that must not be on the wire.
    #[error("a close frame has a code that must not be sent")]
    InvalidCloseCode,
    /// 8.1: text that is not UTF-8.
    #[error("a text is not UTF-8")]
    InvalidUtf8,
    /// 10.4: a frame beyond the limit.
    #[error("a frame is too large")]
    FrameTooLarge,
    /// 10.4: a message beyond the limit.
    #[error("a message is too large")]
    MessageTooLarge,
}

impl Error {
    /// The code to close with (7.4.1).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBits
            | Self::UnknownOpcode
            | Self::ContinuesNothing
            | Self::Interleaved
            | Self::FragmentedControl
            | Self::LongControl
            | Self::Unmasked
            | Self::Length
            | Self::TruncatedCloseCode
            | Self::InvalidCloseCode => CloseCode::PROTOCOL_ERROR,
            Self::InvalidUtf8 => CloseCode::INVALID_PAYLOAD,
            Self::FrameTooLarge | Self::MessageTooLarge => CloseCode::TOO_LARGE,
        }
    }
}
