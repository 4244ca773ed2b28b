//! What one application's file says, made ready: its rules, and the keys and lines that a crate without IO does not have.

use std::fmt;

use channels::{ApiKey, Application, TokenMaterial};
use protocol::Limits;

use super::backend::{Backend, Lines};
use super::keys::{KeyHash, is_one_of};
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

impl Loaded {
    /// # Errors
    /// Everything that is wrong with its keys and its backend, without a word of a secret.
    pub fn new(rules: Application, lines: &Lines, limits: &Limits) -> Result<Self, Vec<&'static str>> {
        let mut faults = Vec::new();
        let mut token_keys = Vec::new();
        for key in rules.token_keys() {
            let material = match &key.material {
                TokenMaterial::Secret(secret) => Material::Secret(secret),
                TokenMaterial::Pem(pem) => Material::Pem(pem),
                TokenMaterial::Jwks(set) => Material::Set(set),
            };
            match TokenVerifier::read(key.algorithm, material) {
                Ok(read) => token_keys.extend(read),
                Err(fault) => faults.push(fault),
            }
        }
        let mut api_keys = Vec::new();
        for key in rules.api_keys() {
            let read = match key {
                ApiKey::Hash(hash) => KeyHash::parse(hash),
                ApiKey::Key(key) => KeyHash::of_brought(key),
            };
            match read {
                Ok(hash) => api_keys.push(hash),
                Err(fault) => faults.push(fault),
            }
        }
        let backend = rules.backend().map(|told| Backend::new(rules.name(), told, lines, limits)).transpose();
        match backend {
            Ok(backend) if faults.is_empty() => Ok(Self { rules, token_keys, api_keys, backend }),
            Ok(_) => Err(faults),
            Err(fault) => {
                faults.push(fault);
                Err(faults)
            }
        }
    }

    /// Whether a key is one of this application's.
    pub fn has_api_key(&self, key: &str) -> bool {
        is_one_of(key, &self.api_keys)
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loaded({})", self.rules.name().as_str())
    }
}
