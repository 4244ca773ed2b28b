//! The marketplace's: chats of a client and a craftsman, messages, unread counts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Call, Data, Done, Failure, UNAUTHORIZED, is_there, now, text, texts, value};

pub(super) const SCHEMA: &str = "
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT, role TEXT, picture TEXT);
INSERT INTO users VALUES ('ann', 'Ann Client', 'client', '/ann.png'), ('eve', 'Eve Client', 'client', NULL),
    ('bob', 'Bob Craftsman', 'craftsman', '/bob.png');
CREATE TABLE jobs (id TEXT PRIMARY KEY, title TEXT);
INSERT INTO jobs VALUES ('j1', 'Roof');
CREATE TABLE chats (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), job TEXT, message TEXT, at TEXT, sender TEXT);
INSERT INTO chats (id, job) VALUES ('c1', 'j1');
CREATE TABLE participants (chat TEXT, user TEXT, unread INTEGER DEFAULT 0);
INSERT INTO participants (chat, user) VALUES ('c1', 'ann'), ('c1', 'bob');
CREATE TABLE messages (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), chat TEXT, sender TEXT, kind TEXT,
    content TEXT, at TEXT, is_read INTEGER DEFAULT 0);";

/// `IMessageWithSender` of the document.
const MESSAGE: &str = "
SELECT json_object('_id', m.id, 'chatId', m.chat, 'senderId', json_patch(
    json_object('_id', u.id, 'fullName', u.name, 'role', u.role), json_object('profilePicture', u.picture)),
    'messageType', m.kind, 'content', m.content, 'timestamp', m.at,
    'isRead', json(iif(m.is_read, 'true', 'false')))
FROM messages m JOIN users u ON u.id = m.sender WHERE m.id = ?1";

/// `IChatWithDetails` of the document. A null takes its key away.
const CHAT: &str = "
SELECT json_patch(json_object('_id', c.id, 'participants', json((SELECT json_group_array(json_patch(
        json_object('_id', u.id, 'fullName', u.name, 'role', u.role), json_object('profilePicture', u.picture)))
        FROM participants p JOIN users u ON u.id = p.user WHERE p.chat = c.id)),
    'unreadCount', json((SELECT json_group_object(p.user, p.unread) FROM participants p WHERE p.chat = c.id)),
    'isActive', json('true')), json_object(
    'jobId', json((SELECT json_object('_id', j.id, 'title', j.title) FROM jobs j WHERE j.id = c.job)),
    'lastMessage', c.message, 'lastMessageAt', c.at, 'lastMessageSenderId', c.sender))
FROM chats c WHERE c.id = ?1";

fn takes_part(database: &Connection, user: &str, chat: &str) -> rusqlite::Result<bool> {
    is_there(database, "SELECT 1 FROM participants WHERE chat = ?1 AND user = ?2", [chat, user])
}

pub(super) fn lets_in(database: &Connection, user: &str, channel: &str) -> rusqlite::Result<bool> {
    channel.strip_prefix("chat:").map_or(Ok(false), |chat| takes_part(database, user, chat))
}

pub(super) fn answer(database: &Connection, call: &Call) -> Done {
    if !takes_part(database, &call.user.id, call.text("chatId")?)? {
        return Err(UNAUTHORIZED);
    }
    match call.event.as_str() {
        "send-message" => send(database, call),
        "mark-messages-read" => mark_read(database, call),
        _ => Err(UNAUTHORIZED),
    }
}

/// Keeps a message; answers its id and when.
fn keep(database: &Connection, [chat, sender, kind, content]: [&str; 4]) -> rusqlite::Result<(String, String)> {
    let at = now(database)?;
    let insert = "INSERT INTO messages (chat, sender, kind, content, at) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id";
    let id = text(database, insert, [chat, sender, kind, content, &at])?;
    database
        .execute("UPDATE chats SET message = ?2, at = ?3, sender = ?4 WHERE id = ?1", [chat, content, &at, sender])?;
    database.execute("UPDATE participants SET unread = unread + 1 WHERE chat = ?1 AND user <> ?2", [chat, sender])?;
    Ok((id, at))
}

fn send(database: &Connection, call: &Call) -> Done {
    let (chat, sender) = (call.text("chatId")?, call.user.id.as_str());
    let (id, at) = keep(database, [chat, sender, call.text("messageType")?, call.text("content")?])?;
    let sent = json!({"success": true, "messageId": id, "timestamp": at, "chatId": chat});
    Ok(json!({
        "ack": sent,
        "reply": [{"event": "message-sent", "data": sent}],
        "publish": [
            {"channel": format!("chat:{chat}"), "event": "new-message", "data": value(database, MESSAGE, [&id])?},
            {"users": participants(database, chat)?, "event": "chat-updated", "data": value(database, CHAT, [chat])?},
        ],
    }))
}

fn mark_read(database: &Connection, call: &Call) -> Done {
    let (chat, reader) = (call.text("chatId")?, call.user.id.as_str());
    database.execute("UPDATE messages SET is_read = 1 WHERE chat = ?1 AND sender <> ?2", [chat, reader])?;
    database.execute("UPDATE participants SET unread = 0 WHERE chat = ?1 AND user = ?2", [chat, reader])?;
    let read = json!({"chatId": chat, "userId": reader, "timestamp": now(database)?});
    Ok(json!({
        "ack": {"success": true},
        "publish": [
            {"channel": format!("chat:{chat}"), "event": "message-read", "data": read, "except_caller": true},
            {"user": reader, "event": "chat-updated", "data": value(database, CHAT, [chat])?},
        ],
    }))
}

fn participants(database: &Connection, chat: &str) -> rusqlite::Result<Vec<String>> {
    texts(database, "SELECT user FROM participants WHERE chat = ?1", [chat])
}

/// The document's "Chat Creation Flow": by HTTP, to the application itself, which speaks by the API.
pub(super) async fn create_chat(
    State(data): State<Arc<Data>>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> (StatusCode, String) {
    let (client, craftsman) = (subject(&headers), asked["craftsman"].as_str().unwrap_or_default().to_owned());
    let message = asked["message"].as_str().unwrap_or_default().to_owned();
    let told = match make_chat(&data, &client, &craftsman, &message) {
        Ok(told) => told,
        Err(Ok(status)) => return (status, "{}".to_owned()),
        Err(Err(_)) => return (StatusCode::INTERNAL_SERVER_ERROR, "{}".to_owned()),
    };
    for (path, body) in told {
        let answer = data.api("marketplace", path, &body).await;
        if answer.status != 200 {
            return (StatusCode::BAD_GATEWAY, answer.text());
        }
    }
    (StatusCode::CREATED, "{}".to_owned())
}

/// What the server is to be asked for, in order.
type Requests = Vec<(&'static str, Value)>;

fn make_chat(
    data: &Data,
    client: &str,
    craftsman: &str,
    message: &str,
) -> Result<Requests, Result<StatusCode, Failure>> {
    let database = data.database.lock().expect("no panic");
    let has_role = |user: &str, role: &str| {
        let found = is_there(&database, "SELECT 1 FROM users WHERE id = ?1 AND role = ?2", [user, role]);
        found.map_err(|error| Err(error.into()))
    };
    if !has_role(client, "client")? {
        return Err(Ok(StatusCode::FORBIDDEN));
    }
    if !has_role(craftsman, "craftsman")? {
        return Err(Ok(StatusCode::NOT_FOUND));
    }
    requests(&database, client, craftsman, message).map_err(Err)
}

fn requests(database: &Connection, client: &str, craftsman: &str, message: &str) -> Result<Requests, Failure> {
    let chat = text(database, "INSERT INTO chats (job) VALUES (NULL) RETURNING id", [])?;
    for user in [client, craftsman] {
        database.execute("INSERT INTO participants (chat, user) VALUES (?1, ?2)", [chat.as_str(), user])?;
    }
    let (first, _) = keep(database, [&chat, client, "text", message])?;
    let (channel, both) = (format!("chat:{chat}"), [client, craftsman]);
    let news = json!({"chatId": chat, "message": "New chat conversation started!"});
    Ok(vec![
        ("subscribe", json!({"user": client, "channel": channel})),
        ("subscribe", json!({"user": craftsman, "channel": channel})),
        (
            "publish",
            json!({"batch": [
                {"users": both, "event": "new-chat-notification", "data": news},
                {"users": both, "event": "chat-updated", "data": value(database, CHAT, [&chat])?},
                {"channel": channel, "event": "new-message", "data": value(database, MESSAGE, [&first])?},
            ]}),
        ),
    ])
}

/// The subject of the bearer's token. Its signature is the application's own affair, and no test's.
fn subject(headers: &HeaderMap) -> String {
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let claims = bearer.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&claims).unwrap_or_default();
    claims["sub"].as_str().unwrap_or_default().to_owned()
}
