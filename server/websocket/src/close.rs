//! The payload of close frames (RFC 6455, 5.5.1).

use std::fmt;

use crate::close_code::CloseCode;
use crate::error::Error;

/// Of a control frame's payload: the code takes two bytes of it.
const REASON_BYTES_MAX: usize = 123;

/// Why a connection is closed.
#[derive(Clone, PartialEq, Eq)]
pub struct CloseFrame {
    /// The code.
    pub code: CloseCode,
    /// For people who debug; often empty.
    pub reason: String,
}

impl CloseFrame {
    /// Reads the payload of a close frame; `None`: it is empty and says nothing.
    pub(crate) fn parse(payload: &[u8]) -> Result<Option<Self>, Error> {
        match payload {
            [] => Ok(None),
            [_] => Err(Error::TruncatedCloseCode),
            [high, low, reason @ ..] => {
                let code = CloseCode::new(u16::from_be_bytes([*high, *low])).ok_or(Error::InvalidCloseCode)?;
                let reason = str::from_utf8(reason).map_err(|_| Error::InvalidUtf8)?.to_owned();
                Ok(Some(Self { code, reason }))
            }
        }
    }

    /// The payload that says it. A reason that does not fit is cut between two characters.
    pub(crate) fn payload(code: CloseCode, reason: &str) -> Vec<u8> {
        let end = reason.floor_char_boundary(REASON_BYTES_MAX);
        let mut payload = Vec::with_capacity(2 + end);
        payload.extend(code.get().to_be_bytes());
        payload.extend(reason.as_bytes().iter().take(end));
        payload
    }
}

impl fmt::Debug for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseFrame({}, {} bytes)", self.code.get(), self.reason.len())
    }
}

#[cfg(test)]
mod tests {
    use super::CloseFrame;
    use crate::close_code::CloseCode;
    use crate::error::Error;

    #[test]
    fn a_payload_is_a_code_and_a_reason() {
        assert_eq!(CloseFrame::parse(b""), Ok(None));
        let normal = |reason: &str| Ok(Some(CloseFrame { code: CloseCode::NORMAL, reason: reason.to_owned() }));
        assert_eq!(CloseFrame::parse(&[3, 0xe8]), normal(""));
        assert_eq!(CloseFrame::parse(b"\x03\xe8gr\xc3\xbc"), normal("grü"));
        assert_eq!(CloseFrame::parse(&[3]), Err(Error::TruncatedCloseCode));
        assert_eq!(CloseFrame::parse(&[3, 0xed]), Err(Error::InvalidCloseCode), "1005 is for interfaces");
        assert_eq!(CloseFrame::parse(b"\x03\xe8\xc3"), Err(Error::InvalidUtf8));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let payload = CloseFrame::payload(CloseCode::NORMAL, &"€".repeat(100));
        assert_eq!(payload.len(), 2 + 41 * 3, "a control frame holds 125 bytes");
        assert!(CloseFrame::parse(&payload).is_ok());
    }
}
