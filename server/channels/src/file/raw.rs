//! The words of an application's file, as TOML has them. Nothing is checked here but which words there are.

use serde::Deserialize;
use toml::{Spanned, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Spanned<String>,
    pub(super) issuer: Option<String>,
    #[serde(default)]
    pub(super) origins: Vec<String>,
    #[serde(default)]
    pub(super) tokens: Vec<Spanned<TokenKey>>,
    #[serde(default)]
    pub(super) api_keys: Vec<Spanned<ApiKey>>,
    pub(super) backend: Option<Spanned<Backend>>,
    #[serde(default)]
    pub(super) claims: Claims,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) namespaces: Vec<Namespace>,
    #[serde(default)]
    pub(super) channels: Vec<Channel>,
    #[serde(default)]
    pub(super) events: Vec<Event>,
    #[serde(default)]
    pub(super) presence: Vec<Spanned<Presence>>,
    #[serde(default)]
    pub(super) plain: Vec<Plain>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenKey {
    pub(super) algorithm: String,
    pub(super) secret_env: Option<String>,
    pub(super) secret_file: Option<String>,
    pub(super) pem_file: Option<String>,
    pub(super) jwks_file: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKey {
    pub(super) key_env: Option<String>,
    pub(super) hash: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backend {
    pub(super) url: Option<String>,
    pub(super) url_env: Option<String>,
    pub(super) secret_env: Option<String>,
    pub(super) secret_file: Option<String>,
    pub(super) ca_file: Option<String>,
    pub(super) timeout_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Claims {
    pub(super) user: String,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) lists: Vec<String>,
}

impl Default for Claims {
    fn default() -> Self {
        Self { user: "sub".to_owned(), name: "name".to_owned(), role: "role".to_owned(), lists: Vec::new() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) connections: u64,
    pub(super) connections_per_user: u64,
    pub(super) subscriptions_per_connection: u64,
    pub(super) channels: u64,
    pub(super) events_burst: u32,
    pub(super) events_refill_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_user: 8,
            subscriptions_per_connection: 200,
            channels: 100_000,
            events_burst: 100,
            events_refill_ms: 200,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Namespace {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) connect: Vec<Rule>,
}

/// A rule of any kind: which words make sense together is looked at later.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) own: Option<String>,
    pub(super) listed: Option<String>,
    #[serde(rename = "in")]
    pub(super) list: Option<String>,
    pub(super) role: Option<String>,
    pub(super) anyone: Option<bool>,
    pub(super) backend: Option<bool>,
    pub(super) cache_ms: Option<u64>,
    pub(super) subscribers: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    pub(super) pattern: Spanned<String>,
    pub(super) namespaces: Option<Vec<String>>,
    #[serde(default)]
    pub(super) subscribe: Vec<Rule>,
    #[serde(default)]
    pub(super) publish: Vec<Rule>,
    #[serde(default)]
    pub(super) published: Vec<String>,
    #[serde(default)]
    pub(super) enter: bool,
    #[serde(default)]
    pub(super) presence: bool,
    pub(super) members_max: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) name: Spanned<String>,
    pub(super) namespaces: Option<Vec<String>>,
    pub(super) arguments: Option<Vec<String>>,
    pub(super) schema: Option<Spanned<Value>>,
    pub(super) steps: Vec<Spanned<Step>>,
    pub(super) rate: Option<Rate>,
    #[serde(default)]
    pub(super) failed: Failed,
    pub(super) refused: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rate {
    pub(super) burst: u32,
    pub(super) refill_ms: u64,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Failed {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) subscribe: Option<String>,
    pub(super) unsubscribe: Option<String>,
    pub(super) relay: Option<String>,
    pub(super) call: Option<String>,
    pub(super) reply: Option<String>,
    pub(super) acknowledge: Option<Value>,
    pub(super) event: Option<String>,
    pub(super) data: Option<Value>,
    pub(super) volatile_ms: Option<u64>,
    pub(super) to_self: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presence {
    pub(super) namespace: Option<String>,
    pub(super) online: Option<Told>,
    pub(super) offline: Option<Told>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    pub(super) relay: String,
    pub(super) event: String,
    pub(super) data: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plain {
    pub(super) path: Spanned<String>,
    pub(super) channels: Vec<String>,
}
