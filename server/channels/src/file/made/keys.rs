//! Keys, secrets and the backend's address, out of the environment and of files.

use toml::Spanned;

use super::super::mistakes::Mistakes;
use super::super::raw;
use crate::sources::{ApiKey, Backend, Sources, TokenAlgorithm, TokenKey, TokenMaterial};

const TIMEOUT_MS: u64 = 3_000;
const TIMEOUT_MS_MAX: u64 = 30_000;

pub(super) fn tokens(
    list: Vec<Spanned<raw::TokenKey>>,
    at: usize,
    sources: &dyn Sources,
    mistakes: &mut Mistakes<'_>,
) -> Vec<TokenKey> {
    if list.is_empty() {
        mistakes.add(at, "there is no [[tokens]]: nobody's token could be verified");
    }
    list.into_iter().filter_map(|key| token(key, sources, mistakes)).collect()
}

fn token(key: Spanned<raw::TokenKey>, sources: &dyn Sources, mistakes: &mut Mistakes<'_>) -> Option<TokenKey> {
    let at = key.span().start;
    let raw::TokenKey { algorithm, secret_env, secret_file, pem_file, jwks_file } = key.into_inner();
    let algorithm = match algorithm.as_str() {
        "HS256" => TokenAlgorithm::Hs256,
        "RS256" => TokenAlgorithm::Rs256,
        "ES256" => TokenAlgorithm::Es256,
        "EdDSA" => TokenAlgorithm::EdDsa,
        _ => {
            mistakes.add(at, "algorithm: HS256, RS256, ES256 or EdDSA");
            return None;
        }
    };
    let is_secret = algorithm == TokenAlgorithm::Hs256;
    let material = match (secret_env, secret_file, pem_file, jwks_file) {
        (Some(name), None, None, None) if is_secret => sources
            .variable(&name)
            .map(|secret| TokenMaterial::Secret(secret.into_bytes()))
            .ok_or_else(|| not_set(&name)),
        (None, Some(path), None, None) if is_secret => {
            sources.file(&path).map(|secret| TokenMaterial::Secret(secret.trim_ascii().to_vec()))
        }
        (None, None, Some(path), None) if !is_secret => sources.file(&path).map(TokenMaterial::Pem),
        (None, None, None, Some(path)) if !is_secret => sources.file(&path).map(TokenMaterial::Jwks),
        _ => {
            Err("HS256 has one of secret_env and secret_file, the others have one of pem_file and jwks_file".to_owned())
        }
    };
    match material {
        Ok(material) => Some(TokenKey { algorithm, material }),
        Err(why) => {
            mistakes.add(at, why);
            None
        }
    }
}

pub(super) fn api(list: Vec<Spanned<raw::ApiKey>>, sources: &dyn Sources, mistakes: &mut Mistakes<'_>) -> Vec<ApiKey> {
    let key = |key: Spanned<raw::ApiKey>| {
        let at = key.span().start;
        match key.into_inner() {
            raw::ApiKey { key_env: Some(name), hash: None } => {
                let key = sources.variable(&name);
                if key.is_none() {
                    mistakes.add(at, not_set(&name));
                }
                key.map(ApiKey::Key)
            }
            raw::ApiKey { key_env: None, hash: Some(hash) } => Some(ApiKey::Hash(hash)),
            raw::ApiKey { .. } => {
                mistakes.add(at, "an API key has one of key_env and hash");
                None
            }
        }
    };
    list.into_iter().filter_map(key).collect()
}

/// `None` without a mistake where its address is to come from the environment and does not: its calls are refused then.
pub(super) fn backend(
    backend: Spanned<raw::Backend>,
    sources: &dyn Sources,
    mistakes: &mut Mistakes<'_>,
) -> Option<Backend> {
    let at = backend.span().start;
    let raw::Backend { url, url_env, secret_env, secret_file, ca_file, timeout_ms } = backend.into_inner();
    let url = match (url, url_env) {
        (Some(url), None) => url,
        (None, Some(name)) => sources.variable(&name)?,
        _ => {
            mistakes.add(at, "a backend has one of url and url_env");
            return None;
        }
    };
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(['@', '?', '#', ' '])) {
        mistakes.add(at, "the backend's address is http:// or https:// with a host, without a user, query or fragment");
        return None;
    }
    let secret = match (secret_env, secret_file) {
        (Some(name), None) => sources.variable(&name).map(String::into_bytes).ok_or_else(|| not_set(&name)),
        (None, Some(path)) => sources.file(&path).map(|secret| secret.trim_ascii().to_vec()),
        _ => Err("a backend has one of secret_env and secret_file: calls to it are signed".to_owned()),
    };
    let timeout_ms = timeout_ms.unwrap_or(TIMEOUT_MS);
    if timeout_ms == 0 || timeout_ms > TIMEOUT_MS_MAX {
        mistakes.add(at, format!("timeout_ms: 1 to {TIMEOUT_MS_MAX}"));
    }
    let authorities = ca_file.map(|path| sources.file(&path)).transpose();
    match secret.and_then(|secret| Ok((secret, authorities?))) {
        Ok((secret, authorities)) => {
            Some(Backend { url: url.trim_end_matches('/').to_owned(), secret, authorities, timeout_ms })
        }
        Err(why) => {
            mistakes.add(at, why);
            None
        }
    }
}

fn not_set(name: &str) -> String {
    format!("the environment has no {name}: set it, or take this out")
}
