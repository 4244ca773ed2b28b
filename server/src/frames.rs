//! Counts the WebSocket frames in a stream of bytes. Pure, knows no socket, and reads no message.

/// Where in a stream of WebSocket frames one is (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Frames {
    head: [u8; 14],
    got: usize,
    left: u64,
}

impl Frames {
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

    /// Goes on to the end of the bytes; how many frames begin in them.
    pub(crate) fn count(&mut self, mut bytes: &[u8]) -> u32 {
        let mut begun: u32 = 0;
        while !bytes.is_empty() {
            begun = begun.saturating_add(u32::from(self.got == 0 && self.left == 0));
            bytes = self.pass_one(bytes);
        }
        begun
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
    use proptest::prelude::*;

    use super::Frames;

    fn frame(len: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut bytes = vec![0x81];
        match len {
            0..=125 => bytes.push(mask | u8::try_from(len).expect("small")),
            126..=65_535 => {
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
        bytes.extend(vec![b'x'; len]);
        bytes
    }

    proptest! {
        #[test]
        fn each_frame_is_counted_once_however_it_comes(
            frames in prop::collection::vec((prop_oneof![0_usize..300, 60_000_usize..70_000], any::<bool>()), 0..5),
            portion in 1_usize..4_000,
        ) {
            let bytes: Vec<_> = frames.iter().flat_map(|(len, masked)| frame(*len, *masked)).collect();
            let mut counting = Frames::default();
            let counted: u32 = bytes.chunks(portion).map(|part| counting.count(part)).sum();
            prop_assert_eq!(counted as usize, frames.len());
        }
    }
}
