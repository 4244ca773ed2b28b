//! What is told to whom: as a backend writes it, to the API and in its answers, parsed once; and what those who keep the
//! channels answer.
//!
//! Decides nothing about who may. Nothing of what is told is formatted.

use std::fmt;
use std::sync::Arc;

use channels::{AppUser, ChannelName, EventName, Namespace, bounds};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Channels or users of one publication.
const TARGETS_MAX: usize = 1_000;
/// Bytes of the name by which a publication is known again.
const ID_BYTES_MAX: usize = 128;

/// To whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Whoever is subscribed to any of these.
    Channels(Vec<ChannelName>),
    /// All connections of these, subscribed or not.
    Users(Vec<AppUser>),
}

/// One event that is told.
#[derive(Clone)]
pub struct Publication {
    /// To whom.
    pub target: Target,
    /// Under which name.
    pub event: EventName,
    /// What.
    pub data: Arc<RawValue>,
    /// Where; none: the application's first namespace.
    pub namespace: Option<Namespace>,
    /// Not to the connection whose event this answers.
    pub except_caller: bool,
}

/// As it is written: an event, and one of channel, channels, user, users.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Publication)]
pub struct Written {
    /// To whoever hears it.
    channel: Option<String>,
    /// To whoever hears one of them.
    #[schema(min_items = 1, max_items = 1_000)]
    channels: Option<Vec<String>>,
    /// To all connections of a user.
    user: Option<String>,
    /// To all connections of these.
    #[schema(min_items = 1, max_items = 1_000)]
    users: Option<Vec<String>>,
    /// What it is called.
    event: String,
    /// What it says: any JSON of 65,536 bytes at the most.
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Box<RawValue>>,
    /// Where; absent: the application's first.
    namespace: Option<String>,
    /// For answers to calls only.
    #[serde(default)]
    except_caller: bool,
    /// By it a publication is known again for a minute.
    #[schema(min_length = 1, max_length = 128)]
    id: Option<String>,
}

/// What is wrong with one.
pub type Fault = &'static str;

impl Written {
    /// The name by which it is known again, where there is one.
    ///
    /// # Errors
    /// Where it is none.
    pub fn id(&self) -> Result<Option<&str>, Fault> {
        match self.id.as_deref() {
            Some(id) if id.is_empty() || id.len() > ID_BYTES_MAX => Err("id has 1 to 128 bytes"),
            id => Ok(id),
        }
    }

    /// # Errors
    /// What is wrong with it, for whoever wrote it.
    pub fn parse(self) -> Result<Publication, Fault> {
        let target = target(self.channel, self.channels, self.user, self.users)?;
        let event = EventName::parse(&self.event).ok_or("event is no name of an event")?;
        let namespace = self.namespace.as_deref();
        let namespace = namespace.map(|name| Namespace::parse(name).ok_or("namespace is none")).transpose()?;
        let data = self.data.unwrap_or_else(|| RawValue::NULL.to_owned());
        if data.get().len() > bounds::PAYLOAD_BYTES_MAX {
            return Err("data is larger than 65536 bytes");
        }
        if !is_shallow(data.get()) {
            return Err("data is nested deeper than 16 levels");
        }
        Ok(Publication { target, event, data: data.into(), namespace, except_caller: self.except_caller })
    }
}

/// Clients read what is told with whatever reader they have. What is inside of texts is no nesting.
fn is_shallow(json: &str) -> bool {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > bounds::DEPTH_MAX {
            return false;
        }
    }
    true
}

fn target(
    channel: Option<String>,
    channels: Option<Vec<String>>,
    user: Option<String>,
    users: Option<Vec<String>>,
) -> Result<Target, Fault> {
    let (texts, of_channels) = match (channel, channels, user, users) {
        (Some(channel), None, None, None) => (vec![channel], true),
        (None, Some(channels), None, None) => (channels, true),
        (None, None, Some(user), None) => (vec![user], false),
        (None, None, None, Some(users)) => (users, false),
        _ => return Err("one of channel, channels, user, users"),
    };
    if texts.is_empty() || texts.len() > TARGETS_MAX {
        return Err("1 to 1000 channels or users");
    }
    if of_channels {
        let names = texts.iter().map(|text| ChannelName::parse(text).ok_or("that is no channel"));
        names.collect::<Result<_, _>>().map(Target::Channels)
    } else {
        let names = texts.iter().map(|text| AppUser::parse(text).ok_or("that is no user"));
        names.collect::<Result<_, _>>().map(Target::Users)
    }
}

/// How far a publication came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Connections that it was handed to.
    pub connections: usize,
}

/// Who is in a channel, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Count {
    /// Connections.
    pub connections: usize,
    /// And the users that they are of.
    pub users: usize,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channels(names) => write!(f, "Channels({})", names.len()),
            Self::Users(names) => write!(f, "Users({})", names.len()),
        }
    }
}

impl fmt::Debug for Publication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publication({:?}, …)", self.target)
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Publication, Target, Written};

    fn parsed(json: &str) -> Result<Publication, String> {
        let written: Written = serde_json::from_str(json).map_err(|error| error.to_string())?;
        written.id()?;
        written.parse().map_err(str::to_owned)
    }

    #[test]
    fn each_kind_of_target_is_read() {
        for (told, wanted) in [
            (r#""channel": "chat:1""#, "Channels(1)"),
            (r#""channels": ["chat:1", "chat:2"]"#, "Channels(2)"),
            (r#""user": "ada""#, "Users(1)"),
            (r#""users": ["ada", "ben"]"#, "Users(2)"),
        ] {
            let publication = parsed(&format!(r#"{{{told}, "event": "x", "data": {{"a" :1}}}}"#)).expect(told);
            assert_eq!(format!("{:?}", publication.target), wanted);
            assert_eq!(publication.data.get(), r#"{"a" :1}"#, "as it was written");
            assert!(publication.namespace.is_none() && !publication.except_caller);
        }
        let full = r#"{"user": "ada", "event": "x", "namespace": "/social", "except_caller": true, "id": "1"}"#;
        let full = parsed(full).expect("is one");
        assert!(matches!(full.target, Target::Users(_)) && full.except_caller && full.data.get() == "null");
    }

    #[test]
    fn what_is_none_is_refused() {
        let many = vec![r#""c""#; 1_001].join(",");
        let long = "x".repeat(70_000);
        let deep = format!(r#"{{"channel": "a", "event": "x", "data": {}{}}}"#, "[".repeat(17), "]".repeat(17));
        parsed(&deep).expect_err("too deep");
        parsed(&deep.replacen("[[", "\"[[[[", 1).replacen("]]}", "]]\"}", 1)).expect("brackets in a text");
        for wrong in [
            r#"{"event": "x"}"#.to_owned(),
            r#"{"channel": "a", "user": "b", "event": "x"}"#.to_owned(),
            r#"{"channel": "a"}"#.to_owned(),
            r#"{"channel": "", "event": "x"}"#.to_owned(),
            r#"{"channel": "a b", "event": "x"}"#.to_owned(),
            r#"{"channels": [], "event": "x"}"#.to_owned(),
            format!(r#"{{"channels": [{many}], "event": "x"}}"#),
            r#"{"user": 1, "event": "x"}"#.to_owned(),
            r#"{"user": "*", "event": "x"}"#.to_owned(),
            r#"{"channel": "a", "event": ""}"#.to_owned(),
            r#"{"channel": "a", "event": "x", "namespace": "social"}"#.to_owned(),
            r#"{"channel": "a", "event": "x", "id": ""}"#.to_owned(),
            r#"{"channel": "a", "event": "x", "colour": "red"}"#.to_owned(),
            format!(r#"{{"channel": "a", "event": "x", "data": "{long}"}}"#),
        ] {
            parsed(&wrong).expect_err(&wrong);
        }
    }
}
