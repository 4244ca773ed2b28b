//! Applications: their files, their tokens and keys, and what their backends may ask for.

mod again;
mod api;
mod asking;
mod drain;
mod files;
mod kinds;
mod native;
mod nodes;
mod own_channels;
mod rates;
mod streams;
mod tokens;

use std::path::Path;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use protocol::Limits;
use serde_json::{Value, json};
use server::apps::keys::NewKey;
use tempfile::TempDir;

use crate::harness::{Answer, Ask, TestServer};

/// What an application's tokens are signed with: each has its own.
fn secret(name: &str) -> String {
    format!("the secret of the application {name}")
}

/// A file of an application, with its secret beside it.
fn write_application(folder: &Path, name: &str, more: &str) {
    let secret_file = format!("{name}.secret");
    std::fs::write(folder.join(&secret_file), secret(name)).expect("the folder can be written");
    let text = format!(
        r#"name = "{name}"
{more}
[[tokens]]
algorithm = "HS256"
secret_file = "{secret_file}"
[claims]
lists = ["chats"]
[[namespaces]]
name = "/"
[[namespaces]]
name = "/news"
[[channels]]
pattern = "user:{{user}}"
subscribe = [{{ own = "user" }}]
enter = true
[[channels]]
pattern = "chat:{{chat}}"
subscribe = [{{ listed = "chat", in = "chats" }}]
presence = true
"#
    );
    std::fs::write(folder.join(format!("{name}.toml")), text).expect("the folder can be written");
}

/// The line of a file that lets a key in.
fn lets_in(key: &NewKey) -> String {
    format!("[[api_keys]]\nhash = \"{}\"", key.hash)
}

/// A token as the application itself makes it.
pub(crate) fn token(name: &str, claims: Value) -> String {
    signed(&secret(name), Algorithm::HS256, claims)
}

fn signed(secret: &str, algorithm: Algorithm, claims: Value) -> String {
    encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes())).expect("is signed")
}

/// Claims that hold for a long time.
pub(crate) fn claims(name: &str, user: &str) -> Value {
    json!({"iss": name, "sub": user, "name": user, "exp": 4_000_000_000_u64})
}

/// Whose pages are the first one's.
const PAGES: &str = "https://market.example";

/// Two applications on one server.
pub(crate) struct Two {
    pub(crate) server: TestServer,
    folder: TempDir,
    pub(crate) market: NewKey,
    other: NewKey,
}

impl Two {
    async fn start() -> Self {
        Self::limited(|_| {}).await
    }

    /// With other limits.
    pub(crate) async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let (market, other) = (NewKey::draw("market"), NewKey::draw("other"));
        write_application(folder.path(), "market", &format!("origins = [\"{PAGES}\"]\n{}", lets_in(&market)));
        write_application(folder.path(), "other", &lets_in(&other));
        let apps = folder.path().to_owned();
        let server = TestServer::with(move |config| {
            config.apps = Some(apps);
            // A reader that does not read is not waited for as long as people are.
            config.limits.unwritten_ms_max = 1_000;
            change(&mut config.limits);
        })
        .await;
        Self { server, folder, market, other }
    }

    /// Asks the API of the first one with its key.
    async fn post(&self, what: &str, body: &Value) -> Answer {
        let ask = Ask::post(&format!("/api/v1/apps/market/{what}")).bearer(&self.market.key).json(body);
        ask.send(self.server.addr).await
    }

    async fn get(&self, what: &str) -> Answer {
        Ask::get(&format!("/api/v1/apps/market/{what}")).bearer(&self.market.key).send(self.server.addr).await
    }
}
