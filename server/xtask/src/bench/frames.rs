//! As much of RFC 6455 as a generator of load needs: where a server's frame ends, and frames of a client.

/// The head of a frame that a server sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) opcode: u8,
    /// Bytes before the payload.
    pub(super) header: usize,
    /// Bytes of the payload.
    pub(super) length: usize,
}

impl Head {
    pub(super) const fn whole(self) -> usize {
        self.header + self.length
    }
}

pub(super) const TEXT: u8 = 1;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
const PONG: u8 = 10;

/// The head of the frame that begins here, where enough of it has come. Servers do not mask.
pub(super) fn head(input: &[u8]) -> Option<Head> {
    let (&first, &second) = (input.first()?, input.get(1)?);
    let (header, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(input.get(2..4)?.try_into().ok()?))),
        // A length beyond this machine's memory never arrives whole.
        127 => (10, usize::try_from(u64::from_be_bytes(input.get(2..10)?.try_into().ok()?)).unwrap_or(usize::MAX / 2)),
        short => (2, usize::from(short)),
    };
    Some(Head { opcode: first & 0x0f, header, length })
}

/// A text message as clients send it. The mask is of zeros, which the RFC allows and which leaves the payload as it is; the
/// server applies it like any other.
pub(super) fn masked_text(payload: &[u8]) -> Vec<u8> {
    masked(TEXT, payload)
}

/// The answer to a ping.
pub(super) fn masked_pong(payload: &[u8]) -> Vec<u8> {
    masked(PONG, payload)
}

fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, payload.len(), 0x80);
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A text message as servers send it.
pub(super) fn unmasked_text(payload: &[u8]) -> Vec<u8> {
    let mut frame = header(TEXT, payload.len(), 0);
    frame.extend_from_slice(payload);
    frame
}

fn header(opcode: u8, length: usize, mask: u8) -> Vec<u8> {
    /// A length in the next two bytes, and one in the next eight.
    const MEDIUM: u8 = 0x7e;
    const LONG: u8 = 0x7f;
    let first = 0x80 | opcode;
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => vec![first, mask | short],
        (_, Ok(medium)) => [&[first, mask | MEDIUM], &medium.to_be_bytes()[..]].concat(),
        (_, Err(_)) => [&[first, mask | LONG], &(length as u64).to_be_bytes()[..]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_soon_as_it_is_there() {
        for length in [0, 1, 125, 126, 300, 65_535, 65_536, 70_000] {
            let frame = unmasked_text(&vec![b'x'; length]);
            let head = head(&frame).expect("is whole");
            assert_eq!((head.opcode, head.length, head.whole()), (TEXT, length, frame.len()));
            assert_eq!(super::head(&frame[..head.header]), Some(head), "the payload is not needed");
            assert_eq!(super::head(&frame[..head.header - 1]), None);
        }
    }

    #[test]
    fn a_client_masks() {
        assert_eq!(masked_text(b"hi"), b"\x81\x82\0\0\0\0hi");
        assert_eq!(masked_pong(b"")[0], 0x8a);
        let long = masked_text(&[b'x'; 200]);
        assert_eq!((&long[..4], long.len()), (&[0x81, 0xfe, 0, 200][..], 208));
    }
}
