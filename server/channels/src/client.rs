//! The user of a verified token, as the application's file reads its claims. Nothing of it is formatted.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::bounds::{CLAIM_BYTES_MAX, LIST_MAX};
use crate::names::{AppUser, is_part};
use crate::refused::Refused;

/// Which claims are what.
#[derive(Debug, Clone)]
pub(crate) struct ClaimNames {
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) lists: Vec<String>,
}

/// Who a client is.
#[derive(Clone)]
pub struct Client {
    /// The application's id of the user.
    pub user: AppUser,
    /// What the user is called.
    pub name: Option<String>,
    /// What the user is.
    pub role: Option<String>,
    lists: BTreeMap<String, Vec<String>>,
    claims: Map<String, Value>,
}

impl Client {
    pub(crate) fn read(claims: &Map<String, Value>, names: &ClaimNames) -> Result<Self, Refused> {
        let user = match claims.get(&names.user) {
            Some(Value::String(user)) => AppUser::parse(user),
            Some(Value::Number(number)) => AppUser::parse(&number.to_string()),
            Some(_) | None => None,
        };
        let user = user.ok_or(Refused::UNAUTHORIZED)?;
        let text = |name: &str| {
            claims.get(name).and_then(Value::as_str).filter(|text| text.len() <= CLAIM_BYTES_MAX).map(str::to_owned)
        };
        let lists = names.lists.iter().map(|list| (list.clone(), entries(claims.get(list)))).collect();
        Ok(Self { user, name: text(&names.name), role: text(&names.role), lists, claims: claims.clone() })
    }

    /// Whether another token of the same user says the same; when it was made and how long it lasts does not count.
    pub fn has_the_rights_of(&self, other: &Self) -> bool {
        let of_the_token = |(name, _): &(&String, &Value)| !matches!(name.as_str(), "iat" | "exp" | "nbf" | "jti");
        self.user == other.user && self.claims.iter().filter(of_the_token).eq(other.claims.iter().filter(of_the_token))
    }

    /// Whether a list of the token has this entry.
    pub fn is_listed(&self, list: &str, entry: &str) -> bool {
        self.lists.get(list).is_some_and(|entries| entries.iter().any(|known| known == entry))
    }

    /// The entries of a list of the token.
    pub fn list(&self, list: &str) -> &[String] {
        self.lists.get(list).map_or(&[], Vec::as_slice)
    }

    /// A claim as it was signed.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }
}

/// What can be part of a channel's name, of a claim that should be a list of ids.
fn entries(claim: Option<&Value>) -> Vec<String> {
    let entry = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let Some(Value::Array(values)) = claim else { return Vec::new() };
    values.iter().take(LIST_MAX).filter_map(entry).filter(|entry| is_part(entry)).collect()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(…)")
    }
}
