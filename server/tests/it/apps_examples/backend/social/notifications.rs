//! Notifications: kept for who was away, told to who is there.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::person;
use crate::apps_examples::backend::{Call, Done, Failure, UNAUTHORIZED, now, number, text};

/// Keeps one and tells it; nobody is notified of what they did themselves.
pub(super) fn notify(
    database: &Connection,
    kind: &str,
    sender: &str,
    recipient: &str,
    about: &Value,
) -> Result<Option<Value>, Failure> {
    if sender == recipient {
        return Ok(None);
    }
    let keep = "INSERT INTO notifications (recipient, kind) VALUES (?1, ?2) RETURNING id";
    let id = text(database, keep, [recipient, kind])?;
    let notification = json!({
        "id": id, "type": kind, "sender": person(database, sender)?, "recipient": recipient, "post": about["post"],
        "comment": about["comment"], "message": about["message"], "conversation": about["conversation"],
        "createdAt": now(database)?,
    });
    Ok(Some(json!({
        "user": recipient, "namespace": "/notifications", "event": "notification:new",
        "data": {"notification": notification},
    })))
}

pub(super) fn answer(database: &Connection, call: &Call, what: &str) -> Done {
    let user = call.user.id.as_str();
    if what == "get-count" {
        let count =
            number(database, "SELECT count(*) FROM notifications WHERE recipient = ?1 AND NOT is_read", [user])?;
        return Ok(replied("notification:count", json!({"count": count})));
    }
    if what == "read-all" {
        database.execute("UPDATE notifications SET is_read = 1 WHERE recipient = ?1", [user])?;
        return Ok(replied("notification:read-all", json!({"userId": user, "readAt": now(database)?})));
    }
    let id = call.text("notificationId")?;
    let (change, data) = match what {
        "read" => (
            "UPDATE notifications SET is_read = 1 WHERE id = ?1 AND recipient = ?2",
            json!({"notificationId": id, "readAt": now(database)?}),
        ),
        "delete" => (
            "DELETE FROM notifications WHERE id = ?1 AND recipient = ?2",
            json!({"notificationId": id, "deletedBy": user}),
        ),
        _ => return Err(UNAUTHORIZED),
    };
    if database.execute(change, [id, user])? == 0 {
        return Err(UNAUTHORIZED);
    }
    Ok(replied(&call.event, data))
}

fn replied(event: &str, data: Value) -> Value {
    json!({"ack": data, "reply": [{"event": event, "data": data}]})
}
