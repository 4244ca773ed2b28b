//! One table, without double meanings.

use std::collections::BTreeSet;

use crate::{ErrorCode, Problem};

#[test]
fn codes_and_close_codes_are_unique_and_in_their_ranges() {
    let names: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let closes: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.close_code()).collect();
    assert_eq!((names.len(), closes.len()), (ErrorCode::ALL.len(), ErrorCode::ALL.len()));
    for code in ErrorCode::ALL {
        assert!(matches!(code.close_code(), 4000..=4999 | 1002 | 1007 | 1012 | 1013), "{code}");
        assert!(matches!(code.http_status(), 400..=599), "{code}");
    }
}

#[test]
fn texts_say_what_happened_and_what_to_do() {
    for code in ErrorCode::ALL {
        let text = code.text();
        assert!(text.ends_with('.') && !text.contains('!'), "{code}: {text}");
        // Some leave nothing to do.
        let final_word = [ErrorCode::Forbidden, ErrorCode::Replaced, ErrorCode::RoomEnded, ErrorCode::Flooding];
        assert!(text.contains(". ") || final_word.contains(code), "{code}: {text}");
    }
}

#[test]
fn a_code_travels_as_its_name_and_an_unknown_one_is_kept_apart() {
    for code in ErrorCode::ALL {
        let json = serde_json::to_string(code).unwrap();
        assert_eq!(json, format!("\"{}\"", code.as_str()));
        assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), *code);
    }
    assert_eq!(serde_json::from_str::<ErrorCode>("\"of_the_future\"").unwrap(), ErrorCode::Unknown);
}

#[test]
fn a_problem_is_rfc_9457() {
    let json = serde_json::to_value(Problem::new(ErrorCode::RateLimited, Some(1500))).unwrap();
    assert_eq!(json["type"], "urn:whisperspace:error:rate_limited");
    assert_eq!((json["status"].as_u64(), json["retry_after_ms"].as_u64()), (Some(429), Some(1500)));
}
