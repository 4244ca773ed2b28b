//! Tokens of applications: JWTs that an application signs for its own users, checked by the keys of its file.
//!
//! The algorithm is the key's, never the token's. Nothing here reads a clock, knows a user, or tells why a token was
//! refused: to who sends one, all that is wrong with it is one answer.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use channels::TokenAlgorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Validation, decode, decode_header};
use protocol::Millis;
use serde::Deserialize;
use serde_json::{Map, Value};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode as _, Reader as _, SliceReader};

/// How far the clocks of two machines may be apart where a token begins; its end is meant as it is told.
const EARLY_MS: u64 = 30_000;
/// Keys of one set: more are no rotation.
const SET_MAX: usize = 32;
/// Shorter ones are guessed in an afternoon.
const SECRET_BYTES_MIN: usize = 16;

/// Of the modulus of an RSA key.
const RSA_BITS_MIN: usize = 2_048;

/// What the library would take for a public key, and nobody should leave here.
const PRIVATE: &[u8] = b"PRIVATE KEY";

/// A token that does not count, for whatever reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadToken;

/// What a good token says.
pub struct Checked {
    /// Its claims, as they were signed.
    pub claims: Map<String, Value>,
    /// When it ends.
    pub ends_at: Millis,
}

/// One key, and the one algorithm that it is for.
pub struct TokenVerifier {
    algorithm: Algorithm,
    /// Of a key in a set: a token may name it.
    id: Option<String>,
    key: DecodingKey,
}

/// What a key is made of.
#[derive(Clone, Copy)]
pub enum Material<'a> {
    /// A secret that both sides have.
    Secret(&'a [u8]),
    /// A public key.
    Pem(&'a [u8]),
    /// Several public keys, of which those of the algorithm are taken.
    Set(&'a [u8]),
}

const fn of_library(algorithm: TokenAlgorithm) -> Algorithm {
    match algorithm {
        TokenAlgorithm::Hs256 => Algorithm::HS256,
        TokenAlgorithm::Rs256 => Algorithm::RS256,
        TokenAlgorithm::Es256 => Algorithm::ES256,
        TokenAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

/// Whether a key of a set is one of this algorithm, to check signatures with.
fn fits(algorithm: TokenAlgorithm, key: &Jwk) -> bool {
    let (named, is_kind) = match (algorithm, &key.algorithm) {
        (TokenAlgorithm::Rs256, AlgorithmParameters::RSA(_)) => (KeyAlgorithm::RS256, true),
        (TokenAlgorithm::Es256, AlgorithmParameters::EllipticCurve(key)) => {
            (KeyAlgorithm::ES256, key.curve == EllipticCurve::P256)
        }
        (TokenAlgorithm::EdDsa, AlgorithmParameters::OctetKeyPair(key)) => {
            (KeyAlgorithm::EdDSA, key.curve == EllipticCurve::Ed25519)
        }
        (TokenAlgorithm::Hs256 | TokenAlgorithm::Rs256 | TokenAlgorithm::Es256 | TokenAlgorithm::EdDsa, _) => {
            return false;
        }
    };
    let is_for_signatures = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    is_kind && is_for_signatures && key.common.key_algorithm.is_none_or(|algorithm| algorithm == named)
}

impl TokenVerifier {
    /// The keys that are in what an application's file names; more than one of a set only.
    ///
    /// # Errors
    /// What is wrong with it, without a word of it.
    pub fn read(algorithm: TokenAlgorithm, material: Material<'_>) -> Result<Vec<Self>, &'static str> {
        let keys = match (algorithm, material) {
            (_, Material::Pem(pem)) if pem.windows(PRIVATE.len()).any(|part| part == PRIVATE) => {
                return Err("a private key: it should be only where tokens are made; put the public one here");
            }
            (TokenAlgorithm::Hs256, Material::Secret(secret)) if secret.len() < SECRET_BYTES_MIN => {
                return Err("the secret is shorter than 16 bytes");
            }
            (TokenAlgorithm::Hs256, Material::Secret(secret)) => vec![(None, DecodingKey::from_secret(secret))],
            (TokenAlgorithm::Hs256, Material::Pem(_) | Material::Set(_)) => {
                return Err("HS256 takes a secret, not a public key");
            }
            (_, Material::Secret(_)) => return Err("a secret is for HS256 only: this algorithm takes a public key"),
            (TokenAlgorithm::Rs256, Material::Pem(pem)) => {
                vec![(None, DecodingKey::from_rsa_pem(pem).map_err(|_| "no public RSA key in PEM")?)]
            }
            (TokenAlgorithm::Es256, Material::Pem(pem)) => {
                vec![(None, DecodingKey::from_ec_pem(pem).map_err(|_| "no public P-256 key in PEM")?)]
            }
            (TokenAlgorithm::EdDsa, Material::Pem(pem)) => {
                vec![(None, DecodingKey::from_ed_pem(pem).map_err(|_| "no public Ed25519 key in PEM")?)]
            }
            (_, Material::Set(json)) => of_set(algorithm, json)?,
        };
        let algorithm = of_library(algorithm);
        if !keys.iter().all(|(_, key)| is_usable(algorithm, key)) {
            return Err("the key is none of this algorithm, too short, or of an exponent that no key has");
        }
        Ok(keys.into_iter().map(|(id, key)| Self { algorithm, id, key }).collect())
    }

    /// Whether a token that names a key may mean this one.
    fn may_be(&self, named: Option<&str>) -> bool {
        match (self.id.as_deref(), named) {
            (Some(id), Some(named)) => id == named,
            (None, _) | (_, None) => true,
        }
    }

    fn check(&self, token: &str) -> Option<Map<String, Value>> {
        let mut rules = Validation::new(self.algorithm);
        rules.required_spec_claims.clear();
        // The library reads a clock of its own; times are compared with the one that is handed in.
        rules.validate_exp = false;
        // Whom a token is for is said by its issuer here.
        rules.validate_aud = false;
        decode::<Map<String, Value>>(token, &self.key, &rules).ok().map(|checked| checked.claims)
    }
}

/// A set as it is written, to see what the library leaves aside: the private half of a key (RFC 7518, sections 6.2.2 and 6.3.2).
#[derive(Deserialize)]
struct Secrets {
    keys: Vec<Map<String, Value>>,
}

/// The keys of a set that are for this algorithm, with their names.
fn of_set(algorithm: TokenAlgorithm, json: &[u8]) -> Result<Vec<(Option<String>, DecodingKey)>, &'static str> {
    let set: JwkSet = serde_json::from_slice(json).map_err(|_| "not a set of keys (JWKS)")?;
    let secrets: Secrets = serde_json::from_slice(json).map_err(|_| "not a set of keys (JWKS)")?;
    if secrets.keys.iter().any(|key| key.contains_key("d")) {
        return Err("a private key in the set: it should be only where tokens are made");
    }
    if set.keys.len() > SET_MAX {
        return Err("more than 32 keys in one set");
    }
    let fitting = set.keys.iter().filter(|key| fits(algorithm, key));
    let keys = fitting.map(|jwk| {
        let key = DecodingKey::from_jwk(jwk).map_err(|_| "a key of the set cannot be read")?;
        Ok((jwk.common.key_id.clone(), key))
    });
    let keys = keys.collect::<Result<Vec<_>, &'static str>>()?;
    if keys.is_empty() { Err("no key of this algorithm in the set") } else { Ok(keys) }
}

/// Whether the library can check anything by it: a private key, or one of another curve, reads as one at first.
fn is_usable(algorithm: Algorithm, key: &DecodingKey) -> bool {
    // The library takes the first 32 bytes without looking how many there are.
    let is_whole = algorithm != Algorithm::EdDSA || key.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == 32);
    let is_strong = algorithm != Algorithm::RS256 || is_strong_rsa(key).unwrap_or(false);
    is_whole && is_strong && jsonwebtoken::crypto::verify("AAAA", b"", key, algorithm).is_ok()
}

/// Whether its modulus is long, and its exponent one that an RSA key can have (RFC 8017, 3.1: odd, and 3 at the least): by the
/// exponent 1 everybody can sign. `None`: it cannot be read.
fn is_strong_rsa(key: &DecodingKey) -> Option<bool> {
    let is_strong = |modulus: &[u8], exponent: &[u8]| {
        let [modulus, exponent] = [modulus, exponent].map(|bytes| {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.split_at(zeros).1
        });
        let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        bits >= RSA_BITS_MIN && is_odd && exponent != [1]
    };
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => Some(is_strong(n, e)),
        // RFC 8017, A.1.1.
        DecodingKeyKind::SecretOrDer(der) => SliceReader::new(der)
            .and_then(|mut reader| {
                reader.sequence(|numbers| {
                    let (modulus, exponent) = (UintRef::decode(numbers)?, UintRef::decode(numbers)?);
                    Ok(is_strong(modulus.as_bytes(), exponent.as_bytes()))
                })
            })
            .ok(),
    }
}

/// Whose token this claims to be. It is believed in nothing but which keys are tried.
pub fn claimed_issuer(token: &str, bytes_max: usize) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    if token.len() > bytes_max {
        return None;
    }
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims: Claimed = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    Some(claims.iss)
}

/// Checks a token by an application's keys: signature, issuer, beginning and end.
///
/// # Errors
/// Where anything is wrong with it.
pub fn check(
    token: &str,
    keys: &[TokenVerifier],
    issuer: &str,
    bytes_max: usize,
    now: Millis,
) -> Result<Checked, BadToken> {
    if token.len() > bytes_max {
        return Err(BadToken);
    }
    let header = decode_header(token).map_err(|_| BadToken)?;
    // What a token marks as critical has to be understood, and nothing of the kind is.
    if header.crit.is_some() || header.extras.inner().keys().any(|name| name == "crit" || name == "b64") {
        return Err(BadToken);
    }
    let candidates = keys.iter().filter(|key| key.algorithm == header.alg && key.may_be(header.kid.as_deref()));
    let claims = candidates.into_iter().find_map(|key| key.check(token)).ok_or(BadToken)?;
    if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
        return Err(BadToken);
    }
    let ends_at = time(&claims, "exp")?.ok_or(BadToken)?;
    let begins_at = time(&claims, "nbf")?.unwrap_or_default();
    if ends_at <= now || begins_at > now.saturating_add(EARLY_MS) {
        return Err(BadToken);
    }
    Ok(Checked { claims, ends_at })
}

/// A time that a claim tells, in seconds (RFC 7519: whole or not).
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Millis>, BadToken> {
    let Some(told) = claims.get(name) else {
        return Ok(None);
    };
    if let Some(seconds) = told.as_u64() {
        return Ok(Some(seconds.saturating_mul(1_000)));
    }
    let seconds = told.as_f64().filter(|seconds| *seconds >= 0.0).ok_or(BadToken)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and `as` saturates")]
    let millis = (seconds * 1_000.0) as u64;
    Ok(Some(millis))
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checked(…)")
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenVerifier({:?})", self.algorithm)
    }
}

impl fmt::Debug for Material<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Material(…)")
    }
}

#[cfg(test)]
mod tests;
