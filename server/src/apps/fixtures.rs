//! An application for the tests of this module.

use std::collections::BTreeMap;

use channels::{Application, Client, Sources};
use serde_json::json;

/// What its tokens are signed with.
pub(super) const SECRET: &str = "a secret of thirty-two characters";
/// Its API key, which signs the calls to its backend too.
pub(super) const KEY: &str = "an API key of one application";

/// An environment of its own.
#[derive(Default)]
pub(super) struct Variables(pub(super) BTreeMap<&'static str, String>);

impl Sources for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn file(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there are no files".to_owned())
    }
}

/// Whose backend is there.
pub(super) fn market(backend: &str) -> Application {
    waiting(backend, 300)
}

/// Whose backend may take so long.
pub(super) fn waiting(backend: &str, timeout_ms: u64) -> Application {
    const TEXT: &str = r#"
        name = "market"
        [[tokens]]
        algorithm = "HS256"
        secret_env = "SECRET"
        [[api_keys]]
        key_env = "KEY"
        [backend]
        url_env = "BACKEND"
        secret_env = "KEY"
        timeout_ms = 300
        [[channels]]
        pattern = "chat:{chat}"
        subscribe = [{ backend = true, cache_ms = 30000 }]
    "#;
    let variables = [("SECRET", SECRET), ("KEY", KEY), ("BACKEND", backend)];
    let variables = Variables(variables.into_iter().map(|(name, value)| (name, value.to_owned())).collect());
    let text = TEXT.replace("timeout_ms = 300", &format!("timeout_ms = {timeout_ms}"));
    Application::parse(&text, "market.toml", &variables).expect("is an application")
}

/// One of its users.
pub(super) fn ada() -> Client {
    let claims = json!({"sub": "ada", "name": "Ada", "role": "admin"});
    market("http://127.0.0.1:1").client(claims.as_object().expect("is an object")).expect("is a user")
}
