//! What these clients send, as frames of the native protocol: from there on one set of rules holds.
//!
//! A client of any language and age is welcome: codes come as strings or in objects. Whatever else comes is refused with
//! a code; nothing of it can panic.

use protocol::api::ChangeRoom;
use protocol::{
    ClientFrame, ClientId, ErrorCode, FrameError, MemberId, MessageId, Refers, Role, SendBody, SendMessage, SendWhisper,
};
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The frame that an event means; `None` for one that nobody listens to. `argument` is the event's first one, or why there
/// is none.
pub(super) fn frame(
    event: &str,
    argument: Result<&Value, ErrorCode>,
    cid: &ClientId,
) -> Option<Result<ClientFrame, FrameError>> {
    let cid = || cid.clone();
    let room = || argument.and_then(code);
    // By the id that `users_online` tells.
    let whom = || argument.and_then(|argument| Ok((code(argument)?, field::<MemberId>(argument, "userId")?)));
    let frame = match event {
        "join_room" => argument.and_then(|argument| {
            let (code, pin) = (code(argument)?, pin(argument)?);
            Ok(ClientFrame::Join { cid: cid(), code, pin, invite: invite(argument), since: None })
        }),
        // Answered when those inside have decided.
        "knock_room" => argument
            .and_then(|argument| Ok(ClientFrame::Knock { cid: cid(), code: code(argument)?, pin: pin(argument)? })),
        "leave_room" => room().map(|room| ClientFrame::Leave { cid: cid(), room }),
        "send_message" => argument.and_then(|argument| {
            let (room, body) = (code(argument)?, SendBody::Text(content(argument)?));
            let refers = Refers { timer_s: burn_after(argument)?, ..Refers::default() };
            Ok(ClientFrame::Send(SendMessage { cid: cid(), room, body, refers }))
        }),
        "message:whisper" => argument.and_then(|argument| {
            let (room, to, text) = (code(argument)?, field::<MemberId>(argument, "userId")?, content(argument)?);
            let (reply, timer_s) = (None, None);
            Ok(ClientFrame::Whisper(SendWhisper { cid: cid(), room, to, text, reply, timer_s }))
        }),
        "message:edit" => argument.and_then(|argument| {
            let (room, id, text) = (code(argument)?, message_id(argument)?, content(argument)?);
            Ok(ClientFrame::Edit { cid: cid(), room, id, text })
        }),
        "message:delete" => argument.and_then(|argument| {
            let (room, id) = (code(argument)?, message_id(argument)?);
            Ok(ClientFrame::Delete { cid: cid(), room, id })
        }),
        "message:reaction" => argument.and_then(|argument| {
            let (room, id) = (code(argument)?, message_id(argument)?);
            let emoji = argument.get("emoji").and_then(Value::as_str).ok_or(ErrorCode::InvalidEmoji)?.to_owned();
            let on = argument.get("on").is_none_or(|on| on.as_bool().unwrap_or(true));
            Ok(ClientFrame::React { cid: cid(), room, id, emoji, on })
        }),
        "message:read" => argument.and_then(|argument| {
            let (room, id) = (code(argument)?, Some(message_id(argument)?));
            Ok(ClientFrame::Read { room, id })
        }),
        "typing_start" => room().map(|room| ClientFrame::Typing { room, on: true }),
        "typing_stop" => room().map(|room| ClientFrame::Typing { room, on: false }),
        "update_room" => argument.and_then(|argument| {
            let (room, set) = (code(argument)?, settings(argument)?);
            Ok(ClientFrame::Change { cid: cid(), room, set })
        }),
        "kick_user" => whom().map(|(room, member)| ClientFrame::Kick { cid: cid(), room, member }),
        "ban_user" => whom().map(|(room, member)| ClientFrame::Ban { cid: cid(), room, member }),
        "unban_user" => whom().map(|(room, member)| ClientFrame::Unban { cid: cid(), room, member }),
        "admit_user" => whom().map(|(room, member)| {
            let on =
                argument.ok().and_then(|argument| argument.get("on")).is_none_or(|on| on.as_bool().unwrap_or(true));
            ClientFrame::Admit { cid: cid(), room, member, on }
        }),
        "set_role" => whom().and_then(|(room, member)| {
            let role = argument.and_then(|argument| field::<Role>(argument, "role"))?;
            Ok(ClientFrame::Role { cid: cid(), room, member, role })
        }),
        "delete_room" => room().map(|room| ClientFrame::Burn { cid: cid(), room }),
        _ => return None,
    };
    Some(frame.map_err(|code| FrameError { code, cid: Some(cid()) }))
}

/// The room's code: the argument itself, or a field of it.
fn code(argument: &Value) -> Result<String, ErrorCode> {
    let field = |name: &str| argument.get(name).filter(|value| !value.is_null());
    let names = ["roomCode", "room", "code", "conversationId"];
    let named = names.into_iter().find_map(field);
    named.unwrap_or(argument).as_str().map(str::to_owned).ok_or(ErrorCode::InvalidCode)
}

/// The message that is meant, under the name that `new_message` gives its id or the one of an acknowledgement.
fn message_id(argument: &Value) -> Result<MessageId, ErrorCode> {
    let named = argument.get("messageId").or_else(|| argument.get("_id"));
    named.and_then(Value::as_str).ok_or(ErrorCode::BadFrame).and_then(MessageId::parse)
}

fn field<T: DeserializeOwned>(argument: &Value, name: &str) -> Result<T, ErrorCode> {
    argument.get(name).and_then(|value| T::deserialize(value).ok()).ok_or(ErrorCode::BadFrame)
}

/// What is to be another of a room: all that does not name it.
fn settings(argument: &Value) -> Result<ChangeRoom, ErrorCode> {
    let named = argument.as_object().ok_or(ErrorCode::BadFrame)?.iter();
    let set = named.filter(|(name, _)| !matches!(name.as_str(), "roomCode" | "room" | "code"));
    let set = Value::Object(set.map(|(name, value)| (name.clone(), value.clone())).collect());
    ChangeRoom::deserialize(set).map_err(|_| ErrorCode::BadFrame)
}

/// The message's burn timer in seconds; 0 for none. What is no such number is outside of every bound.
fn burn_after(argument: &Value) -> Result<Option<u64>, ErrorCode> {
    match argument.get("burnAfter") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => seconds.as_u64().map(Some).ok_or(ErrorCode::InvalidTimer),
        Some(_) => Err(ErrorCode::BadFrame),
    }
}

/// A PIN is a string; digits that a client took for a number are too.
fn pin(argument: &Value) -> Result<Option<String>, ErrorCode> {
    match argument.get("pin") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(pin)) => Ok(Some(pin.clone())),
        Some(Value::Number(digits)) if digits.is_u64() => Ok(Some(digits.to_string())),
        Some(_) => Err(ErrorCode::InvalidPin),
    }
}

/// What an invite's link carries; whatever is no string is none.
fn invite(argument: &Value) -> Option<String> {
    argument.get("invite").and_then(Value::as_str).map(str::to_owned)
}

/// The text of a message. Only the server speaks as the system; a type that nobody knows is text.
fn content(argument: &Value) -> Result<String, ErrorCode> {
    match argument.get("messageType") {
        Some(Value::String(kind)) if kind.trim().eq_ignore_ascii_case("system") => return Err(ErrorCode::BadFrame),
        None | Some(Value::Null | Value::String(_)) => {}
        Some(_) => return Err(ErrorCode::BadFrame),
    }
    match argument.get("content") {
        Some(Value::String(text)) => Ok(text.clone()),
        None | Some(Value::Null) => Err(ErrorCode::EmptyText),
        Some(_) => Err(ErrorCode::BadFrame),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::{ClientFrame, ClientId, ErrorCode, MessageId, encode};
    use serde_json::{Value, json};

    use super::frame;

    fn cid() -> ClientId {
        ClientId::parse("c1").expect("is a cid")
    }

    fn read(event: &str, argument: Result<&Value, ErrorCode>) -> Result<ClientFrame, ErrorCode> {
        frame(event, argument, &cid()).expect("is listened to").map_err(|error| error.code)
    }

    #[test]
    fn codes_come_as_strings_and_in_objects() {
        let join = |argument: Value| read("join_room", Ok(&argument));
        let plain = |pin: Option<&str>| {
            let (code, pin) = ("kw7p-3mxq".to_owned(), pin.map(str::to_owned));
            Ok(ClientFrame::Join { cid: cid(), code, pin, invite: None, since: None })
        };
        let table = [
            (json!("kw7p-3mxq"), plain(None)),
            (json!({"roomCode": "kw7p-3mxq"}), plain(None)),
            (json!({"room": "kw7p-3mxq", "pin": "4711"}), plain(Some("4711"))),
            (json!({"room": "kw7p-3mxq", "pin": 4711}), plain(Some("4711"))),
            (json!({"code": "kw7p-3mxq", "pin": null}), plain(None)),
            (json!({"room": "kw7p-3mxq", "pin": {"$ne": null}}), Err(ErrorCode::InvalidPin)),
            (json!({"room": {"$ne": null}}), Err(ErrorCode::InvalidCode)),
            (json!(["kw7p-3mxq"]), Err(ErrorCode::InvalidCode)),
            (json!(5), Err(ErrorCode::InvalidCode)),
            (json!(null), Err(ErrorCode::InvalidCode)),
            (json!({}), Err(ErrorCode::InvalidCode)),
        ];
        for (argument, expected) in table {
            let label = argument.to_string();
            assert_eq!(join(argument), expected, "{label}");
        }
        assert_eq!(read("typing_start", Err(ErrorCode::BadFrame)), Err(ErrorCode::BadFrame));
    }

    #[test]
    fn messages_are_named_by_either_name_of_their_ids() {
        let (room, id) = ("KW7P3MXQ".to_owned(), MessageId::parse("m1").expect("is an id"));
        let deleted = Ok(ClientFrame::Delete { cid: cid(), room: room.clone(), id: id.clone() });
        for argument in [
            json!({"room": "KW7P3MXQ", "messageId": "m1"}),
            json!({"roomCode": "KW7P3MXQ", "_id": "m1"}),
            json!({"conversationId": "KW7P3MXQ", "messageId": "m1", "deletedBy": "me"}),
        ] {
            assert_eq!(read("message:delete", Ok(&argument)), deleted);
        }
        let edit = json!({"room": "KW7P3MXQ", "messageId": "m1", "content": "so"});
        let edited = ClientFrame::Edit { cid: cid(), room, id, text: "so".to_owned() };
        assert_eq!(read("message:edit", Ok(&edit)), Ok(edited));
        for argument in [json!("m1"), json!({"room": "KW7P3MXQ"}), json!({"room": "KW7P3MXQ", "messageId": {"$ne": 1}})]
        {
            assert!(read("message:delete", Ok(&argument)).is_err(), "{argument}");
        }
    }

    #[test]
    fn powers_are_asked_for_by_member_ids_and_fields() {
        let said = |event: &str, argument: Value| read(event, Ok(&argument)).map(|frame| encode(&frame));
        let member = "CCCCCCCCCCCCCCCCCCCCCC";
        let (kick, role) = ("kick_user", "set_role");
        let table = [
            (
                kick,
                json!({"room": "x", "userId": member}),
                Ok(r#"{"t":"kick","cid":"c1","room":"x","member":"CCCCCCCCCCCCCCCCCCCCCC"}"#),
            ),
            (kick, json!({"room": "x", "userId": "no"}), Err(ErrorCode::BadFrame)),
            (kick, json!({"room": "x"}), Err(ErrorCode::BadFrame)),
            (
                role,
                json!({"room": "x", "userId": member, "role": "moderator"}),
                Ok(r#"{"t":"role","cid":"c1","room":"x","member":"CCCCCCCCCCCCCCCCCCCCCC","role":"moderator"}"#),
            ),
            (role, json!({"room": "x", "userId": member, "role": "god"}), Err(ErrorCode::BadFrame)),
            (
                "update_room",
                json!({"roomCode": "x", "name": "Pier", "locked": true}),
                Ok(r#"{"t":"change","cid":"c1","room":"x","set":{"name":"Pier","locked":true}}"#),
            ),
            ("update_room", json!({"room": "x", "owner": member}), Err(ErrorCode::BadFrame)),
            ("delete_room", json!("x"), Ok(r#"{"t":"burn","cid":"c1","room":"x"}"#)),
        ];
        for (inbound, argument, expected) in table {
            let label = argument.to_string();
            assert_eq!(said(inbound, argument), expected.map(str::to_owned), "{label}");
        }
    }

    #[test]
    fn a_burn_timer_is_a_number_of_seconds() {
        let send = |timer: Value| {
            let argument = json!({"room": "KW7P3MXQ", "content": "x", "burnAfter": timer});
            read("send_message", Ok(&argument))
                .map(|frame| encode(&frame).split_once("\"x\"").map(|(_, rest)| rest.to_owned()))
        };
        let ends = |rest: &str| Ok(Some(rest.to_owned()));
        assert_eq!(send(json!(30)), ends(",\"timer_s\":30}"));
        assert_eq!(send(json!(0)), ends(",\"timer_s\":0}"));
        assert_eq!(send(json!(null)), ends("}"));
        for outside in [json!(-1), json!(2.5)] {
            assert_eq!(send(outside), Err(ErrorCode::InvalidTimer));
        }
        assert_eq!(send(json!("30")), Err(ErrorCode::BadFrame));
    }

    #[test]
    fn the_system_does_not_speak_through_clients() {
        let send = |kind: Value| {
            let argument = json!({"room": "KW7P3MXQ", "content": "x", "messageType": kind});
            read("send_message", Ok(&argument)).map(|_| ())
        };
        for kind in [json!("text"), json!("image"), json!(""), json!(null)] {
            assert_eq!(send(kind), Ok(()));
        }
        for kind in [json!("system"), json!(" System"), json!(7), json!({"$ne": 1})] {
            assert_eq!(send(kind), Err(ErrorCode::BadFrame));
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(json!("KW7P3MXQ")),
        ];
        let key = prop::sample::select(vec![
            "room",
            "roomCode",
            "code",
            "pin",
            "content",
            "messageType",
            "messageId",
            "userId",
            "role",
            "name",
            "capacity",
            "emoji",
            "burnAfter",
            "$ne",
            "x",
        ]);
        leaf.prop_recursive(3, 24, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..5).prop_map(|fields| {
                    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn r3_any_json_in_any_place_is_a_frame_or_a_refusal(argument in any_json()) {
            let events = ["join_room", "leave_room", "send_message", "typing_start", "typing_stop"];
            for event in events.into_iter().chain(["message:whisper", "message:read", "message:edit", "message:delete", "message:reaction"]) {
                prop_assert!(frame(event, Ok(&argument), &cid()).is_some());
            }
            prop_assert!(frame("of_the_future", Ok(&argument), &cid()).is_none());
        }
    }
}
