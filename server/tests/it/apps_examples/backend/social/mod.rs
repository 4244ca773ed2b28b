//! The social network's: posts (`posts`), conversations (`conversations`), notifications (`notifications`).

mod conversations;
mod notifications;
mod posts;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Call, Done, Failure, UNAUTHORIZED, value};

pub(super) const SCHEMA: &str = "
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT, avatar TEXT);
INSERT INTO users VALUES ('ann', 'Ann', '/ann.png'), ('ben', 'Ben', '/ben.png'), ('cho', 'Cho', '/cho.png'),
    ('eve', 'Eve', '/eve.png');
CREATE TABLE follows (follower TEXT, following TEXT, PRIMARY KEY (follower, following));
CREATE TABLE posts (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), author TEXT, content TEXT, media TEXT,
    hashtags TEXT, at TEXT);
CREATE TABLE likes (post TEXT, user TEXT, PRIMARY KEY (post, user));
CREATE TABLE comments (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), post TEXT, author TEXT, content TEXT,
    at TEXT);
CREATE TABLE shares (post TEXT, user TEXT);
CREATE TABLE conversations (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), kind TEXT, name TEXT, at TEXT);
INSERT INTO conversations VALUES ('k1', 'direct', '', ''), ('k2', 'direct', '', '');
CREATE TABLE participants (conversation TEXT, user TEXT);
INSERT INTO participants VALUES ('k1', 'ann'), ('k1', 'ben'), ('k2', 'cho'), ('k2', 'ann');
CREATE TABLE messages (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), conversation TEXT, sender TEXT,
    content TEXT, kind TEXT, media TEXT, at TEXT);
CREATE TABLE notifications (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(12)))), recipient TEXT, kind TEXT,
    is_read INTEGER DEFAULT 0);
INSERT INTO notifications (id, recipient, kind, is_read) VALUES ('seen-by-ben', 'ben', 'like', 1);";

pub(super) use conversations::lets_in;

pub(super) fn answer(database: &Connection, call: &Call) -> Done {
    match call.event.split_once(':') {
        Some(("post", what)) => posts::answer(database, call, what),
        Some(("user", "follow")) => posts::follow(database, call),
        Some(("message" | "conversation", _)) => conversations::answer(database, call),
        Some(("notification", what)) => notifications::answer(database, call, what),
        Some(_) | None => Err(UNAUTHORIZED),
    }
}

/// `{id, username, avatar}`, as the document tells somebody.
fn person(database: &Connection, user: &str) -> Result<Value, Failure> {
    let found = "SELECT json_object('id', id, 'username', name, 'avatar', avatar) FROM users WHERE id = ?1";
    value(database, found, [user])
}

/// To everybody in a post's room but who did it.
fn to_post(post: &str, event: &str, data: Value) -> Value {
    let channel = format!("post:{post}");
    json!({"channel": channel, "namespace": "/social", "event": event, "data": data, "except_caller": true})
}
