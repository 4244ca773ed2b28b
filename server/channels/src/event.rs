//! What a client's event means: which arguments it has, what they must be, and what is done, in its order.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::bounds::{DEPTH_MAX, PAYLOAD_BYTES_MAX};
use crate::names::{EventName, Namespace};
use crate::refused::Refused;
use crate::schema::{Schema, is_shallow};
use crate::template::{Template, Text};

/// One event that clients may send.
#[derive(Debug)]
pub struct Event {
    /// What they call it.
    pub name: EventName,
    pub(crate) namespaces: Vec<Namespace>,
    /// What bare arguments are called; an object is taken as it is.
    pub(crate) arguments: Option<Vec<String>>,
    pub(crate) schema: Schema,
    /// What is done. A step that is refused ends it.
    pub steps: Vec<Step>,
    /// How often a user may send it, beside what all events together are allowed.
    pub rate: Option<EventRate>,
    /// What is told where the application's backend fails.
    pub failed: Failed,
    /// What is told where a rule refuses; the code stays.
    pub refused: Option<String>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRate {
    /// At once.
    pub burst: u32,
    /// Milliseconds until there is one more.
    pub refill_ms: u64,
}

/// What is told in place of the usual words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failed {
    /// In place of the code.
    pub code: Option<String>,
    /// In place of the message.
    pub message: Option<String>,
}

/// One thing that is done.
#[derive(Debug)]
pub enum Step {
    /// The connection enters a channel, where its rules allow it.
    Subscribe(Text),
    /// It leaves one. Whoever is not in it has left it.
    Unsubscribe(Text),
    /// The others in a channel are told.
    Relay {
        /// Which.
        to: Text,
        /// What it is called for them.
        event: EventName,
        /// What it says.
        data: Template,
        /// Of one event of one user in one channel not more often than in so many milliseconds; the last one counts, and a
        /// reader that is slow gets none.
        volatile_ms: Option<u64>,
        /// Whether the connection itself is told too.
        to_self: bool,
    },
    /// The application's backend is asked; its answer says what follows.
    Call {
        /// What the call is called.
        name: String,
        /// What is sent; the payload where it is not said.
        data: Option<Template>,
    },
    /// The connection alone is told.
    Reply {
        /// What it is called.
        event: EventName,
        /// What it says.
        data: Template,
    },
    /// What the acknowledgement brings.
    Acknowledge(Template),
}

impl Event {
    /// Whether clients may send it there.
    pub fn is_in(&self, namespace: &Namespace) -> bool {
        self.namespaces.contains(namespace)
    }

    /// One object of what the client sent, which fits the schema. `clean` sanitises what is shown as markup.
    ///
    /// # Errors
    /// It does not fit.
    pub fn payload(&self, sent: &[&RawValue], clean: &dyn Fn(&str) -> String) -> Result<Map<String, Value>, Refused> {
        if sent.iter().map(|argument| argument.get().len()).sum::<usize>() > PAYLOAD_BYTES_MAX {
            return Err(Refused::input("The event is too large"));
        }
        let read = |argument: &&RawValue| {
            serde_json::from_str::<Value>(argument.get()).ok().filter(|value| is_shallow(value, DEPTH_MAX))
        };
        let sent: Option<Vec<Value>> = sent.iter().map(read).collect();
        let mut payload = self.named(sent.ok_or(Refused::input("The event is nested too deeply"))?)?;
        if !self.schema.takes(&payload) {
            return Err(Refused::input("The event's data is not what it should be"));
        }
        self.schema.clean(&mut payload, clean);
        match payload {
            Value::Object(fields) => Ok(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(Refused::input("The event's data is an object"))
            }
        }
    }

    /// As an object: the first argument where it is one, else each under its name.
    fn named(&self, mut sent: Vec<Value>) -> Result<Value, Refused> {
        if sent.first().is_some_and(Value::is_object) {
            return Ok(sent.swap_remove(0));
        }
        // Some clients send null where there is nothing to say.
        sent.retain(|argument| !argument.is_null());
        let names = self.arguments.as_deref().unwrap_or_default();
        if sent.len() > names.len() {
            return Err(Refused::input("The event's data is an object"));
        }
        Ok(Value::Object(names.iter().cloned().zip(sent).collect()))
    }

    /// Whether one of the steps asks the application's backend.
    pub fn calls(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Call { .. }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;

    fn event(arguments: Option<&[&str]>) -> Event {
        let schema = json!({"type": "object", "properties": {"chatId": {"type": "string", "maxLength": 8}}});
        Event {
            name: EventName::parse("join-chat").expect("is a name"),
            namespaces: Vec::new(),
            arguments: arguments.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            schema: Schema::parse(&schema).expect("is a schema"),
            steps: Vec::new(),
            rate: None,
            failed: Failed::default(),
            refused: None,
        }
    }

    fn payload(event: &Event, sent: &[&str]) -> Result<Value, Refused> {
        let sent: Vec<Box<RawValue>> =
            sent.iter().map(|json| RawValue::from_string((*json).to_owned()).expect("is JSON")).collect();
        let sent: Vec<&RawValue> = sent.iter().map(|argument| &**argument).collect();
        event.payload(&sent, &str::to_owned).map(Value::Object)
    }

    #[test]
    fn arguments_become_one_object() {
        let named = event(Some(&["chatId"]));
        assert_eq!(payload(&named, &["\"c1\""]), Ok(json!({"chatId": "c1"})));
        assert_eq!(payload(&named, &["{\"chatId\":\"c1\",\"more\":1}"]), Ok(json!({"chatId": "c1", "more": 1})));
        assert_eq!(payload(&named, &[]), Ok(json!({})));
        assert_eq!(payload(&event(Some(&[])), &["null"]), Ok(json!({})));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let named = event(Some(&["chatId"]));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16));
        let long = format!("\"{}\"", "x".repeat(70_000));
        for wrong in [&["1"][..], &["\"123456789\""], &["\"a\"", "\"b\""], &["[\"a\"]"], &[&deep], &[&long]] {
            payload(&named, wrong).expect_err("does not fit");
        }
        payload(&event(None), &["\"c1\""]).expect_err("a bare argument has no name");
    }
}
