//! Streams of frames, right and nearly right, and of any bytes at all.

mod streams;

use proptest::prelude::*;

/// A masked frame, with the length in the shortest form that has at least so many bytes.
fn frame(first: u8, key: [u8; 4], payload: &[u8], len_bytes_min: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 if len_bytes_min == 0 => bytes.push(0x80 | u8::try_from(len).expect("is short")),
        len @ 0..65_536 if len_bytes_min <= 2 => {
            bytes.push(0xfe);
            bytes.extend(u16::try_from(len).expect("is short").to_be_bytes());
        }
        len => {
            bytes.push(0xff);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend(key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "\\PC{0,20}".prop_map(String::into_bytes),
        // Cut within a character, perhaps.
        2 => ("\\PC{1,20}", 0_usize..40).prop_map(|(text, len)| {
            let mut bytes = text.into_bytes();
            bytes.truncate(len);
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..130),
        1 => (0_usize..1_100).prop_map(|len| vec![b'x'; len]),
    ]
}

fn close() -> impl Strategy<Value = Vec<u8>> {
    (prop_oneof![Just(1000_u16), 990_u16..1020, 2990_u16..3010, any::<u16>()], "\\PC{0,20}")
        .prop_map(|(code, reason)| [&code.to_be_bytes()[..], reason.as_bytes()].concat())
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x81_u8, 0x82, 0x01, 0x02, 0x80, 0x00, 0x89, 0x8a]),
        1 => any::<u8>(),
    ];
    let len_bytes_min = prop_oneof![20 => Just(0_usize), 1 => Just(2), 1 => Just(8)];
    prop_oneof![
        10 => (first, any::<[u8; 4]>(), payload(), len_bytes_min)
            .prop_map(|(first, key, payload, len_bytes_min)| frame(first, key, &payload, len_bytes_min)),
        1 => (any::<[u8; 4]>(), prop_oneof![close(), payload()]).prop_map(|(key, payload)| frame(0x88, key, &payload, 0)),
    ]
}

/// Messages as they should be: in fragments, with control frames between those.
fn good_frames() -> impl Strategy<Value = Vec<u8>> {
    let parts =
        ("\\PC{0,60}", prop::collection::vec(any::<prop::sample::Index>(), 0..4), any::<[u8; 4]>(), any::<bool>());
    parts.prop_map(|(text, cuts, key, has_pings)| {
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let (mut stream, last) = (Vec::new(), cuts.len() - 2);
        for (at, ends) in cuts.windows(2).enumerate() {
            let first = u8::from(at == 0) | if at == last { 0x80 } else { 0 };
            stream.extend(frame(first, key, &bytes[ends[0]..ends[1]], 0));
            if has_pings {
                stream.extend(frame(0x89, key, b"there?", 0));
            }
        }
        stream
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_are_read_alike_however_they_are_cut(
        frames in prop::collection::vec(prop_oneof![any_frame(), good_frames()], 0..12),
        sizes in prop::collection::vec(1_usize..200, 1..20),
    ) {
        streams::check(&frames.concat(), &sizes);
    }

    #[test]
    fn any_bytes_are_read_alike_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        sizes in prop::collection::vec(1_usize..50, 1..20),
    ) {
        streams::check(&bytes, &sizes);
    }
}
