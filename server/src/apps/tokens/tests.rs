//! Which tokens count, and that every other one does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use channels::TokenAlgorithm;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::{Material, TokenVerifier, check, claimed_issuer};

const SECRET: &[u8] = b"the secret of one application";
const RSA: &[u8] = include_bytes!("../../../tests/keys/rsa.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("../../../tests/keys/rsa.pub.pem");
const EC: &[u8] = include_bytes!("../../../tests/keys/ec.pem");
const EC_PUBLIC: &[u8] = include_bytes!("../../../tests/keys/ec.pub.pem");
const ED: &[u8] = include_bytes!("../../../tests/keys/ed.pem");
const ED_PUBLIC: &[u8] = include_bytes!("../../../tests/keys/ed.pub.pem");
const SHORT_RSA: &[u8] = include_bytes!("../../../tests/keys/short-rsa.pub.pem");
const P384: &[u8] = include_bytes!("../../../tests/keys/p384.pub.pem");

/// In milliseconds; tokens tell seconds.
const NOW: u64 = 1_800_000_000_000;
const BYTES_MAX: usize = 8_192;

fn claims() -> Value {
    json!({"iss": "market", "sub": "u1", "exp": NOW / 1_000 + 60})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, key).expect("is signed")
}

fn by_secret(claims: &Value) -> String {
    signed(Algorithm::HS256, &EncodingKey::from_secret(SECRET), claims)
}

fn shared() -> Vec<TokenVerifier> {
    TokenVerifier::read(TokenAlgorithm::Hs256, Material::Secret(SECRET)).expect("is a secret")
}

fn ends_at(token: &str, keys: &[TokenVerifier]) -> Option<u64> {
    check(token, keys, "market", BYTES_MAX, NOW).ok().map(|checked| checked.ends_at)
}

/// The keys that are asymmetric, each with what signs by it.
fn pairs() -> Vec<(TokenAlgorithm, Algorithm, EncodingKey, &'static [u8])> {
    vec![
        (TokenAlgorithm::Rs256, Algorithm::RS256, EncodingKey::from_rsa_pem(RSA).expect("is a key"), RSA_PUBLIC),
        (TokenAlgorithm::Es256, Algorithm::ES256, EncodingKey::from_ec_pem(EC).expect("is a key"), EC_PUBLIC),
        (TokenAlgorithm::EdDsa, Algorithm::EdDSA, EncodingKey::from_ed_pem(ED).expect("is a key"), ED_PUBLIC),
    ]
}

#[test]
fn a_token_counts_by_each_kind_of_key_and_by_no_other() {
    let all = |not: Option<TokenAlgorithm>| -> Vec<TokenVerifier> {
        let public = pairs().into_iter().filter(|pair| Some(pair.0) != not);
        let public = public.flat_map(|pair| TokenVerifier::read(pair.0, Material::Pem(pair.3)).expect("is a key"));
        public.chain(shared()).collect()
    };
    for (ours, algorithm, signing, _) in pairs() {
        let token = signed(algorithm, &signing, &claims());
        assert_eq!(ends_at(&token, &all(None)), Some(NOW + 60_000), "{ours:?}");
        assert_eq!(ends_at(&token, &all(Some(ours))), None, "{ours:?}");
    }
    assert_eq!(ends_at(&by_secret(&claims()), &all(None)), Some(NOW + 60_000));
    assert_eq!(ends_at(&by_secret(&claims()), &[]), None);
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_tokens() {
    for (ours, _, _, public) in pairs() {
        // The public key is no secret: a token that is signed with it as one was signed by anybody.
        let forged = signed(Algorithm::HS256, &EncodingKey::from_secret(public), &claims());
        let keys = TokenVerifier::read(ours, Material::Pem(public)).expect("is a key");
        assert_eq!(ends_at(&forged, &keys), None, "{ours:?}");
    }
    for other in [Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(ends_at(&signed(other, &EncodingKey::from_secret(SECRET), &claims()), &shared()), None);
    }
    let good = by_secret(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    // {"alg":"none"}, {"alg":"None","typ":"JWT"}
    for none in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIiwidHlwIjoiSldUIn0"] {
        for signature in ["", parts[2]] {
            assert_eq!(ends_at(&format!("{none}.{}.{signature}", parts[1]), &shared()), None);
        }
    }
}

#[test]
fn what_is_wrong_with_a_token_makes_it_none() {
    let seconds = NOW / 1_000;
    let wrong = [
        with("iss", json!("other")),
        with("iss", json!(["market"])),
        with("iss", Value::Null),
        with("exp", json!(seconds)),
        with("exp", json!(seconds - 1)),
        with("exp", json!(-1)),
        with("exp", json!("never")),
        with("exp", Value::Null),
        with("nbf", json!(seconds + 31)),
        with("nbf", json!("soon")),
        json!({"iss": "market", "sub": "u1"}),
        json!({"exp": seconds + 60, "sub": "u1"}),
        json!([]),
        json!("market"),
    ];
    for claims in wrong {
        assert_eq!(ends_at(&by_secret(&claims), &shared()), None, "{claims}");
    }
    let other = signed(Algorithm::HS256, &EncodingKey::from_secret(b"the secret of another one"), &claims());
    assert_eq!(ends_at(&other, &shared()), None);
    let good = by_secret(&claims());
    let long = format!("{good}{}", "A".repeat(BYTES_MAX));
    let critical = "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9";
    let critical = format!("{critical}{}", &good[good.find('.').expect("has parts")..]);
    for wrong in ["", ".", "..", "...", &good[1..], &good[..good.len() - 2], &format!("{good}."), &long, &critical] {
        assert_eq!(ends_at(wrong, &shared()), None, "{wrong}");
    }
}

#[test]
fn times_are_taken_as_they_are_written() {
    let seconds = NOW / 1_000;
    assert_eq!(ends_at(&by_secret(&with("exp", json!(1_800_000_000.5))), &shared()), Some(NOW + 500));
    assert_eq!(ends_at(&by_secret(&with("exp", json!(u64::MAX))), &shared()), Some(u64::MAX));
    assert_eq!(ends_at(&by_secret(&with("exp", json!(1e300))), &shared()), Some(u64::MAX));
    for begun in [json!(0), json!(seconds), json!(seconds + 30)] {
        assert!(ends_at(&by_secret(&with("nbf", begun)), &shared()).is_some(), "clocks are a little apart");
    }
    assert!(ends_at(&by_secret(&with("aud", json!("anything"))), &shared()).is_some());
}

#[test]
fn a_set_of_keys_is_rotated_by_names() {
    let ed = |id: &str, x: &str| json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "use": "sig", "x": x});
    let x = public_ed();
    let set = json!({"keys": [ed("old", &"A".repeat(43)), ed("new", &x), {"kty": "oct", "k": "AAAA"}]}).to_string();
    let keys = TokenVerifier::read(TokenAlgorithm::EdDsa, Material::Set(set.as_bytes())).expect("is a set");
    assert_eq!(keys.len(), 2, "a secret is no public key");
    let private = set.replacen("\"x\"", "\"d\":\"AAAA\",\"x\"", 1);
    TokenVerifier::read(TokenAlgorithm::EdDsa, Material::Set(private.as_bytes())).expect_err("should not be here");
    let signing = EncodingKey::from_ed_pem(ED).expect("is a key");
    let named = |id: Option<&str>| {
        let header = Header { kid: id.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims(), &signing).expect("is signed")
    };
    assert!(ends_at(&named(Some("new")), &keys).is_some());
    assert!(ends_at(&named(None), &keys).is_some());
    assert!(ends_at(&named(Some("old")), &keys).is_none());
    assert!(ends_at(&named(Some("unknown")), &keys).is_none());
}

fn der_of(pem: &[u8]) -> Vec<u8> {
    let pem = std::str::from_utf8(pem).expect("is text");
    let body: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
    STANDARD.decode(body).expect("is base64")
}

/// The public half of `ed.pem` as a set of keys has it: the last 32 bytes of what PEM holds.
fn public_ed() -> String {
    let der = der_of(ED_PUBLIC);
    realtime::clock::base64url(&der[der.len() - 32..])
}

#[test]
fn an_exponent_by_which_everybody_can_sign_is_none() {
    let mut der = der_of(RSA_PUBLIC);
    let numbers = der.len() - 5;
    assert_eq!(der[numbers..], [2, 3, 1, 0, 1], "65537 is the last of it");
    let modulus = realtime::clock::base64url(&der[numbers - 256..numbers]);
    let by_set = |exponent: &str| {
        let set = json!({"keys": [{"kty": "RSA", "n": modulus, "e": exponent}]}).to_string();
        TokenVerifier::read(TokenAlgorithm::Rs256, Material::Set(set.as_bytes())).is_ok()
    };
    // 65537, 3, then 1 in two ways, 2, 65536 and nothing.
    let one_bit_less = {
        let mut modulus = der[numbers - 256..numbers].to_vec();
        modulus[0] &= 0x7f;
        realtime::clock::base64url(&modulus)
    };
    let set = json!({"keys": [{"kty": "RSA", "n": one_bit_less, "e": "AQAB"}]}).to_string();
    assert!(TokenVerifier::read(TokenAlgorithm::Rs256, Material::Set(set.as_bytes())).is_err(), "2047 bits");
    let taken = ["AQAB", "Aw", "AQ", "AAE", "Ag", "AQAA", ""].map(by_set);
    assert_eq!(taken, [true, true, false, false, false, false, false]);
    let by_pem = |der: &[u8]| {
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
        TokenVerifier::read(TokenAlgorithm::Rs256, Material::Pem(pem.as_bytes())).is_ok()
    };
    assert!(by_pem(&der));
    der[numbers + 4] = 0;
    assert!(!by_pem(&der), "65536");
}

#[test]
fn what_is_no_key_is_told_when_it_is_read() {
    let short_ed = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}).to_string();
    let none_fits = json!({"keys": [{"kty": "oct", "k": "AAAA"}]}).to_string();
    let many = json!({"keys": vec![json!({"kty": "OKP", "crv": "Ed25519", "x": public_ed()}); 33]}).to_string();
    let wrong: [(TokenAlgorithm, Material<'_>); 17] = [
        (TokenAlgorithm::Hs256, Material::Secret(b"short")),
        (TokenAlgorithm::Hs256, Material::Secret(b"")),
        (TokenAlgorithm::Hs256, Material::Pem(RSA_PUBLIC)),
        (TokenAlgorithm::Hs256, Material::Set(none_fits.as_bytes())),
        (TokenAlgorithm::Rs256, Material::Secret(SECRET)),
        (TokenAlgorithm::Rs256, Material::Pem(EC_PUBLIC)),
        (TokenAlgorithm::Rs256, Material::Pem(RSA)),
        (TokenAlgorithm::Rs256, Material::Pem(SHORT_RSA)),
        (TokenAlgorithm::Es256, Material::Pem(ED_PUBLIC)),
        (TokenAlgorithm::Es256, Material::Pem(EC)),
        (TokenAlgorithm::Es256, Material::Pem(P384)),
        (TokenAlgorithm::EdDsa, Material::Pem(RSA_PUBLIC)),
        (TokenAlgorithm::EdDsa, Material::Pem(b"nothing")),
        (TokenAlgorithm::EdDsa, Material::Set(b"{}")),
        (TokenAlgorithm::EdDsa, Material::Set(short_ed.as_bytes())),
        (TokenAlgorithm::EdDsa, Material::Set(none_fits.as_bytes())),
        (TokenAlgorithm::EdDsa, Material::Set(many.as_bytes())),
    ];
    for (at, (algorithm, material)) in wrong.into_iter().enumerate() {
        assert!(TokenVerifier::read(algorithm, material).is_err(), "{algorithm:?}, number {at}");
    }
}

#[test]
fn an_issuer_is_read_without_being_believed() {
    let issuer = |token: &str| claimed_issuer(token, BYTES_MAX);
    assert_eq!(issuer(&by_secret(&claims())).as_deref(), Some("market"));
    assert_eq!(issuer("x.eyJpc3MiOiJtYXJrZXQifQ.").as_deref(), Some("market"));
    let long = format!("x.{}.", "A".repeat(BYTES_MAX));
    for wrong in ["", "..", "x.e30.y", "x.eyJpc3MiOjF9.y", "x.eyJpc3MiOiJhIn0.y.z", "x.????.y", &long] {
        assert_eq!(issuer(wrong), None, "{wrong}");
    }
}
