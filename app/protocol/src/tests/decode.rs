//! What clients take of what a server writes, and what they refuse. Each frame's own case is a golden file.

use serde_json::json;

use crate::api::{LoginView, RoomView, TokenAnswer};
use crate::{
    Activity, ErrorCode, LeaveReason, Member, Problem, Read, ServerFrame, Unreadable, UserKind, decode, encode,
};

/// Writes with serde, reads as clients do.
fn again<T: serde::Serialize + Read>(value: &T) -> T {
    decode(&encode(value)).unwrap()
}

#[test]
fn what_serde_writes_clients_read() {
    for state in [Activity::Online, Activity::Away, Activity::Offline] {
        assert_eq!(again(&state), state);
    }
    let reasons = ["left", "expired", "empty", "deleted", "signed_out"];
    for reason in reasons.map(|word| serde_json::from_value::<LeaveReason>(json!(word)).unwrap()) {
        assert_eq!(again(&reason), reason);
    }
    for kind in [UserKind::Guest, UserKind::Account] {
        assert_eq!(again(&kind), kind);
    }
    for code in ErrorCode::ALL {
        assert_eq!(again(code), *code);
        assert_eq!(again(&Problem::new(*code, Some(7))), Problem::new(*code, Some(7)));
    }
}

#[test]
fn answers_of_the_api_are_read_with_and_without_what_is_optional() {
    let me = json!({"kind": "account", "name": "Quiet Heron", "username": "heron"});
    let session = json!({"token": "a.b.c", "expires_at": 5, "id": "me", "me": me}).to_string();
    assert_eq!(encode(&decode::<TokenAnswer>(&session).unwrap()), session_in_order());
    let view =
        r#"{"code":"KW7P3MXQ","pin":true,"capacity":50,"created_at":1,"expires_at":2,"member":false,"owner":false}"#;
    assert_eq!(encode(&decode::<RoomView>(view).unwrap()), view);
    let login = r#"{"id":"AAAAAAAAAAAAAAAAAAAAAA","created_at":1,"last_used_at":2,"current":true}"#;
    assert_eq!(encode(&decode::<Vec<LoginView>>(&format!("[{login}]")).unwrap()), format!("[{login}]"));
}

/// The fields in the order of the type.
fn session_in_order() -> &'static str {
    r#"{"token":"a.b.c","expires_at":5,"id":"me","me":{"kind":"account","name":"Quiet Heron","username":"heron"}}"#
}

#[test]
fn a_newer_server_is_understood() {
    let more =
        r#"{"id":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","state":"online","owner":null,"badge":{"x":[1]}}"#;
    assert!(decode::<Member>(more).is_err(), "null is no flag");
    assert!(decode::<Member>(&more.replace("null", "true")).unwrap().owner);
    assert_eq!(decode("\"code_of_the_future\""), Ok(ErrorCode::Unknown));
    assert_eq!(decode(r#"{"t":"of_the_future","x":1}"#), Ok(ServerFrame::Unknown));
}

#[test]
fn what_lacks_a_field_or_is_of_another_shape_is_refused_and_not_quoted() {
    let refused = [
        "",
        "null",
        "[]",
        "{}",
        r#"{"t":7}"#,
        r#"{"t":"gap"}"#,
        r#"{"t":"gap","room":"!"}"#,
        r#"{"t":"gap","room":"KW7P3MXQ","missed":-1}"#,
        r#"{"t":"typing","room":"KW7P3MXQ","members":{}}"#,
        r#"{"t":"ack","cid":"c","room":"KW7P3MXQ","seq":1.5,"id":"a","at":1}"#,
        r#"{"t":"left","room":"KW7P3MXQ","reason":"bored"}"#,
        r#"{"t":"ping"} {"t":"ping"}"#,
    ];
    for text in refused {
        assert_eq!(decode::<ServerFrame>(text), Err(Unreadable), "{text}");
    }
    assert_eq!(Unreadable.to_string(), "not the expected JSON");
}
