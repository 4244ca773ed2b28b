//! Text that arrives in pieces. Each byte is checked once, when it arrives: what cannot become UTF-8 any more is refused
//! at its first wrong byte, however much of the message is still to come (RFC 6455, 8.1).

use crate::error::Error;

/// A character has four bytes at most, so three may wait for the rest.
const PENDING_MAX: usize = 3;

/// The beginning of a text.
#[derive(Default)]
pub(crate) struct PartialText {
    whole: String,
    /// The first bytes of a character whose other bytes have not arrived.
    pending: [u8; PENDING_MAX],
    pending_len: usize,
}

impl PartialText {
    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.whole.len() + self.pending_len
    }

    /// Goes on.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while let ([byte, rest @ ..], true) = (bytes, self.pending_len > 0) {
            self.push_to_pending(*byte)?;
            bytes = rest;
        }
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.whole.push_str(chunk.valid());
            let invalid = chunk.invalid();
            if !invalid.is_empty() {
                if chunks.peek().is_some() || !is_beginning(invalid) {
                    return Err(Error::InvalidUtf8);
                }
                self.hold(invalid);
            }
        }
        Ok(())
    }

    /// The text, where it does not end within a character.
    pub(crate) fn finish(self) -> Result<String, Error> {
        if self.pending_len == 0 { Ok(self.whole) } else { Err(Error::InvalidUtf8) }
    }

    fn push_to_pending(&mut self, byte: u8) -> Result<(), Error> {
        let mut character = [0; PENDING_MAX + 1];
        for (place, byte) in character.iter_mut().zip(self.pending.iter().take(self.pending_len).chain([&byte])) {
            *place = *byte;
        }
        let (character, _) = character.split_at(self.pending_len + 1);
        match str::from_utf8(character) {
            Ok(character) => {
                self.whole.push_str(character);
                self.pending_len = 0;
                Ok(())
            }
            Err(_) if is_beginning(character) => {
                self.hold(character);
                Ok(())
            }
            Err(_) => Err(Error::InvalidUtf8),
        }
    }

    fn hold(&mut self, beginning: &[u8]) {
        for (place, byte) in self.pending.iter_mut().zip(beginning) {
            *place = *byte;
        }
        self.pending_len = beginning.len().min(PENDING_MAX);
    }
}

/// Whether more bytes can make one character of these.
fn is_beginning(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Error, PartialText};

    fn in_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Result<String, Error> {
        let mut text = PartialText::default();
        for part in parts {
            text.push(part)?;
        }
        text.finish()
    }

    #[test]
    fn the_first_wrong_byte_is_refused_and_not_a_later_one() {
        // A surrogate, beyond the last character, an overlong form, a lone continuation, a character that breaks off.
        let wrong: [&[u8]; 6] = [b"\xed\xa0", b"\xf4\x90", b"\xe0\x80", b"\xc0", b"\x80", b"\xe2\x82x"];
        for bytes in wrong {
            let mut text = PartialText::default();
            let (last, before) = bytes.split_last().expect("is not empty");
            assert_eq!(text.push(before), Ok(()), "{bytes:02x?}");
            assert_eq!(text.push(&[*last]), Err(Error::InvalidUtf8), "{bytes:02x?}");
            assert_eq!(in_parts([bytes]), Err(Error::InvalidUtf8), "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn is_what_the_standard_library_says_of_the_whole(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "\\PC{0,20}".prop_map(String::into_bytes),
                ("\\PC{0,20}", any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
                    let mut bytes = text.into_bytes();
                    bytes.insert(at.index(bytes.len() + 1), byte);
                    bytes
                }),
            ],
            size in 1_usize..9,
        ) {
            let expected = String::from_utf8(bytes.clone()).map_err(|_| Error::InvalidUtf8);
            prop_assert_eq!(in_parts(bytes.chunks(size)), expected);
        }
    }
}
