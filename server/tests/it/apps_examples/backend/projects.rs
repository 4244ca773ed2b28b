//! The project manager's: who is in which room, comments, and whose contacts see whom.

use rusqlite::Connection;
use serde_json::json;

use super::{Call, Done, UNAUTHORIZED, is_there, now, text};

pub(super) const SCHEMA: &str = "
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT);
INSERT INTO users VALUES ('ann', 'Ann'), ('ben', 'Ben'), ('carl', 'Carl'), ('eve', 'Eve');
CREATE TABLE contacts (of TEXT, user TEXT);
INSERT INTO contacts VALUES ('ann', 'ben'), ('carl', 'ben');
CREATE TABLE members (room TEXT, user TEXT);
INSERT INTO members VALUES ('project:p1', 'ann'), ('project:p1', 'ben'), ('task:t1', 'ann'), ('task:t1', 'ben');
CREATE TABLE comments (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), room TEXT, user TEXT, content TEXT);";

pub(super) fn lets_in(database: &Connection, user: &str, channel: &str) -> rusqlite::Result<bool> {
    let Some(of) = channel.strip_prefix("presence:") else {
        return Ok(false);
    };
    is_there(database, "SELECT 1 FROM contacts WHERE of = ?1 AND user = ?2", [of, user])
}

pub(super) fn answer(database: &Connection, call: &Call) -> Done {
    match call.event.as_str() {
        "new_comment" => new_comment(database, call),
        _ => Err(UNAUTHORIZED),
    }
}

fn new_comment(database: &Connection, call: &Call) -> Done {
    let (user, channel, content) = (call.user.id.as_str(), call.text("roomId")?, call.text("content")?);
    let Some(room) = channel.strip_suffix(":comments") else {
        return Err(UNAUTHORIZED);
    };
    if !is_there(database, "SELECT 1 FROM members WHERE room = ?1 AND user = ?2", [room, user])? {
        return Err(UNAUTHORIZED);
    }
    let keep = "INSERT INTO comments (room, user, content) VALUES (?1, ?2, ?3) RETURNING id";
    let id = text(database, keep, [room, user, content])?;
    let name = text(database, "SELECT name FROM users WHERE id = ?1", [user])?;
    let at = now(database)?;
    let told = call.data["mentions"].as_array().cloned().unwrap_or_default();
    let comment = json!({
        "id": id, "content": content, "user": {"id": user, "name": name}, "timestamp": at, "mentions": told,
    });
    let mut publish = vec![json!({"channel": channel, "event": "new_comment", "data": comment})];
    let mentioned: Vec<String> =
        told.iter().filter_map(|user| user.as_str()).map(|user| format!("notifications:{user}")).collect();
    if !mentioned.is_empty() {
        let data = json!({
            "userId": user, "action": "mentioned", "resource": {"type": "comment", "id": id}, "timestamp": at,
        });
        publish.push(json!({"channels": mentioned, "event": "user_activity", "data": data}));
    }
    Ok(json!({"ack": {"success": true, "id": id}, "publish": publish}))
}
