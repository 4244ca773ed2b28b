//! Close codes (RFC 6455, 7.4).

/// A code that may be on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The other side breaks the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A payload that is not what its frame says: text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// A message beyond the limit.
    pub const TOO_LARGE: Self = Self(1009);
    /// Something unexpected on the server.
    pub const INTERNAL_ERROR: Self = Self(1011);

    /// `None` where 7.4 does not let an endpoint send it: what is reserved (1004, 1005, 1006, 1015), what is not
    /// registered, and what is outside of the ranges. 1012 to 1014 were registered after the RFC; 3000 to 4999 belong to
    /// libraries and applications.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// As it is on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::CloseCode;

    #[test]
    fn codes_are_those_that_may_be_sent() {
        let allowed: Vec<u16> = (0..=u16::MAX).filter(|code| CloseCode::new(*code).is_some()).collect();
        let expected: Vec<u16> = (1000..=1003).chain(1007..=1014).chain(3000..=4999).collect();
        assert_eq!(allowed, expected);
    }
}
