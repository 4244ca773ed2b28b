//! The clients' reader of JSON takes what `serde_json` takes, as the same values, and nothing else.

use proptest::prelude::*;
use serde_json::Value as Told;

use crate::json::parse;
use crate::limits::JSON_DEPTH_MAX;
use crate::{Object, Value};

/// What the reader makes of a value that `serde_json` has read.
fn same(told: &Told, read: &Value) -> bool {
    match (told, read) {
        (Told::Null, Value::Null) => true,
        (Told::Bool(told), Value::Bool(read)) => told == read,
        (Told::Number(told), Value::Number(read)) => told.as_u64() == *read,
        (Told::String(told), Value::String(read)) => told == read,
        (Told::Array(told), Value::Array(read)) => {
            told.len() == read.len() && told.iter().zip(read).all(|(told, read)| same(told, read))
        }
        (Told::Object(told), Value::Object(read)) => {
            let mut read = read.clone();
            let all = told.iter().all(|(name, told)| read.remove(name).is_some_and(|read| same(told, &read)));
            all && told.keys().all(|name| name_is_gone(&mut read, name))
        }
        _ => false,
    }
}

/// Fields that bear one name are one to `serde_json`.
fn name_is_gone(read: &mut Object, name: &str) -> bool {
    while read.remove(name).is_some() {}
    true
}

#[track_caller]
fn compare(text: &str) {
    match (serde_json::from_str::<Told>(text), parse(text)) {
        (Ok(told), Some(read)) => assert!(same(&told, &read), "{text}"),
        (Err(_), None) => {}
        // Too large for a float, which clients have none of: a number like any that is not of the wire.
        (Err(error), Some(_)) if error.to_string().starts_with("number out of range") => {}
        (told, read) => panic!("{text:?}: serde_json takes it: {}, clients: {}", told.is_ok(), read.is_some()),
    }
}

/// What is JSON, what is nearly, and what is not.
const TEXTS: &[&str] = &[
    "",
    " ",
    "null",
    " true\r\n",
    "\tfalse ",
    "nul",
    "nulll",
    "True",
    "0",
    "-0",
    "-",
    "01",
    "00",
    "1.",
    ".5",
    "1.5",
    "-7",
    "1e3",
    "1E+3",
    "1e",
    "1e-",
    "18446744073709551615",
    "18446744073709551616",
    "+1",
    "0x1",
    "NaN",
    "[]",
    "[ ]",
    "[1]",
    "[1,2]",
    "[1,]",
    "[,]",
    "[1 2]",
    "[",
    "]",
    "[[[]]]",
    "{}",
    "{ }",
    r#"{"a":1}"#,
    r#"{"a" : [1, {"b":null}] }"#,
    r#"{"a":1,}"#,
    r#"{"a"}"#,
    r#"{"a":}"#,
    "{a:1}",
    "{1:1}",
    r#"{"a":1,"a":2}"#,
    r#"{"a":1 "b":2}"#,
    r#"{"a":1"#,
    r#""""#,
    r#"""#,
    r#""a"#,
    r#""é😀""#,
    r#""\"\\\/\b\f\n\r\t""#,
    r#""\x""#,
    r#""\é""#,
    r#""\"#,
    r#""\u00e9""#,
    r#""\u00E9x""#,
    r#""\ud83d\ude00""#,
    r#""\ud83d""#,
    r#""\ud83dx""#,
    r#""\ud83d\n""#,
    r#""\ude00""#,
    r#""\ud83d\ud83d""#,
    r#""\u12""#,
    r#""\u+123""#,
    r#""\u12é""#,
    "\"\u{1}\"",
    "\"\n\"",
    "\"\u{7f}\"",
    "1 2",
    "{} []",
    "\u{feff}1",
    "\u{a0}1",
];

#[test]
fn what_is_json_is_read_and_what_is_not_is_refused() {
    TEXTS.iter().copied().for_each(compare);
}

#[test]
fn what_is_nested_too_deep_is_refused_and_not_followed() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let most = JSON_DEPTH_MAX as usize;
    assert!(parse(&nested(most)).is_some());
    assert!(parse(&nested(most + 1)).is_none());
    assert!(parse(&"[".repeat(1_000_000)).is_none());
    assert!(parse(&"{\"a\":".repeat(1_000_000)).is_none());
}

#[test]
fn of_fields_with_one_name_the_last_counts() {
    let Some(Value::Object(mut object)) = parse(r#"{"a":1,"b":2,"a":3}"#) else { panic!("is an object") };
    assert_eq!(object.remove("a"), Some(Value::Number(Some(3))));
}

fn any_json() -> impl Strategy<Value = Told> {
    let leaf = prop_oneof![
        Just(Told::Null),
        any::<bool>().prop_map(Told::from),
        any::<u64>().prop_map(Told::from),
        any::<i64>().prop_map(Told::from),
        any::<f64>().prop_map(Told::from),
        any::<String>().prop_map(Told::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Told::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|fields| Told::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read(told in any_json()) {
        compare(&told.to_string());
        compare(&serde_json::to_string_pretty(&told).expect("is written"));
    }

    #[test]
    fn no_text_is_read_otherwise_than_serde_json_reads_it(text in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+\\-tnrl é]{0,24}") {
        compare(&text);
    }

    #[test]
    fn a_text_that_was_cut_or_changed_is_no_danger(told in any_json(), at in any::<prop::sample::Index>(), put in any::<char>()) {
        let text = told.to_string();
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        compare(&characters[..at].iter().collect::<String>());
        characters[at] = put;
        compare(&characters.iter().collect::<String>());
    }
}
