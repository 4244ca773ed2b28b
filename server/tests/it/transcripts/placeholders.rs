//! Names for what differs from run to run, given in order of appearance.
//!
//! The text of a frame is changed in place and never written anew, so that the order of its fields stays visible.

use std::collections::BTreeMap;

use serde_json::Value;

/// Numbers and times that nobody can know beforehand: only that there is one is compared.
const VAGUE: [&str; 9] = [
    "now",
    "created_at",
    "expires_at",
    "expiresAt",
    "retry_after_ms",
    "retryAfterMs",
    "reconnect_in_ms",
    "at",
    "createdAt",
];

#[derive(Default)]
pub(super) struct Placeholders {
    /// From the JSON of a value to its name.
    names: BTreeMap<String, String>,
    counts: BTreeMap<String, u32>,
}

impl Placeholders {
    pub(super) fn know(&mut self, kind: &str, value: &str) {
        self.name(kind, &Value::String(value.to_owned()));
    }

    /// A frame as it is written down.
    pub(super) fn replace(&mut self, frame: &str) -> String {
        let mut text = sorted_roster(frame);
        let Some(start) = text.find(['{', '[']) else { return text };
        // What is malformed on purpose holds only values that are known.
        if let Ok(value) = serde_json::from_str::<Value>(&text[start..]) {
            let mut found = Vec::new();
            collect("", &value, &mut found);
            // As they stand in the text: a parsed object has another order.
            found.sort_by_key(|(key, json, _)| {
                text.find(&format!("\"{key}\":{json}")).or_else(|| text.find(json.as_str()))
            });
            for (key, json, kind) in found {
                match kind {
                    Some(kind) => self.name_json(kind, json),
                    None => text = text.replace(&format!("\"{key}\":{json}"), &format!("\"{key}\":<{key}>")),
                }
            }
        }
        for (json, name) in &self.names {
            text = text.replace(json.as_str(), name);
        }
        text
    }

    fn name(&mut self, kind: &str, value: &Value) {
        self.name_json(kind, value.to_string());
    }

    fn name_json(&mut self, kind: &str, json: String) {
        if !self.names.contains_key(&json) {
            let count = self.counts.entry(kind.to_owned()).or_default();
            *count += 1;
            self.names.insert(json, format!("<{kind}-{count}>"));
        }
    }
}

/// Every value of a frame that differs from run to run: its key, its JSON, and the kind of its name where it gets one.
fn collect(key: &str, value: &Value, found: &mut Vec<(String, String, Option<&'static str>)>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_person = fields.contains_key("state") || fields.contains_key("username");
                let kind = match name.as_str() {
                    "id" | "_id" if is_person => Some("person"),
                    "you" | "member" | "userId" => Some("person"),
                    "id" | "_id" | "messageId" => Some("message"),
                    "session" => Some("session"),
                    "secret" => Some("secret"),
                    "token" => Some("token"),
                    "sid" => Some("sid"),
                    "epoch" => Some("epoch"),
                    // The server's own, for a client that names none.
                    "cid" if field.as_str().is_some_and(|cid| cid.len() == 22) => Some("cid"),
                    _ => None,
                };
                let is_plain = field.is_string() || field.is_number();
                if is_plain && (kind.is_some() || is_vague(name)) {
                    found.push((name.clone(), field.to_string(), kind));
                } else {
                    collect(name, field, found);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::String(_) if matches!(key, "members" | "left") => {
                        found.push((key.to_owned(), item.to_string(), Some("person")));
                    }
                    _ => collect(key, item, found),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_vague(key: &str) -> bool {
    VAGUE.contains(&key) || key == "timestamp"
}

/// People are listed by id, which is another in each run: here they are listed by name.
fn sorted_roster(frame: &str) -> String {
    for list in ["\"members\":[{", "\"users_online\",[{"] {
        let Some((before, rest)) = frame.split_once(list) else { continue };
        let (people, after) = rest.split_once("}]").expect("a list of people ends");
        let mut people: Vec<&str> = people.split("},{").collect();
        people.sort_by_key(|person| person.split_once("name\":").map(|(_, name)| name));
        return format!("{before}{list}{}}}]{after}", people.join("},{"));
    }
    frame.to_owned()
}
