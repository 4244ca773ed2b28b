//! What one application's file says, made ready: its rules, and the keys and lines that a crate without IO does not have.

use std::fmt;

use channels::{ApiKey, Application, TokenMaterial};
use protocol::Limits;

use super::backend::Backend;
use super::keys::{KeyHash, is_one_of};
use super::lines::Lines;
use super::tokens::{Material, TokenVerifier};

/// One file, read and found good.
pub struct Loaded {
    /// Channels, events, claims.
    pub rules: Application,
    /// What tokens are checked by.
    pub token_keys: Vec<TokenVerifier>,
    /// What API keys are known by.
    api_keys: Vec<KeyHash>,
    /// Who is asked; none: calls are refused.
    pub backend: Option<Backend>,
}

/// What is wrong with a part of the file that is read here.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// The head of the table in the file,
    pub table: &'static str,
    /// and how many of the same are in front of it.
    pub number: usize,
    /// A sentence, without a word of a secret.
    pub what: &'static str,
}

impl Loaded {
    /// # Errors
    /// Everything that is wrong with its keys and its backend.
    pub fn new(mut rules: Application, lines: &Lines, limits: &Limits) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut token_keys = Vec::new();
        for (number, key) in rules.token_keys().iter().enumerate() {
            let material = match &key.material {
                TokenMaterial::Secret(secret) => Material::Secret(secret),
                TokenMaterial::Pem(pem) => Material::Pem(pem),
                TokenMaterial::Jwks(set) => Material::Set(set),
            };
            let read = TokenVerifier::read(key.algorithm, material);
            token_keys.extend(read.map_err(note(&mut faults, "[[tokens]]", number)).unwrap_or_default());
        }
        let mut api_keys = Vec::new();
        for (number, key) in rules.take_api_keys().iter().enumerate() {
            let read = match key {
                ApiKey::Hash(hash) => KeyHash::parse(hash),
                ApiKey::Key(key) => KeyHash::of_brought(key),
            };
            api_keys.extend(read.map_err(note(&mut faults, "[[api_keys]]", number)).ok());
        }
        let backend = rules.backend().map(|told| Backend::new(rules.name(), told, lines, limits)).transpose();
        let backend = backend.map_err(note(&mut faults, "[backend]", 0)).unwrap_or_default();
        if faults.is_empty() { Ok(Self { rules, token_keys, api_keys, backend }) } else { Err(faults) }
    }

    /// Whether a key is one of this application's.
    pub fn has_api_key(&self, key: &str) -> bool {
        is_one_of(key, &self.api_keys)
    }
}

fn note(faults: &mut Vec<Fault>, table: &'static str, number: usize) -> impl FnOnce(&'static str) {
    move |what| faults.push(Fault { table, number, what })
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loaded({})", self.rules.name().as_str())
    }
}
