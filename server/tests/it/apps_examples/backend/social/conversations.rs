//! Conversations: who takes part, and their messages.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::notifications::notify;
use super::person;
use crate::apps_examples::backend::{Call, Done, UNAUTHORIZED, is_there, now, text, texts};

fn takes_part(database: &Connection, user: &str, conversation: &str) -> rusqlite::Result<bool> {
    is_there(database, "SELECT 1 FROM participants WHERE conversation = ?1 AND user = ?2", [conversation, user])
}

pub(crate) fn lets_in(database: &Connection, user: &str, channel: &str) -> rusqlite::Result<bool> {
    channel.strip_prefix("conversation:").map_or(Ok(false), |name| takes_part(database, user, name))
}

pub(super) fn answer(database: &Connection, call: &Call) -> Done {
    if call.event == "conversation:create" {
        return create(database, call);
    }
    let (conversation, user) = (call.text("conversationId")?, call.user.id.as_str());
    if !takes_part(database, user, conversation)? {
        return Err(UNAUTHORIZED);
    }
    match call.event.as_str() {
        "message:send" => send(database, call, conversation),
        "message:edit" => {
            let (message, content) = (own_message(database, call)?, call.text("content")?);
            database.execute("UPDATE messages SET content = ?2 WHERE id = ?1", [message, content])?;
            let data = json!({
                "messageId": message, "conversationId": conversation, "content": content, "editedAt": now(database)?,
            });
            Ok(told(to_room(conversation, "message:edit", data)))
        }
        "message:delete" => {
            let message = own_message(database, call)?;
            database.execute("DELETE FROM messages WHERE id = ?1", [message])?;
            let data = json!({"messageId": message, "conversationId": conversation, "deletedBy": user});
            Ok(told(to_room(conversation, "message:delete", data)))
        }
        "conversation:update" => {
            let data = json!({
                "conversationId": conversation, "updates": call.data["updates"], "updatedAt": now(database)?,
            });
            Ok(told(to_participants(database, conversation, "conversation:update", data)?))
        }
        "conversation:delete" => {
            let data = json!({"conversationId": conversation, "deletedBy": user});
            let publish = to_participants(database, conversation, "conversation:delete", data)?;
            database.execute("DELETE FROM participants WHERE conversation = ?1", [conversation])?;
            Ok(told(publish))
        }
        _ => Err(UNAUTHORIZED),
    }
}

fn told(publish: Value) -> Value {
    json!({"ack": {"success": true}, "publish": [publish]})
}

fn own_message<'a>(database: &Connection, call: &'a Call) -> Result<&'a str, super::Failure> {
    let message = call.text("messageId")?;
    let is_own = is_there(database, "SELECT 1 FROM messages WHERE id = ?1 AND sender = ?2", [message, &call.user.id])?;
    if is_own { Ok(message) } else { Err(UNAUTHORIZED) }
}

/// To everybody in the conversation's room but who did it.
fn to_room(conversation: &str, event: &str, data: Value) -> Value {
    let channel = format!("conversation:{conversation}");
    json!({"channel": channel, "namespace": "/messaging", "event": event, "data": data, "except_caller": true})
}

/// To all who take part, whether they have the conversation open or not.
fn to_participants(database: &Connection, conversation: &str, event: &str, data: Value) -> rusqlite::Result<Value> {
    let users = participants(database, conversation)?;
    Ok(json!({"users": users, "namespace": "/messaging", "event": event, "data": data}))
}

fn participants(database: &Connection, conversation: &str) -> rusqlite::Result<Vec<String>> {
    texts(database, "SELECT user FROM participants WHERE conversation = ?1 ORDER BY user", [conversation])
}

fn send(database: &Connection, call: &Call, conversation: &str) -> Done {
    let (sender, content, at) = (call.user.id.as_str(), call.text("content")?, now(database)?);
    let (kind, media) = (call.data["messageType"].as_str().unwrap_or("text"), &call.data["media"]);
    let id = text(
        database,
        "INSERT INTO messages (conversation, sender, content, kind, media, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
        [conversation, sender, content, kind, &media.to_string(), &at],
    )?;
    let message = json!({
        "id": id, "sender": person(database, sender)?, "content": content, "messageType": kind, "media": media,
        "createdAt": at,
    });
    let data = json!({"conversationId": conversation, "message": message});
    let mut publish = vec![to_room(conversation, "message:send", data)];
    let about = json!({"message": {"id": id}, "conversation": {"id": conversation}});
    for other in participants(database, conversation)? {
        publish.extend(notify(database, "message", sender, &other, &about)?);
    }
    Ok(json!({"ack": {"success": true, "message": message}, "publish": publish}))
}

fn create(database: &Connection, call: &Call) -> Done {
    let (creator, kind, name) = (call.user.id.as_str(), call.text("type")?, call.text("name")?);
    let (insert, at) = ("INSERT INTO conversations (kind, name, at) VALUES (?1, ?2, ?3) RETURNING id", now(database)?);
    let id = text(database, insert, [kind, name, &at])?;
    let invited = call.data["participants"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for user in [creator].into_iter().chain(invited.filter(|&user| user != creator)) {
        database.execute("INSERT INTO participants VALUES (?1, ?2)", [id.as_str(), user])?;
    }
    let conversation = json!({
        "id": id, "type": kind, "name": name, "participants": participants(database, &id)?, "createdAt": at,
    });
    let data = json!({"conversation": conversation});
    Ok(told(to_participants(database, &id, "conversation:create", data)?))
}
