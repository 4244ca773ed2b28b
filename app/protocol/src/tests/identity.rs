//! What a person typed, and what it must be: names, codes, PINs and passwords in the scripts of the world.

use crate::{DisplayName, ErrorCode, Password, Pin, RoomCode, RoomName, Username};

/// Script, what is typed, and what others see; `None` where it is no name.
const NAMES: &[(&str, &str, Option<&str>)] = &[
    ("Latin", "José", Some("José")),
    ("Latin", "Jose\u{301}", Some("Jose\u{301}")),
    ("Latin", "ＪＯＳÉ", Some("ＪＯＳÉ")),
    ("Latin", "Nguyễn Thị Ánh", Some("Nguyễn Thị Ánh")),
    ("Latin", "O'Brien & Sons", Some("O\u{2019}Brien & Sons")),
    ("Latin", "say \"hi\"", Some("say \u{201C}hi\u{201D}")),
    ("Latin", "'quoted'", Some("\u{2018}quoted\u{2019}")),
    ("Latin", "<b>bold</b>", Some("\u{2039}b\u{203A}bold\u{2039}/b\u{203A}")),
    ("Latin", "\"><script>", Some("\u{201C}\u{203A}\u{2039}script\u{203A}")),
    ("Latin", "a & b &lt;c&gt;", Some("a & b &lt;c&gt;")),
    ("Latin", "  two \t\u{A0}\u{3000} words\n", Some("two words")),
    ("Latin", "\u{FEFF}\u{200B}Ann\u{200F}\u{AD}", Some("Ann")),
    ("Latin", "\u{2068}Ann\u{2069}", Some("Ann")),
    ("Latin", "\u{202B}Ann Lee\u{202C}", Some("Ann Lee")),
    ("Latin", "\u{200D}Ann\u{200D}", Some("Ann")),
    ("Latin", "Ann\u{FE0F}", Some("Ann")),
    ("Latin", "Ann\u{200C} Lee", Some("Ann Lee")),
    ("Latin", "ze\u{200B}ro", None),
    ("Latin", "ze\u{200C}ro", None),
    ("Latin", "ze\u{200D}ro", None),
    ("Latin", "left\u{202E}thgir", None),
    ("Latin", "le\u{200F}ft", None),
    ("Latin", "so\u{AD}ft", None),
    ("Latin", "va\u{FE0F}ry", None),
    ("Latin", "nul\0", None),
    ("Latin", "es\u{1B}c", None),
    ("Latin", "\u{E000}", None),
    ("Latin", "\u{10FFFD}", None),
    ("Latin", "\u{FDD0}", None),
    ("Latin", "", None),
    ("Latin", " \u{2003}\u{3000} ", None),
    ("Latin", "\u{200B}\u{2060}\u{FEFF}", None),
    ("Latin", "\u{301}\u{302}\u{20E3}", None),
    ("Latin", "\u{301}Ann", Some("Ann")),
    ("Latin", "T\u{366}h\u{334}\u{321}e\u{335}\u{489}", Some("T\u{366}h\u{334}\u{321}e\u{335}\u{489}")),
    ("Greek", "Οδυσσεύς", Some("Οδυσσεύς")),
    ("Greek", "Μαρία-Ελένη", Some("Μαρία-Ελένη")),
    ("Cyrillic", "Артём Ёлкин", Some("Артём Ёлкин")),
    ("Cyrillic", "Наталія д'Арк", Some("Наталія д\u{2019}Арк")),
    ("Armenian", "Հայկ Պետրոսյան", Some("Հայկ Պետրոսյան")),
    ("Georgian", "ნინო ქავთარაძე", Some("ნინო ქავთარაძე")),
    ("Hebrew", "שָׁלוֹם כֹּהֵן", Some("שָׁלוֹם כֹּהֵן")),
    ("Hebrew", "דוד\u{200F}", Some("דוד")),
    ("Hebrew", "צה\"ל", Some("צה\u{201D}ל")),
    ("Arabic", "مُحَمَّد", Some("مُحَمَّد")),
    ("Arabic", "علی\u{200C}رضا", Some("علی\u{200C}رضا")),
    ("Arabic", "مح\u{640}\u{640}مد", Some("مح\u{640}\u{640}مد")),
    ("Arabic", "ه\u{200D}", Some("ه\u{200D}")),
    ("Arabic", "علی\u{200C} رضا", Some("علی رضا")),
    ("Arabic", "علی\u{200C}\u{200C}رضا", None),
    ("Arabic", "\u{FDFD}", Some("\u{FDFD}")),
    ("Syriac", "ܐܦܪܝܡ", Some("ܐܦܪܝܡ")),
    ("Thaana", "އިބްރާހީމް", Some("އިބްރާހީމް")),
    ("N'Ko", "ߡߊߡߊߘߎ", Some("ߡߊߡߊߘߎ")),
    ("Devanagari", "क्षितिज", Some("क्षितिज")),
    ("Devanagari", "क्\u{200D}षितिज", Some("क्\u{200D}षितिज")),
    ("Devanagari", "क्\u{200C}षितिज", Some("क्\u{200C}षितिज")),
    ("Bengali", "র\u{200D}্যাব", Some("র\u{200D}্যাব")),
    ("Gurmukhi", "ਗੁਰਪ੍ਰੀਤ", Some("ਗੁਰਪ੍ਰੀਤ")),
    ("Gujarati", "જિજ્ઞેશ", Some("જિજ્ઞેશ")),
    ("Odia", "ଶ୍ରୀକୃଷ୍ଣ", Some("ଶ୍ରୀକୃଷ୍ଣ")),
    ("Tamil", "ஸ்ரீதர்", Some("ஸ்ரீதர்")),
    ("Telugu", "శ్రీ\u{200C}వల్లి", Some("శ్రీ\u{200C}వల్లి")),
    ("Kannada", "ರ\u{200D}್ಯಾಲಿ", Some("ರ\u{200D}್ಯಾಲಿ")),
    ("Malayalam", "അവന്\u{200D}", Some("അവന്\u{200D}")),
    ("Malayalam", "ശ്രീകൃഷ്\u{200C}ണ", Some("ശ്രീകൃഷ്\u{200C}ണ")),
    ("Sinhala", "ශ්\u{200D}රී ලංකා", Some("ශ්\u{200D}රී ලංකා")),
    ("Thai", "ณัฐพงษ์ น้ำทิพย์", Some("ณัฐพงษ์ น้ำทิพย์")),
    ("Thai", "ณัฐ\u{200B}พงษ์", Some("ณัฐ\u{200B}พงษ์")),
    ("Lao", "ສົມຈິດ", Some("ສົມຈິດ")),
    ("Tibetan", "བསྟན་འཛིན་རྒྱ་མཚོ", Some("བསྟན་འཛིན་རྒྱ་མཚོ")),
    ("Myanmar", "အောင်ဆန်းစုကြည်", Some("အောင်ဆန်းစုကြည်")),
    ("Khmer", "សុភ័ក្រ្ត", Some("សុភ័ក្រ្ត")),
    ("Mongolian", "ᠮᠣᠩᠭᠣᠯ", Some("ᠮᠣᠩᠭᠣᠯ")),
    ("Mongolian", "ᠰᠠᠷᠠᠨ\u{180E}ᠠ", Some("ᠰᠠᠷᠠᠨ\u{180E}ᠠ")),
    ("Mongolian", "ᠪᠠᠭ\u{180B}ᠠ", Some("ᠪᠠᠭ\u{180B}ᠠ")),
    ("Ethiopic", "ኃይለ ሥላሴ", Some("ኃይለ ሥላሴ")),
    ("Cherokee", "ᏎᏉᏯ", Some("ᏎᏉᏯ")),
    ("Canadian Aboriginal", "ᐃᓄᒃᑎᑐᑦ", Some("ᐃᓄᒃᑎᑐᑦ")),
    ("Han", "諸葛亮", Some("諸葛亮")),
    ("Han", "葛\u{E0100}城", Some("葛\u{E0100}城")),
    ("Han", "神\u{FE00}", Some("神\u{FE00}")),
    ("Han", "a\u{E0100}b", None),
    ("Hiragana", "さくらﾞ", Some("さくらﾞ")),
    ("Katakana", "ジョージ", Some("ジョージ")),
    ("Katakana", "ｼﾞｮｰｼﾞ", Some("ｼﾞｮｰｼﾞ")),
    ("Hangul", "김철수", Some("김철수")),
    ("Hangul", "\u{1112}\u{1161}\u{11AB}", Some("\u{1112}\u{1161}\u{11AB}")),
    ("Hangul", "\u{3164}", None),
    ("Hangul", "a\u{3164}b", Some("a b")),
    ("Bopomofo", "ㄅㄆㄇ", Some("ㄅㄆㄇ")),
    ("Javanese", "ꦗꦮ", Some("ꦗꦮ")),
    ("Balinese", "ᬩᬮᬶ", Some("ᬩᬮᬶ")),
    ("Adlam", "𞤀𞤣𞤤𞤢𞤥", Some("𞤀𞤣𞤤𞤢𞤥")),
    ("Tifinagh", "ⵎⴰⵙⵙⵉⵏ", Some("ⵎⴰⵙⵙⵉⵏ")),
    ("Braille", "⠁\u{2800}⠃", Some("⠁ ⠃")),
    ("Braille", "\u{2800}", None),
    ("Gothic", "𐌰𐌽𐌽𐌰", Some("𐌰𐌽𐌽𐌰")),
    (
        "Emoji",
        "The 👩\u{200D}👩\u{200D}👧s ❤\u{FE0F}\u{200D}🔥",
        Some("The 👩\u{200D}👩\u{200D}👧s ❤\u{FE0F}\u{200D}🔥"),
    ),
    (
        "Emoji",
        "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
        Some("🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}"),
    ),
    ("Emoji", "🏴\u{E0067}\u{E0062}", Some("🏴")),
    ("Emoji", "a\u{E0061}b", None),
    ("Emoji", "🏳\u{FE0F}\u{200D}🌈", Some("🏳\u{FE0F}\u{200D}🌈")),
    ("Emoji", "A1\u{FE0F}\u{20E3}", Some("A1\u{FE0F}\u{20E3}")),
    ("Emoji", "👩\u{200D}", Some("👩")),
    ("Emoji", "👩\u{200D}\u{200D}👩", None),
];

/// Two people with these names in one room: the second gets a number.
const ONE_NAME: &[(&str, &str)] = &[
    ("José", "Jose\u{301}"),
    ("José", "ＪＯＳÉ"),
    ("José", "JOSÉ"),
    ("Straße", "STRASSE"),
    ("Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
    ("علی\u{200C}رضا", "علیرضا"),
    ("ﬁona", "FIONA"),
    ("ジョージ", "ｼﾞｮｰｼﾞ"),
    ("김철수", "\u{1100}\u{1175}\u{11B7}철수"),
    ("葛\u{E0100}城", "葛城"),
    ("神", "\u{FA19}"),
    ("Ⅳ", "IV"),
    ("O'Brien", "O\u{2018}Brien"),
    ("❤\u{FE0F}", "❤"),
    ("ശ്രീകൃഷ്\u{200C}ണ", "ശ്രീകൃഷ്ണ"),
    ("Ω", "\u{2126}"),
    ("Ann Lee", "Ann\u{3000}Lee"),
    ("ᏎᏉᏯ", "ꮞꮙꮿ"),
    ("Ǆ", "ǆ"),
    ("ışık", "IŞIK"),
    ("ნინო", "ᲜᲘᲜᲝ"),
];

/// Names that are not one.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("José", "Jose"),
    ("Артём", "Артем"),
    ("raven", "rаven"),
    ("さくら", "サクラ"),
    ("İpek", "Ipek"),
    ("مُحَمَّد", "محمد"),
    ("Ann Lee", "Annlee"),
    (
        "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
        "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    ),
];

/// What is typed or pasted for the room KW7P-3MXQ, and for none.
const CODES: &[(&str, bool)] = &[
    ("KW7P3MXQ", true),
    (" kw7p-3mxq\n", true),
    ("ＫＷ７Ｐ－３ＭＸＱ", true),
    ("ｋｗ７ｐー３ｍｘｑ", true),
    ("\u{FEFF}KW7P\u{200B}3MXQ\u{200F}", true),
    ("KW7P\u{AD}-3MXQ", true),
    ("\u{2066}KW7P-3MXQ\u{2069}", true),
    ("\"KW7P-3MXQ\"", true),
    ("\u{201E}KW7P-3MXQ\u{201C}", true),
    ("\u{AB}KW7P 3MXQ\u{BB}", true),
    ("「KW7P-3MXQ」", true),
    ("（ＫＷ７Ｐ－３ＭＸＱ）", true),
    ("(KW7P-3MXQ).", true),
    ("`KW7P3MXQ`,", true),
    ("KW7P\u{2013}3MXQ!", true),
    ("KW7P\u{2011}3MXQ", true),
    ("#KW7P3MXQ", true),
    ("https://chat.example/r/kw7p-3mxq?x=1#y", true),
    ("HTTPS://CHAT.EXAMPLE/R/KW7P3MXQ", true),
    ("<https://chat.example/R/KW7P3MXQ>", true),
    ("[come in](https://chat.example/r/KW7P3MXQ)", true),
    ("/R/KW7P3MXQ/", true),
    ("／ｒ／ＫＷ７Ｐ３ＭＸＱ", true),
    ("/join?code=KW7P3MXQ", true),
    ("https://chat.example/join?code=kw7p-3mxq", true),
    ("https://chat.example/join?x=1&code=KW7P+3MXQ&y=2#z", true),
    ("/r/%20KW7P3MXQ", true),
    ("https://chat.example/r/KW7P%2D3MXQ%20?x=1#y", true),
    ("KW7P%E2%80%933MXQ", true),
    ("code: KW7P-3MXQ", true),
    ("Code KW7P3MXQ", true),
    ("Room: KW7P 3MXQ", true),
    ("Room code: \u{201C}KW7P-3MXQ\u{201D}.", true),
    ("Code=KW7P3MXQ", true),
    ("CODE：ＫＷ７Ｐ３ＭＸＱ", true),
    ("KW7P-3MXQ.", true),
    ("(KW7P-3MXQ)", true),
    ("Come to https://chat.example/r/KW7P-3MXQ, the door is open", true),
    ("Room KW7P 3MXQ, PIN 1234", true),
    ("https://room.example/r/KW7P3MXQ?code=1", true),
    ("https://code.example/about", false),
    ("code: KW7P3MXQQ", false),
    ("code: KW7P-3MXQ-ABCD", false),
    ("Room: KW7P3MX", false),
    ("KW7P3MXQ tomorrow", false),
    ("KW7P%3MXQ", false),
    ("%", false),
    ("/r/%FF%FE", false),
    ("KW7P3MX", false),
    ("KW7P3MXQQ", false),
    ("KW7P3MX0", false),
    ("KW7P3MX\u{212A}", false),
    ("KW7P3MXQé", false),
    ("КW7P3MXQ", false),
    ("\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}\u{200B}", false),
    ("\"\"", false),
    ("https://chat.example/r/", false),
];

/// Two ways to type one PIN.
const ONE_PIN: &[(&str, &str)] = &[
    ("1234", " 1234\n"),
    ("1234", "12\u{200B}34\u{FEFF}"),
    ("1234", "\u{202A}1234\u{202C}"),
    ("café crème", "cafe\u{301} cre\u{300}me"),
    ("café crème", "café\u{A0}crème"),
    ("علی\u{200C}رضا", "علیرضا"),
    ("김철수김", "\u{1100}\u{1175}\u{11B7}철수김"),
    ("Åse Åse", "\u{212B}se A\u{30A}se"),
];

/// Two ways to type one password.
const ONE_PASSWORD: &[(&str, &str)] = &[
    ("pässwörter", "pa\u{308}sswo\u{308}rter"),
    ("two words long", "two\u{2003}words\u{A0}long"),
    ("ガギグゲゴザジズ", "ガギグケ\u{3099}ゴザジズ"),
    ("Việt Nam muôn năm", "Vie\u{323}\u{302}t Nam muôn năm"),
    ("कृष्णक़लम", "कृष्णक\u{93C}लम"),
];

/// Two passwords: a password is compared as it is, but for its form.
const OTHER_PASSWORDS: &[(&str, &str)] = &[
    ("correct horse", "Correct horse"),
    ("correct horse", " correct horse"),
    ("correct horse", "correct  horse"),
    ("correct horse", "ｃｏｒｒｅｃｔ horse"),
    ("straßenbahn", "strassenbahn"),
    ("zero\u{200B}width", "zerowidth"),
];

/// The name of an account, and its key; `None` where it is none.
const USERNAMES: &[(&str, Option<&str>)] = &[
    ("Ann.B-c_1", Some("ann.b-c_1")),
    (" ann\u{200B} ", Some("ann")),
    ("ＡＮＮ＿１", Some("ann_1")),
    ("josé", Some("jose\u{301}")),
    ("JOSE\u{301}", Some("jose\u{301}")),
    ("Артём", Some("арте\u{308}м")),
    ("علی\u{200C}رضا", Some("علیرضا")),
    ("諸葛亮", Some("諸葛亮")),
    ("ශ්\u{200D}රීමත්", Some("ශ්රීමත්")),
    ("1.2", Some("1.2")),
    ("-_a", Some("-_a")),
    ("٣٤٥", Some("٣٤٥")),
    ("...", None),
    ("---", None),
    ("___", None),
    ("._-.", None),
    ("．＿－", None),
    ("ab", None),
    ("ann b", None),
    ("ann&b", None),
    ("ann\u{200B}b", None),
    ("ann\u{2019}s", None),
    ("ann😀", None),
    ("\u{301}\u{302}\u{303}", None),
    ("\u{FDFA}", None),
];

#[test]
fn a_name_is_what_its_language_needs() {
    for (script, typed, shown) in NAMES {
        let parsed = DisplayName::parse(typed);
        assert_eq!(parsed.as_ref().ok().map(DisplayName::as_str), *shown, "{script}: {typed:?}");
        let room = RoomName::parse(typed);
        assert_eq!(room.as_ref().ok().map(RoomName::as_str), *shown, "{script}, a room: {typed:?}");
    }
}

#[test]
fn names_that_read_as_one_are_one() {
    let folded = |typed: &str| DisplayName::parse(typed).unwrap_or_else(|_| panic!("{typed:?} is a name")).folded();
    for (one, other) in ONE_NAME {
        assert_eq!(folded(one), folded(other), "{one:?} and {other:?}");
    }
    for (one, other) in OTHER_NAMES {
        assert_ne!(folded(one), folded(other), "{one:?} and {other:?}");
    }
}

#[test]
fn a_code_is_found_in_what_was_pasted() {
    for (typed, is_code) in CODES {
        let expected = if *is_code { Ok("KW7P3MXQ".to_owned()) } else { Err(ErrorCode::InvalidCode) };
        assert_eq!(RoomCode::parse(typed).map(|code| code.as_str().to_owned()), expected, "{typed:?}");
    }
}

#[test]
fn a_secret_is_the_same_on_every_keyboard() {
    for (one, other) in ONE_PIN {
        let [one_pin, other_pin] = [one, other].map(|typed| Pin::parse(typed).expect("is a PIN"));
        assert_eq!(one_pin.as_bytes(), other_pin.as_bytes(), "{one:?} and {other:?}");
    }
    for (one, other) in ONE_PASSWORD {
        let [one_of, other_of] = [one, other].map(|typed| Password::parse(typed).expect("is a password"));
        assert_eq!(one_of.as_bytes(), other_of.as_bytes(), "{one:?} and {other:?}");
    }
    for (one, other) in OTHER_PASSWORDS {
        let [one_of, other_of] = [one, other].map(|typed| Password::parse(typed).expect("is a password"));
        assert_ne!(one_of.as_bytes(), other_of.as_bytes(), "{one:?} and {other:?}");
    }
}

/// Hashes that were made of the bytes as typed stay good.
#[test]
fn what_was_typed_is_tried_as_well() {
    let typed = "cafe\u{301} cre\u{300}me";
    for tries in [
        Pin::parse(typed).expect("is a PIN").tries().map(<[u8]>::to_vec).collect::<Vec<_>>(),
        Password::tried(typed).tries().map(<[u8]>::to_vec).collect(),
    ] {
        assert_eq!(tries, ["café crème".as_bytes().to_vec(), typed.as_bytes().to_vec()]);
    }
    assert_eq!(Pin::parse(" 1234 ").expect("is a PIN").tries().count(), 1);
    assert_eq!(Password::tried("correct horse").tries().count(), 1);
}

#[test]
fn a_pin_shows_something() {
    for wrong in ["123", "12\u{200B}3", "\u{200B}\u{200B}\u{200B}\u{200B}", "12\t34", "12\u{0}34", "    "] {
        assert_eq!(Pin::parse(wrong), Err(ErrorCode::InvalidPin), "{wrong:?}");
    }
}

#[test]
fn an_account_is_called_by_letters_of_any_script() {
    for (typed, key) in USERNAMES {
        let parsed = Username::parse(typed).ok().map(|name| name.folded());
        assert_eq!(parsed.as_deref(), *key, "{typed:?}");
    }
}

/// Keys are stored: those of names that were taken before other scripts were allowed have not moved.
#[test]
fn the_key_of_an_ascii_name_is_its_lower_case() {
    for name in ["robin", "Robin_1", "ANN.B-c", "___", "x-2.y"] {
        assert_eq!(Username::known(name).expect("is a name").folded(), name.to_ascii_lowercase());
    }
}

#[test]
fn the_table_is_wide() {
    let scripts: std::collections::BTreeSet<_> = NAMES.iter().map(|(script, _, _)| script).collect();
    let rows = NAMES.len() + ONE_NAME.len() + OTHER_NAMES.len() + CODES.len() + ONE_PIN.len() + USERNAMES.len();
    assert!(scripts.len() >= 30 && rows >= 120, "{} scripts, {rows} rows", scripts.len());
}
