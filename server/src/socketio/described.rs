//! The events of Socket.IO clients, for the description of the API: what they may say (`inbound`) and what they are told
//! (`encoder`, `projection`).
//!
//! What is told has schemas made from its types. What clients say is read leniently and by hand, so it is written down by
//! hand here; tests hold each event against the reader and the writer. Nothing here is needed to serve.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::encoder::{
    DeletedMessage, Fault, MessageReaction, NewMessage, NewWhisper, Receipt, Renewed, RoomUpdated, ServerNotice,
    Typist, UpdatedMessage,
};

/// One event.
pub(crate) struct Described {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) says: &'static str,
    /// Who says it.
    pub(crate) by: By,
    /// Schemas of its arguments, in their order.
    pub(crate) arguments: Vec<Value>,
}

/// Who says an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Client,
    Server,
}

/// Stands for the callback of an emit: it has no name on the wire.
pub(crate) const ACKNOWLEDGEMENT: &str = "acknowledgement";

/// All of them, by clients first.
pub(crate) fn events() -> Vec<Described> {
    let client = |(name, says, argument)| Described { name, says, by: By::Client, arguments: vec![argument] };
    let server = |(name, says, arguments)| Described { name, says, by: By::Server, arguments };
    said().into_iter().map(client).chain(told().into_iter().map(server)).collect()
}

type Said = (&'static str, &'static str, Value);
type Told = (&'static str, &'static str, Vec<Value>);

fn said() -> Vec<Said> {
    let pin = ("pin", json!({"type": ["string", "integer", "null"]}));
    let message = || ("messageId", text("Of `new_message` or of an acknowledgement; also under the name `_id`."));
    let content = || ("content", text("What is said."));
    let on = || ("on", json!({"type": "boolean", "description": "False takes it back; true where it is absent."}));
    let user = || ("userId", text("Of `users_online` or a message."));
    let seconds = json!({"type": ["integer", "null"], "minimum": 0, "description": "A burn timer; 0: none."});
    vec![
        ("join_room", "Takes a seat.", code_or(&[pin.clone(), ("invite", text("Of an invite's link."))])),
        ("knock_room", "Asks those inside to be let in; answered when they have decided.", code_or(&[pin])),
        ("leave_room", "Leaves for good, with every session.", code_or(&[])),
        ("send_message", "Says something.", with_room(&["content"], &[content(), ("burnAfter", seconds)])),
        ("message:whisper", "Says something to one person.", with_room(&["userId", "content"], &[user(), content()])),
        ("message:edit", "Says an own message in other words.", with_room(&["content"], &[message(), content()])),
        ("message:delete", "Takes an own message back.", with_room(&[], &[message()])),
        (
            "message:reaction",
            "Puts an emoji to a message, or takes it away.",
            with_room(&["emoji"], &[message(), ("emoji", text("One emoji.")), on()]),
        ),
        ("message:read", "Everything up to this message was read.", with_room(&[], &[message()])),
        ("typing_start", "Types.", code_or(&[])),
        ("typing_stop", "Types no more.", code_or(&[])),
        ("update_room", "Changes the room: the fields of `ChangeRoom`.", with_room(&[], &[])),
        ("kick_user", "Puts somebody out, who may come back.", with_room(&["userId"], &[user()])),
        ("ban_user", "Puts somebody out, who may not come back.", with_room(&["userId"], &[user()])),
        ("unban_user", "Lets somebody come back.", with_room(&["userId"], &[user()])),
        ("admit_user", "Lets in who knocks, or sends them away.", with_room(&["userId"], &[user(), on()])),
        (
            "set_role",
            "Makes somebody a member, moderator or owner.",
            with_room(&["userId", "role"], &[user(), ("role", json!({"enum": ["member", "moderator", "owner"]}))]),
        ),
        ("delete_room", "Ends the room for everybody.", code_or(&[])),
    ]
}

fn told() -> Vec<Told> {
    let code = || text("The room's code.");
    let reasons = json!({"enum": ["left", "expired", "empty", "deleted", "signed_out", "kicked", "banned"]});
    let person = |more: &[&str]| {
        let fields = ["userId", "username"];
        let required = [&fields[..], more].concat();
        let mut schema = json!({"type": "object", "required": required});
        for field in fields {
            schema["properties"][field] = json!({"type": "string"});
        }
        for field in more {
            schema["properties"][*field] = json!({"type": "boolean"});
        }
        json!({"type": "array", "items": schema})
    };
    vec![
        (ACKNOWLEDGEMENT, "What the callback of an emit is called with.", vec![answer()]),
        ("joined_room", "You have a seat.", vec![code()]),
        ("left_room", "You have none any more, and why.", vec![code(), reasons]),
        ("users_online", "Who is inside, at most 200.", vec![person(&["isOnline"]), code()]),
        ("room_updated", "The room as it is now.", vec![of::<RoomUpdated<'_>>()]),
        (
            "server_notice",
            "Other servers are out of reach (`apart`) or back (`together`), or the operator says something.",
            vec![of::<ServerNotice<'_>>()],
        ),
        ("knocks", "Who asks to be let in, for those who may let in.", vec![code(), person(&[])]),
        ("new_message", "Somebody said something; the sender hears it too.", vec![of::<NewMessage<'_>>()]),
        ("whisper", "Somebody said something to one person.", vec![of::<NewWhisper<'_>>()]),
        ("message-updated", "What a message says now.", vec![of::<UpdatedMessage<'_>>()]),
        ("message-deleted", "Forget what it said.", vec![of::<DeletedMessage<'_>>()]),
        ("message-reaction", "An emoji was put to a message, or taken away.", vec![of::<MessageReaction<'_>>()]),
        ("message-read", "How far somebody has read.", vec![of::<Receipt<'_>>()]),
        ("user_typing", "Somebody types.", vec![of::<Typist<'_>>()]),
        ("user_stop_typing", "Somebody types no more.", vec![of::<Typist<'_>>()]),
        ("token", "The next token; without one, renew the cookie.", vec![of::<Renewed<'_>>()]),
        ("error", "Something was refused.", vec![of::<Fault>()]),
    ]
}

/// Made from a type, whole: what it is made of is within it.
fn of<T: ToSchema>() -> Value {
    // A schema cannot fail to be JSON.
    serde_json::to_value(T::schema()).unwrap_or_default()
}

/// Done, or why not: its type has the fields of both.
fn answer() -> Value {
    let mut schema = json!({"type": "object", "required": ["ok", "success"]});
    for name in ["ok", "success"] {
        schema["properties"][name] = json!({"type": "boolean", "description": "Whether it was done."});
    }
    for name in ["id", "messageId", "timestamp", "room", "message", "code", "reason"] {
        schema["properties"][name] = json!({"type": "string"});
    }
    schema["properties"]["retryAfterMs"] = json!({"type": "integer", "minimum": 0});
    schema
}

fn text(says: &str) -> Value {
    json!({"type": "string", "description": says})
}

/// An object that names the room, with these fields beside. Others are taken and not looked at.
fn with_room(required: &[&str], fields: &[(&str, Value)]) -> Value {
    let names = ["roomCode", "room", "code", "conversationId"];
    let mut schema = json!({"type": "object", "required": required});
    for name in names {
        schema["properties"][name] = text("The room's code, under any of these names.");
    }
    for (name, field) in fields {
        schema["properties"][*name] = field.clone();
    }
    schema["anyOf"] = names.iter().map(|name| json!({"required": [name]})).collect();
    schema
}

/// The same, or the room's code alone.
fn code_or(fields: &[(&str, Value)]) -> Value {
    json!({"anyOf": [text("The room's code."), with_room(&[], fields)]})
}

#[cfg(test)]
mod tests;
