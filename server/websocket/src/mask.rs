//! Masking (RFC 6455, 5.3): each byte of a payload is combined with one of the four bytes of its frame's key.

/// Takes the mask off, in place, eight bytes at a time; the key as it applies to what follows.
pub(crate) fn unmask(payload: &mut [u8], key: [u8; 4]) -> [u8; 4] {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    // Whole words are a multiple of the key's length.
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    let mut next = key;
    next.rotate_left(payload.len() % key.len());
    next
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::unmask;

    #[test]
    fn the_example_of_the_specification() {
        // 5.7: a single-frame masked text message, "Hello".
        let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        unmask(&mut payload, [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(&payload, b"Hello");
    }

    proptest! {
        #[test]
        fn is_the_same_byte_by_byte_and_in_parts(
            payload in prop::collection::vec(any::<u8>(), 0..100),
            key in any::<[u8; 4]>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let expected: Vec<u8> = payload.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]).collect();
            let mut parts = payload;
            let cut = cut.index(parts.len() + 1);
            let (first, second) = parts.split_at_mut(cut);
            let key = unmask(first, key);
            unmask(second, key);
            prop_assert_eq!(parts, expected);
        }
    }
}
