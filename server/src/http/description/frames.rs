//! The `AsyncAPI` 3 document: what goes over the WebSocket, each frame as a message, made from the types of `protocol`;
//! and the events of Socket.IO.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use protocol::{ChannelClientFrame, ChannelServerFrame, ClientFrame, SUBPROTOCOL, ServerFrame};

use crate::socketio::described::{By, Described, events};

/// What clients read of frames of the future.
const NEVER_SENT: &str = "unknown";

/// One side of a conversation: its frames by their tag.
type Frames = BTreeMap<String, Value>;

/// See the module.
pub(super) fn asyncapi() -> Value {
    let mut document = Document::default();
    document.speaks::<ClientFrame, ServerFrame>("rooms", "Rooms: what people and their clients say and hear.");
    document.speaks::<ChannelClientFrame, ChannelServerFrame<'static>>(
        "channels",
        "Channels of applications: `hello` with an application's token begins this conversation in place of the one of rooms.",
    );
    document.speaks_events();
    document.finish()
}

#[derive(Default)]
struct Document {
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Document {
    /// A conversation at `GET /ws`.
    fn speaks<C: ToSchema, S: ToSchema>(&mut self, name: &str, says: &str) {
        let sides = [self.frames::<C>(), self.frames::<S>()].map(|frames| {
            let message = |(tag, payload): (String, Value)| {
                let summary = payload.get("description").cloned().unwrap_or_default();
                (tag.clone(), json!({"name": tag, "summary": summary, "payload": payload}))
            };
            frames.into_iter().map(message).collect()
        });
        self.converse(
            name,
            &json!({"address": "/ws", "description": says, "bindings": {"ws": {"method": "GET"}}}),
            sides,
        );
    }

    /// The conversation of Socket.IO clients: the payload of an event is the list of its arguments.
    fn speaks_events(&mut self) {
        let message = |event: Described| {
            let count = event.arguments.len();
            let mut payload = json!({"type": "array", "items": event.arguments, "minItems": count});
            // The server tells no more; what clients add is not looked at.
            if event.by == By::Server {
                payload["maxItems"] = count.into();
            }
            let described = json!({"name": event.name, "summary": event.says, "payload": payload});
            (event.by, (event.name.replace(':', "."), described))
        };
        let all: Vec<_> = events().into_iter().map(message).collect();
        let of = |side: By| all.iter().filter(|(by, _)| *by == side).map(|(_, message)| message.clone()).collect();
        let says = "Rooms, for clients of Socket.IO 3 and 4: each event with its arguments. Applications name their own events.";
        self.converse(
            "socketio",
            &json!({"address": "/socket.io/", "description": says}),
            [of(By::Client), of(By::Server)],
        );
    }

    /// What clients say and what the server says, each message under its name.
    fn converse(&mut self, name: &str, channel: &Value, [said, heard]: [Vec<(String, Value)>; 2]) {
        let (mut channel, mut messages) = (channel.clone(), Map::new());
        // As seen from the server: what clients say it receives.
        for (side, action, listed) in [("client", "receive", said), ("server", "send", heard)] {
            let mut references = Vec::new();
            for (tag, described) in listed {
                let message = format!("{name}_{side}_{tag}");
                self.messages.insert(message.clone(), described);
                messages.insert(message.clone(), json!({"$ref": format!("#/components/messages/{message}")}));
                references.push(json!({"$ref": format!("#/channels/{name}/messages/{message}")}));
            }
            let operation =
                json!({"action": action, "channel": {"$ref": format!("#/channels/{name}")}, "messages": references});
            self.operations.insert(format!("{action}_{name}"), operation);
        }
        channel["messages"] = Value::Object(messages);
        self.channels.insert(name.to_owned(), channel);
    }

    /// The frames of an enum that is told apart by `t`, each as one object.
    fn frames<T: ToSchema>(&mut self) -> Frames {
        let mut used = Vec::new();
        T::schemas(&mut used);
        for (name, schema) in used {
            self.schemas.insert(name, as_json(&schema));
        }
        let variants = as_json(&T::schema())["oneOf"].take();
        let variants: Vec<Value> = serde_json::from_value(variants).unwrap_or_default();
        variants.iter().filter_map(|variant| self.frame(variant)).collect()
    }

    /// Its tag and its schema; `None` for what clients read of frames of the future.
    fn frame(&self, variant: &Value) -> Option<(String, Value)> {
        let whole = self.merged(variant);
        let tag = whole["properties"]["t"]["enum"][0].as_str().filter(|tag| *tag != NEVER_SENT)?.to_owned();
        Some((tag, whole))
    }

    /// One object of all its parts: each part by itself would refuse the fields of the others.
    fn merged(&self, schema: &Value) -> Value {
        let Some(parts) = schema["allOf"].as_array() else { return schema.clone() };
        let mut whole = Map::new();
        for part in parts {
            let named = part["$ref"].as_str().and_then(|path| path.rsplit('/').next());
            let part = named.and_then(|name| self.schemas.get(name)).unwrap_or(part);
            for (key, value) in self.merged(part).as_object().into_iter().flatten() {
                match (whole.get_mut(key), value) {
                    (Some(Value::Object(known)), Value::Object(more)) => known.extend(more.clone()),
                    (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
                    (Some(_), _) => {}
                    (None, value) => {
                        whole.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        if let Some(says) = schema.get("description") {
            whole.insert("description".to_owned(), says.clone());
        }
        Value::Object(whole)
    }

    fn finish(self) -> Value {
        let Self { channels, operations, messages, schemas } = self;
        json!({
            "asyncapi": "3.0.0",
            "info": {
                "title": "WhisperSpace",
                "version": env!("CARGO_PKG_VERSION"),
                "description": format!(
                    "Frames of the subprotocol `{SUBPROTOCOL}`: JSON in text frames, told apart by `t`. Clients ignore frames \
                     and fields that they do not know; the server refuses them."
                ),
            },
            "defaultContentType": "application/json",
            "channels": channels,
            "operations": operations,
            "components": {"messages": messages, "schemas": schemas},
        })
    }
}

fn as_json(schema: &impl serde::Serialize) -> Value {
    // A schema cannot fail to be JSON.
    serde_json::to_value(schema).unwrap_or_default()
}
