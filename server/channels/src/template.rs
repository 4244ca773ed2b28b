//! JSON and names with places: `{field}` is of the event's payload, `$user.id` and the like are what the server knows. A text
//! that is exactly one place takes the value with its type; a field that is not there leaves its key out.
//!
//! What users say of themselves is never taken from a payload by the server's places, so nobody speaks for another.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::bounds::DEPTH_MAX;
use crate::client::{ClaimNames, Client};
use crate::names::{ChannelName, is_part};
use crate::pattern::is_name;

/// What the server knows when a template is filled.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Whose event it is.
    pub client: &'a Client,
    /// What the event brought.
    pub payload: &'a Map<String, Value>,
    /// The time, as ISO 8601.
    pub now: &'a str,
    /// A new id, the same in all that one event brings about.
    pub id: &'a str,
    /// The channel of the step, or the last that was entered.
    pub channel: Option<&'a ChannelName>,
    /// Connections in it.
    pub count: u64,
    /// Users in it.
    pub presence: &'a [String],
    /// Why somebody is gone.
    pub reason: &'a str,
}

/// What has to be found out before a template is filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// [`Facts::count`].
    pub count: bool,
    /// [`Facts::presence`].
    pub presence: bool,
}

/// JSON with places.
#[derive(Debug, Clone)]
pub enum Template {
    /// As it stands.
    Value(Value),
    /// A text.
    Text(Text),
    /// Each by itself.
    List(Vec<Template>),
    /// Each by itself.
    Map(Vec<(String, Template)>),
}

/// A text with places.
#[derive(Debug, Clone)]
pub struct Text(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Word(String),
    Field(Vec<String>),
    Known(Known),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    UserId,
    UserName,
    UserRole,
    Claim(String),
    Now,
    Id,
    Count,
    Presence,
    Reason,
    Channel,
}

impl Template {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(value: &Value) -> Result<Self, String> {
        Self::at(value, 0)
    }

    fn at(value: &Value, depth: usize) -> Result<Self, String> {
        if depth > DEPTH_MAX {
            return Err(format!("data has at most {DEPTH_MAX} levels"));
        }
        Ok(match value {
            Value::String(text) => Self::Text(Text::parse(text)?),
            Value::Array(items) => {
                Self::List(items.iter().map(|item| Self::at(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Ok((name.clone(), Self::at(value, depth + 1)?)));
                Self::Map(fields.collect::<Result<_, String>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Value(value.clone()),
        })
    }

    /// What has to be known to fill it.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Value(_) => Needs::default(),
            Self::Text(text) => text.needs(),
            Self::List(items) => items.iter().fold(Needs::default(), |sum, item| sum.and(item.needs())),
            Self::Map(fields) => fields.iter().fold(Needs::default(), |sum, (_, field)| sum.and(field.needs())),
        }
    }

    /// Goes through every place that is not of the payload.
    fn each_known(&self, look: &mut impl FnMut(&Known)) {
        match self {
            Self::Value(_) => {}
            Self::Text(text) => text.each_known(look),
            Self::List(items) => items.iter().for_each(|item| item.each_known(look)),
            Self::Map(fields) => fields.iter().for_each(|(_, field)| field.each_known(look)),
        }
    }

    /// The claims that it says something of.
    pub(crate) fn claims<'a>(&self, names: &'a ClaimNames) -> Vec<Cow<'a, str>> {
        let mut claims = Vec::new();
        self.each_known(&mut |known| claims.extend(known.claim(names)));
        claims
    }

    /// The JSON with all places filled.
    pub fn fill(&self, facts: &Facts<'_>) -> Value {
        self.filled(facts).unwrap_or(Value::Null)
    }

    /// `None` where it is a field that is not there.
    fn filled(&self, facts: &Facts<'_>) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::Text(text) => text.value(facts),
            Self::List(items) => Some(Value::Array(items.iter().filter_map(|item| item.filled(facts)).collect())),
            Self::Map(fields) => {
                let fields = fields.iter().filter_map(|(name, field)| Some((name.clone(), field.filled(facts)?)));
                Some(Value::Object(fields.collect()))
            }
        }
    }
}

impl Needs {
    fn and(self, other: Self) -> Self {
        Self { count: self.count || other.count, presence: self.presence || other.presence }
    }
}

impl Text {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut pieces, mut word, mut rest) = (Vec::new(), String::new(), text);
        while let Some(first) = rest.chars().next() {
            let (piece, behind) = match first {
                '{' => {
                    let (path, behind) = rest[1..].split_once('}').ok_or("a place is not closed")?;
                    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
                    if !path.iter().all(|name| is_name(name)) {
                        return Err(format!("{{{}}} names no field", path.join(".")));
                    }
                    (Piece::Field(path), behind)
                }
                '$' if rest.starts_with("$$") => {
                    word.push('$');
                    rest = &rest[2..];
                    continue;
                }
                '$' => known(rest)?,
                other => {
                    word.push(other);
                    rest = &rest[other.len_utf8()..];
                    continue;
                }
            };
            if !word.is_empty() {
                pieces.push(Piece::Word(std::mem::take(&mut word)));
            }
            pieces.push(piece);
            rest = behind;
        }
        if !word.is_empty() {
            pieces.push(Piece::Word(word));
        }
        Ok(Self(pieces))
    }

    fn each_known(&self, look: &mut impl FnMut(&Known)) {
        for piece in &self.0 {
            match piece {
                Piece::Known(known) => look(known),
                Piece::Word(_) | Piece::Field(_) => {}
            }
        }
    }

    /// See [`Template::claims`].
    pub(crate) fn claims<'a>(&self, names: &'a ClaimNames) -> Vec<Cow<'a, str>> {
        let mut claims = Vec::new();
        self.each_known(&mut |known| claims.extend(known.claim(names)));
        claims
    }

    fn needs(&self) -> Needs {
        let has = |known: &Known| self.0.iter().any(|piece| matches!(piece, Piece::Known(found) if found == known));
        Needs { count: has(&Known::Count), presence: has(&Known::Presence) }
    }

    fn value(&self, facts: &Facts<'_>) -> Option<Value> {
        match self.0.as_slice() {
            [Piece::Field(path)] => field(facts.payload, path).cloned(),
            [Piece::Known(known)] => Some(known.value(facts)),
            pieces => Some(Value::String(pieces.iter().map(|piece| piece.text(facts).unwrap_or_default()).collect())),
        }
    }

    /// The name of a channel. What a client brings is a whole name, or a part that stays one.
    pub fn channel(&self, facts: &Facts<'_>) -> Option<ChannelName> {
        if let [Piece::Field(_)] = self.0.as_slice() {
            return ChannelName::parse(self.value(facts)?.as_str()?);
        }
        let mut name = String::new();
        for piece in &self.0 {
            let text = piece.text(facts)?;
            if !matches!(piece, Piece::Word(_)) && !is_part(&text) {
                return None;
            }
            name.push_str(&text);
        }
        ChannelName::parse(&name)
    }

    /// A channel's name with nothing but words and parts, as an example: `None` where it is a client's as a whole.
    pub(crate) fn example(&self) -> Option<String> {
        if let [Piece::Field(_)] = self.0.as_slice() {
            return None;
        }
        let piece = |piece: &Piece| match piece {
            Piece::Word(word) => word.clone(),
            Piece::Field(_) | Piece::Known(_) => "x".to_owned(),
        };
        Some(self.0.iter().map(piece).collect())
    }
}

impl Piece {
    fn text(&self, facts: &Facts<'_>) -> Option<String> {
        match self {
            Self::Word(word) => Some(word.clone()),
            Self::Field(path) => text_of(field(facts.payload, path)?),
            Self::Known(known) => text_of(&known.value(facts)),
        }
    }
}

impl Known {
    /// The claim that it is.
    fn claim<'a>(&self, names: &'a ClaimNames) -> Option<Cow<'a, str>> {
        match self {
            Self::UserId => Some(names.user.as_str().into()),
            Self::UserName => Some(names.name.as_str().into()),
            Self::UserRole => Some(names.role.as_str().into()),
            Self::Claim(name) => Some(name.clone().into()),
            Self::Now | Self::Id | Self::Count | Self::Presence | Self::Reason | Self::Channel => None,
        }
    }

    fn value(&self, facts: &Facts<'_>) -> Value {
        let optional = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        match self {
            Self::UserId => facts.client.user.as_str().into(),
            Self::UserName => optional(facts.client.name.as_deref()),
            Self::UserRole => optional(facts.client.role.as_deref()),
            Self::Claim(name) => facts.client.claim(name).cloned().unwrap_or(Value::Null),
            Self::Now => facts.now.into(),
            Self::Id => facts.id.into(),
            Self::Count => facts.count.into(),
            Self::Presence => facts.presence.into(),
            Self::Reason => facts.reason.into(),
            Self::Channel => optional(facts.channel.map(ChannelName::as_str)),
        }
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn field<'a>(payload: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(payload.get(first)?, |value, name| value.get(name))
}

/// The place that a text begins with, and what is behind it.
fn known(text: &str) -> Result<(Piece, &str), String> {
    let fixed = [
        ("$user.id", Known::UserId),
        ("$user.name", Known::UserName),
        ("$user.role", Known::UserRole),
        ("$now", Known::Now),
        ("$id", Known::Id),
        ("$count", Known::Count),
        ("$presence", Known::Presence),
        ("$reason", Known::Reason),
        ("$channel", Known::Channel),
    ];
    // A longer word is another word: a typing error is told.
    let is_whole = |behind: &str| !behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let found = fixed.into_iter().find_map(|(word, known)| {
        text.strip_prefix(word).filter(|behind| is_whole(behind)).map(|behind| (known, behind))
    });
    if let Some((known, behind)) = found {
        return Ok((Piece::Known(known), behind));
    }
    let behind = text.strip_prefix("$claim.").ok_or_else(|| {
        let end = text.find([' ', ':', ',']).unwrap_or(text.len());
        format!("{} is nothing that is known ($$ is a dollar sign)", text.get(..end).unwrap_or(text))
    })?;
    let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len());
    let (name, behind) = behind.split_at(end);
    if !is_name(name) {
        return Err("$claim. names a claim".to_owned());
    }
    Ok((Piece::Known(Known::Claim(name.to_owned())), behind))
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
