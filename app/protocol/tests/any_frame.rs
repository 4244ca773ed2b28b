//! Frames right and nearly right, and any text at all.

mod frames;

use proptest::prelude::*;

/// The golden files: a text of each kind.
fn golden() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/golden");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("is a file").path());
    files.map(|path| std::fs::read_to_string(path).expect("is text").trim_end().to_owned()).collect()
}

/// A golden frame in which a part is something else.
fn altered() -> impl Strategy<Value = String> {
    let part = prop_oneof!["\\PC{0,8}", "[\\\\{}\\[\\]\",:0-9a-z_-]{0,12}", "\"[a-z]{1,8}\":", "-?[0-9]{1,24}"];
    (prop::sample::select(golden()), any::<prop::sample::Index>(), 0_usize..20, part).prop_map(
        |(frame, at, len, part)| {
            let characters: Vec<char> = frame.chars().collect();
            let at = at.index(characters.len());
            let behind = (at + len).min(characters.len());
            characters[..at].iter().copied().chain(part.chars()).chain(characters[behind..].iter().copied()).collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_frame_or_a_mistake(text in any::<String>()) {
        frames::frame(&text);
    }

    #[test]
    fn a_frame_that_is_altered_is_another_or_a_mistake(text in altered()) {
        frames::frame(&text);
    }

    #[test]
    fn what_is_typed_is_what_it_claims_to_be(text in "[ \\PC]{0,40}") {
        frames::typed(&text);
    }
}
