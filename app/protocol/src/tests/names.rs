//! Newtypes at their limits and one beyond.

use proptest::prelude::*;

use crate::ids::ROOM_CODE_ALPHABET;
use crate::{ClientId, DisplayName, Emoji, ErrorCode, Limits, Password, Pin, RoomCode, RoomName, Text, Username};

#[test]
fn a_code_is_taken_as_people_type_it() {
    for typed in
        ["KW7P3MXQ", " kw7p-3mxq ", "kw7p 3mxq", "KW7P–3MXQ", "https://chat.example/r/kw7p-3mxq?x=1#y", "/r/KW7P3MXQ/"]
    {
        assert_eq!(RoomCode::parse(typed).map(|code| code.dashed()), Ok("KW7P-3MXQ".to_owned()), "{typed}");
    }
    for typed in [
        "",
        "KW7P3MX",
        "KW7P3MXQQ",
        "KW7P3MX0",
        "KW7P3MXI",
        "KW7P3MX\u{212A}",
        "../../etc",
        "https://chat.example/about",
    ] {
        assert_eq!(RoomCode::parse(typed), Err(ErrorCode::InvalidCode), "{typed}");
    }
}

#[test]
fn a_code_from_random_bytes_has_no_modulo_bias() {
    // 248 and above would favour the first letters: they are passed over.
    assert_eq!(RoomCode::from_random(&[255; 64]), None);
    let code = RoomCode::from_random(&[0, 30, 31, 61, 248, 247, 2, 3, 4]).unwrap();
    assert_eq!(code.as_str(), "2Z2ZZ456");
    assert_eq!(ROOM_CODE_ALPHABET.len(), 31);
}

#[test]
fn a_display_name_has_one_to_thirty_visible_characters() {
    assert_eq!(DisplayName::parse("  Quiet \t Heron ").unwrap().as_str(), "Quiet Heron");
    for fits in ["é".repeat(30), "e\u{301}".repeat(30), "क्षि".repeat(30), "👩\u{200D}👩\u{200D}👧".repeat(28)]
    {
        assert!(DisplayName::parse(&fits).is_ok(), "{fits}");
    }
    // An end in bytes as well, for marks without end on one character.
    let stacked = |marks: usize| format!("e{}", "\u{301}".repeat(marks));
    assert!(DisplayName::parse(&stacked(539)).is_ok() && DisplayName::parse(&stacked(540)).is_err());
    assert!(RoomName::parse(&stacked(899)).is_ok() && RoomName::parse(&stacked(900)).is_err());
    // The texts say what is checked: a pile that fits is taken, one that does not is told why.
    assert!(ErrorCode::InvalidName.text().contains("fits into 1,080 bytes"));
    assert!(ErrorCode::InvalidRoomName.text().contains("fits into 1,800 bytes"));
    let invisible =
        ["a\u{202E}b", "a\u{200B}b", "a\u{0}b", "\u{3164}", "\u{2800}", "\u{E000}", "\u{FE0F}", "\u{10FFFD}"];
    for wrong in invisible.into_iter().chain(["", "   ", &"é".repeat(31), &"e\u{301}".repeat(31)]) {
        assert_eq!(DisplayName::parse(wrong), Err(ErrorCode::InvalidName), "{wrong:?}");
    }
}

/// The rule speaks of characters, so no honest character may be too long for it.
#[test]
fn a_name_may_be_of_the_longest_characters_throughout() {
    let longest = [
        "👨\u{200D}👩\u{200D}👧\u{200D}👦",
        "👩🏽\u{200D}❤\u{FE0F}\u{200D}💋\u{200D}👨🏿",
        "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
        "र्त्स्न्य",
        "བསྒྲུབས",
        "שָּׁ֑",
        "ệ\u{302}\u{323}",
    ];
    for one in longest {
        let counted = unicode_segmentation::UnicodeSegmentation::graphemes(one, true).count();
        let most = |chars: usize| one.repeat(chars / counted);
        assert!(DisplayName::parse(&most(30)).is_ok(), "{one}");
        assert!(DisplayName::parse(&most(30 + counted)).is_err(), "{one}");
        assert!(RoomName::parse(&most(50)).is_ok(), "{one}");
        assert!(RoomName::parse(&most(50 + counted)).is_err(), "{one}");
    }
    assert!(Username::parse(&"नि".repeat(32)).is_ok() && Username::parse(&"ệ\u{331}".repeat(32)).is_ok());
}

#[test]
fn an_emoji_of_parts_is_visible_and_no_disguise() {
    let family =
        DisplayName::parse("The \u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}s \u{2764}\u{FE0F}\u{200D}\u{1F525}")
            .unwrap();
    assert!(DisplayName::parse(family.numbered(2).as_str()).is_ok());
    let folded = |typed| DisplayName::parse(typed).unwrap().folded();
    assert_eq!(folded("\u{1F600}\u{200D}\u{1F600}"), folded("\u{1F600}\u{1F600}"));
    assert_eq!(folded("A\u{FE0F}"), folded("a"));
    let cut = DisplayName::parse(&format!("{}\u{1F469}\u{200D}\u{1F469}", "x".repeat(26))).unwrap().numbered(2);
    assert!(DisplayName::parse(cut.as_str()).is_ok_and(|again| again == cut));
}

#[test]
fn a_numbered_name_still_fits() {
    let long = DisplayName::parse(&"é".repeat(30)).unwrap().numbered(1234);
    assert_eq!(long.as_str().chars().count(), 30);
    assert!(DisplayName::parse(long.as_str()).is_ok_and(|again| again == long));
    // Cut between characters: behind the joiner of a Persian name, inside of a family, in a stack of marks.
    for typed in
        ["علی\u{200C}".repeat(9) + "رضا", "👩\u{200D}👩\u{200D}👧".repeat(30), format!("e{}", "\u{301}".repeat(539))]
    {
        let cut = DisplayName::parse(&typed).unwrap().numbered(2);
        assert!(DisplayName::parse(cut.as_str()).is_ok_and(|again| again == cut), "{cut:?}");
        assert!(cut.as_str().ends_with('2'));
    }
}

#[test]
fn a_text_counts_characters_after_trimming() {
    let limit = 5_000;
    assert_eq!(Text::parse(&format!(" {}\n", "😀".repeat(limit)), limit).unwrap().as_str().chars().count(), limit);
    assert_eq!(Text::parse(&"😀".repeat(limit + 1), limit), Err(ErrorCode::TextTooLong));
    assert_eq!(Text::parse(" \n\t\u{3000}", limit), Err(ErrorCode::EmptyText));
    for nothing in ["\u{200B}", "\u{FEFF}\u{202E} \u{3164}", "\u{0}", "\u{2800}\u{FE0F}"] {
        assert_eq!(Text::parse(nothing, limit), Err(ErrorCode::EmptyText), "{nothing:?}");
    }
    assert_eq!(Text::parse("a\u{202E}b\u{0}c", limit).unwrap().as_str(), "a\u{202E}b\u{0}c");
}

#[test]
fn the_other_names_hold_their_limits() {
    assert!(RoomName::parse(&"x".repeat(50)).is_ok() && RoomName::parse(&"x".repeat(51)).is_err());
    assert!(Pin::parse("1234").is_ok() && Pin::parse("123").is_err() && Pin::parse(&"x".repeat(65)).is_err());
    assert!(
        Username::parse("Ann.B-c_1").is_ok() && Username::parse("ab").is_err() && Username::parse("ann b").is_err()
    );
    assert!(Username::parse(&"x".repeat(33)).is_err() && Username::parse("ånn").is_ok());
    assert!(ClientId::parse(&"x".repeat(64)).is_ok() && ClientId::parse(&"x".repeat(65)).is_err());
    assert!(ClientId::parse("").is_err() && ClientId::parse("a b").is_err());
}

#[test]
fn nothing_personal_is_formatted() {
    let formatted = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        RoomCode::parse("KW7P3MXQ").unwrap(),
        DisplayName::parse("Heron").unwrap(),
        Text::parse("hello", 10).unwrap(),
        Pin::parse("4711").unwrap(),
        Username::parse("heron").unwrap(),
        crate::decode_client(r#"{"t":"send","cid":"c1","room":"KW7P3MXQ","text":"hello"}"#).unwrap(),
    );
    for secret in ["KW7P", "Heron", "heron", "hello", "4711"] {
        assert!(!formatted.contains(secret), "{formatted}");
    }
}

#[test]
fn limits_are_set_by_name_within_their_range() {
    let mut limits = Limits::default();
    assert_eq!(limits.set("text_chars_max", "16"), Ok(()));
    assert_eq!(limits.text_chars_max, 16);
    assert!(limits.set("text_chars_max", "0").is_err());
    assert!(limits.set("text_chars_max", "many").is_err());
    assert!(limits.set("no_such_limit", "1").is_err());
    for (name, default, text) in Limits::REFERENCE {
        assert!(Limits::default().set(name, &default.to_string()).is_ok(), "{name}");
        assert!(!text.is_empty());
    }
}

/// Letters, marks and unseen characters of many scripts in every order, beside anything else.
fn tangled() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "É",
        "e\u{301}",
        "\u{301}",
        " ",
        "\u{A0}",
        "\u{3000}",
        "'",
        "\"",
        "<",
        ">",
        "&",
        "1",
        "\u{20E3}",
        "\u{200B}",
        "\u{200C}",
        "\u{200D}",
        "\u{200E}",
        "\u{200F}",
        "\u{202E}",
        "\u{2066}",
        "\u{2069}",
        "\u{FEFF}",
        "\u{AD}",
        "\u{34F}",
        "\u{FE00}",
        "\u{FE0F}",
        "\u{E0100}",
        "\u{E0067}",
        "\u{E007F}",
        "\u{1F3F4}",
        "\u{1F469}",
        "\u{1F3FD}",
        "❤",
        "葛",
        "علی",
        "رضا",
        "\u{64E}",
        "\u{640}",
        "क",
        "\u{94D}",
        "ന",
        "\u{D4D}",
        "ᠠ",
        "\u{180B}",
        "\u{180E}",
        "ណ",
        "\u{17B4}",
        "ㅎ",
        "\u{1112}",
        "\u{1160}",
        "\u{115F}",
        "\u{3164}",
        "\u{2800}",
        "ก",
        "\u{E33}",
        "\u{FDFA}",
        "ß",
        "İ",
        "ſ",
        "\u{345}",
        "ᾳ",
        "🏴\u{E0067}\u{E0062}\u{E0065}\u{E007F}",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat()), ".{0,80}"]
}

proptest! {
    #[test]
    fn parsing_never_panics_and_what_parses_parses_again(typed in tangled()) {
        if let Ok(code) = RoomCode::parse(&typed) {
            prop_assert_eq!(RoomCode::parse(&code.dashed()), Ok(code));
        }
        if let Ok(name) = DisplayName::parse(&typed) {
            prop_assert!(!name.as_str().contains(['<', '>', '"', '\'']));
            prop_assert!(DisplayName::kept(name.as_str()).is_ok());
            let numbered = name.numbered(7);
            prop_assert_eq!(DisplayName::parse(numbered.as_str()), Ok(numbered));
            prop_assert_eq!(DisplayName::parse(name.as_str()), Ok(name));
        }
        if let Ok(name) = Username::parse(&typed) {
            let folded = name.folded();
            prop_assert_eq!(Username::kept(&folded).map(|name| name.folded()), Ok(folded));
        }
        if let Ok(pin) = Pin::parse(&typed) {
            let again = Pin::parse(std::str::from_utf8(pin.as_bytes()).unwrap()).unwrap();
            prop_assert_eq!(again.as_bytes(), pin.as_bytes());
        }
        let password = Password::tried(&typed);
        let again = Password::tried(std::str::from_utf8(password.as_bytes()).unwrap());
        prop_assert_eq!(again.as_bytes(), password.as_bytes());
        if let Ok(text) = Text::parse(&typed, 40) {
            prop_assert_eq!(Text::parse(text.as_str(), 40), Ok(text));
        }
        let _ = (RoomName::parse(&typed), Pin::parse(&typed), Username::parse(&typed), crate::decode_client(&typed));
    }

    #[test]
    fn arbitrary_json_never_panics_the_decoder(json in arbitrary_json()) {
        let _ = crate::decode_client(&json.to_string());
        let _ = crate::decode_server(&json.to_string());
    }
}

/// JSON that is close to frames: known tags and fields, every type in every field.
fn arbitrary_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("KW7P3MXQ")),
        Just(json!({"$ne": null})),
        Just(json!([1, 2])),
    ];
    let tag = prop::sample::select(vec![
        "hello", "join", "leave", "send", "typing", "status", "ping", "pong", "message", "ack", "nope",
    ]);
    let fields = prop::sample::select(vec![
        "cid", "code", "room", "text", "on", "state", "have", "token", "resume", "since", "pin", "x",
    ]);
    (tag, prop::collection::btree_map(fields, leaf, 0..6)).prop_map(|(tag, fields)| {
        let mut frame: serde_json::Map<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        frame.insert("t".to_owned(), tag.into());
        Value::Object(frame)
    })
}

#[test]
fn one_emoji_is_one_whatever_it_is_made_of_and_however_it_is_spelled() {
    let spelled = |typed: &str| Emoji::parse(typed).map(|emoji| emoji.as_str().to_owned());
    for emoji in [
        "👍",
        "👍🏽",
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "🇯🇵",
        "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
        "7\u{FE0F}\u{20E3}",
        "❤\u{FE0F}",
    ] {
        assert_eq!(spelled(emoji).as_deref(), Ok(emoji), "{emoji}");
    }
    for (typed, emoji) in [("❤", "❤\u{FE0F}"), ("👍\u{FE0F}", "👍"), (" 🎉 ", "🎉"), ("7\u{20E3}", "7\u{FE0F}\u{20E3}")]
    {
        assert_eq!(spelled(typed).as_deref(), Ok(emoji), "{typed}");
    }
    let refused = [
        "",
        " ",
        "a",
        "7",
        "#",
        "👍👍",
        "👍 👍",
        "é",
        "\u{1F1EF}",
        "\u{FE0F}",
        "\u{200D}",
        "👍\u{301}",
        "❤\u{FE0E}",
        "<b>",
        "-",
    ];
    for typed in refused {
        assert_eq!(spelled(typed), Err(ErrorCode::InvalidEmoji), "{typed:?}");
    }
    assert!(Emoji::parse(&format!("👍{}", "\u{200D}👍".repeat(20))).is_err(), "longer than any emoji");
    assert!(Emoji::parse("👍\u{200D}").is_err(), "what joins, joins two");
}
