//! The first bytes of a frame (RFC 6455, 5.2): read masked, as clients write them, and written unmasked, as servers do.

use crate::error::Error;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const LEN_16: u8 = 126;
const LEN_64: u8 = 127;
/// 5.5: of a control frame.
pub(crate) const CONTROL_BYTES_MAX: u64 = 125;

/// Two bytes, eight of length, four of mask.
pub(crate) const CLIENT_HEADER_BYTES_MAX: usize = 14;
const SERVER_HEADER_BYTES_MAX: usize = 10;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// Goes on with a message.
    Continuation,
    /// A text message, or the beginning of one.
    Text,
    /// A binary message, or the beginning of one.
    Binary,
    /// The last frame of a side.
    Close,
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xa => Some(Self::Pong),
            _ => None,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// 5.5: about the connection, not part of a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The header of a client's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientHeader {
    pub(crate) is_final: bool,
    pub(crate) opcode: Opcode,
    pub(crate) key: [u8; 4],
    /// Of the payload.
    pub(crate) len: u64,
}

/// What can be told of the beginning of a header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// It has at least so many bytes.
    Needs(usize),
    /// It is whole, with exactly the bytes that were given.
    Whole(ClientHeader),
}

impl ClientHeader {
    /// Reads a header of which `bytes` are there, and no byte behind it. What is wrong is refused with its first byte.
    pub(crate) fn parse(bytes: &[u8], is_within_message: bool) -> Result<Parsed, Error> {
        let [first, rest @ ..] = bytes else { return Ok(Parsed::Needs(2)) };
        let (is_final, opcode) = Self::first(*first, is_within_message)?;
        let [second, rest @ ..] = rest else { return Ok(Parsed::Needs(2)) };
        if second & MASKED == 0 {
            return Err(Error::Unmasked);
        }
        let short = second & !MASKED;
        if opcode.is_control() && u64::from(short) > CONTROL_BYTES_MAX {
            return Err(Error::LongControl);
        }
        let len_bytes = match short {
            LEN_16 => 2,
            LEN_64 => 8,
            _ => 0,
        };
        let needs = 2 + len_bytes + 4;
        let Some((len, rest)) = rest.split_at_checked(len_bytes) else { return Ok(Parsed::Needs(needs)) };
        let long = len.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        let len = match short {
            LEN_16 if long < u64::from(LEN_16) => return Err(Error::Length),
            LEN_64 if u16::try_from(long).is_ok() || long >> 63 != 0 => return Err(Error::Length),
            LEN_16 | LEN_64 => long,
            short => u64::from(short),
        };
        let [a, b, c, d, ..] = *rest else { return Ok(Parsed::Needs(needs)) };
        Ok(Parsed::Whole(Self { is_final, opcode, key: [a, b, c, d], len }))
    }

    fn first(byte: u8, is_within_message: bool) -> Result<(bool, Opcode), Error> {
        if byte & RESERVED != 0 {
            return Err(Error::ReservedBits);
        }
        let is_final = byte & FINAL != 0;
        let opcode = Opcode::from_bits(byte & !FINAL).ok_or(Error::UnknownOpcode)?;
        match opcode {
            Opcode::Continuation if !is_within_message => Err(Error::ContinuesNothing),
            Opcode::Text | Opcode::Binary if is_within_message => Err(Error::Interleaved),
            Opcode::Close | Opcode::Ping | Opcode::Pong if !is_final => Err(Error::FragmentedControl),
            opcode => Ok((is_final, opcode)),
        }
    }
}

/// The header of a server's frame: final, without a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    bytes: [u8; SERVER_HEADER_BYTES_MAX],
    len: u8,
}

impl FrameHeader {
    /// Of what is framed already.
    pub(crate) const NONE: Self = Self { bytes: [0; SERVER_HEADER_BYTES_MAX], len: 0 };

    /// For a payload of so many bytes.
    #[must_use]
    pub const fn new(opcode: Opcode, payload_len: usize) -> Self {
        let first = FINAL | opcode.bits();
        let [.., b0, b1, b2, b3, b4, b5, b6, b7] = (payload_len as u128).to_be_bytes();
        let (bytes, len) = match payload_len {
            0..126 => ([first, b7, 0, 0, 0, 0, 0, 0, 0, 0], 2),
            126..=0xffff => ([first, LEN_16, b6, b7, 0, 0, 0, 0, 0, 0], 4),
            _ => ([first, LEN_64, b0, b1, b2, b3, b4, b5, b6, b7], 10),
        };
        Self { bytes, len }
    }

    /// How many bytes the header of such a frame has.
    pub(crate) fn len_of(frame: &[u8]) -> usize {
        match frame.get(1) {
            Some(&LEN_16) => 4,
            Some(&LEN_64) => 10,
            Some(_) | None => 2,
        }
    }

    /// As they go out.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientHeader, Error, FrameHeader, Opcode, Parsed};

    const KEY: [u8; 4] = [1, 2, 3, 4];

    fn parse(start: &[u8]) -> Result<Parsed, Error> {
        ClientHeader::parse(&[start, &KEY].concat(), false)
    }

    fn whole(is_final: bool, opcode: Opcode, len: u64) -> Parsed {
        Parsed::Whole(ClientHeader { is_final, opcode, key: KEY, len })
    }

    #[test]
    fn lengths_have_three_forms_and_one_of_them_is_right() {
        assert_eq!(parse(&[0x81, 0x80]), Ok(whole(true, Opcode::Text, 0)));
        assert_eq!(parse(&[0x82, 0xfd]), Ok(whole(true, Opcode::Binary, 125)));
        assert_eq!(parse(&[0x81, 0xfe, 0, 126]), Ok(whole(true, Opcode::Text, 126)));
        assert_eq!(parse(&[0x01, 0xfe, 0xff, 0xff]), Ok(whole(false, Opcode::Text, 65_535)));
        assert_eq!(parse(&[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]), Ok(whole(true, Opcode::Text, 65_536)));
        assert_eq!(
            parse(&[0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Ok(whole(true, Opcode::Text, u64::MAX >> 1))
        );
        // 5.2: the minimal number of bytes, and the most significant bit is 0.
        assert_eq!(parse(&[0x81, 0xfe, 0, 125]), Err(Error::Length));
        assert_eq!(parse(&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), Err(Error::Length));
        assert_eq!(parse(&[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), Err(Error::Length));
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_first_byte() {
        let wrong = |start: &[u8], is_within_message| ClientHeader::parse(start, is_within_message);
        for bit in [0x40, 0x20, 0x10] {
            assert_eq!(wrong(&[0x81 | bit], false), Err(Error::ReservedBits), "5.2");
        }
        for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
            assert_eq!(wrong(&[0x80 | opcode], false), Err(Error::UnknownOpcode), "5.2");
        }
        assert_eq!(wrong(&[0x80], false), Err(Error::ContinuesNothing), "5.4");
        assert_eq!(wrong(&[0x81], true), Err(Error::Interleaved), "5.4");
        assert_eq!(wrong(&[0x02], true), Err(Error::Interleaved), "5.4");
        for opcode in [0x8, 0x9, 0xa] {
            assert_eq!(wrong(&[opcode], false), Err(Error::FragmentedControl), "5.5");
            assert_eq!(wrong(&[0x80 | opcode, 0xfe], true), Err(Error::LongControl), "5.5");
        }
        assert_eq!(wrong(&[0x81, 0x02], false), Err(Error::Unmasked), "5.1");
    }

    #[test]
    fn the_beginning_of_a_header_says_how_much_is_missing() {
        let starts: [(&[u8], usize); 5] =
            [(&[], 2), (&[0x81], 2), (&[0x81, 0x85, 1], 6), (&[0x81, 0xfe, 1], 8), (&[0x81, 0xff, 0, 0], 14)];
        for (start, needs) in starts {
            assert_eq!(ClientHeader::parse(start, false), Ok(Parsed::Needs(needs)), "{start:02x?}");
        }
    }

    #[test]
    fn a_server_writes_the_shortest_length() {
        let header = |len| FrameHeader::new(Opcode::Text, len).as_bytes().to_vec();
        assert_eq!(header(0), [0x81, 0]);
        assert_eq!(header(125), [0x81, 125]);
        assert_eq!(header(126), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535), [0x81, 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(FrameHeader::new(Opcode::Close, 2).as_bytes(), [0x88, 2]);
    }
}
