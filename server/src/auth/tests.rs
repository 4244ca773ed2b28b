//! What must not pass as a token, and what a good one stands for.

mod any_token;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use protocol::{DisplayName, ErrorCode, UserKind, Username};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use super::{Auth, TOKEN_MS, token};
use crate::keys::Keys;
use crate::store::memory::MemoryStore;
use crate::store::{Account, AccountChange, Login, LoginKey, SharedStore, User, UserId};
use realtime::clock::{HOUR_MS, base64url, hour};

const NOW: u64 = 1_800_000_000_123;
const USER: UserId = UserId([1; 16]);
const LOGIN: LoginKey = LoginKey([2; 16]);

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).expect("is a name")
}

fn keys() -> Keys {
    Keys::derive(&[9; 32])
}

async fn store_with_guest() -> SharedStore {
    let store: SharedStore = Arc::new(MemoryStore::default());
    let login = Login { key: LOGIN, created_at: NOW, last_used_at: hour(NOW), device: None };
    let expires_at = Some(NOW + 10 * TOKEN_MS);
    let user = User { id: USER, account: None, created_at: hour(NOW), expires_at, logins: vec![login] };
    store.create_user(user).await.expect("is kept");
    store
}

/// A token of any header and claims, signed as HS256 is.
fn forge(header: &Value, claims: &Value, key: &[u8]) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("takes any key");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn claims() -> Value {
    let (sub, jti) = (base64url(&USER.0), base64url(&LOGIN.0));
    let iat = NOW / 1_000;
    json!({ "iss": "whisperspace", "sub": sub, "jti": jti, "name": "Quiet Heron", "kind": "guest", "iat": iat, "exp": iat + 86_400 })
}

fn with(field: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[field] = value;
    claims
}

fn without(field: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().expect("is an object").remove(field);
    claims
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_a_token_but_the_servers_own(text in "\\PC{0,60}", parts in vec("[A-Za-z0-9_-]{0,40}", 1..5)) {
        any_token::text(&text);
        any_token::text(&parts.join("."));
    }

    #[test]
    fn a_good_token_with_another_part_is_none(at in any::<usize>(), len in 0_usize..80, part in "[A-Za-z0-9_.=-]{0,8}") {
        any_token::altered(at, len, &part);
    }

    #[test]
    fn what_is_signed_and_says_something_else_is_believed_by_its_rules_only(
        header in select(HEADERS),
        field in select(vec!["iss", "sub", "jti", "name", "kind", "iat", "exp", "nbf", "aud"]),
        value in prop_oneof![Just("null"), Just("[]"), Just("{}"), Just("-1"), Just("1e300"), Just("\"whisperspace\""), Just("\"x\"")],
    ) {
        let value = serde_json::from_str(value).expect("is JSON");
        any_token::signed(header, &with(field, value).to_string());
    }
}

/// Headers that a token might come with; the first one is right.
const HEADERS: &[&str] = &[
    r#"{"alg":"HS256"}"#,
    r#"{"typ":"JWT","alg":"HS256","kid":"../x"}"#,
    r#"{"alg":"none"}"#,
    r#"{"alg":"HS384"}"#,
    r#"{"alg":"RS256"}"#,
    "{}",
    "[]",
    "",
];

#[tokio::test]
async fn a_token_of_ours_is_believed() {
    let (auth, store) = (Auth::new(&keys(), 1), store_with_guest().await);
    let issued = auth.issue(USER, LOGIN, UserKind::Guest, &name("Quiet Heron"), NOW);
    assert_eq!(issued.expires_at, (NOW / 1_000) * 1_000 + TOKEN_MS);
    let identity = auth.authenticate(&*store, &issued.token, NOW).await.expect("is believed");
    assert_eq!((identity.user, identity.login, identity.kind), (USER, LOGIN, UserKind::Guest));
    assert_eq!((identity.me().name, identity.me().username), (name("Quiet Heron"), None));
    assert_eq!(identity.expires_at, issued.expires_at);
    // The forger of the other tests makes good tokens when everything is right.
    let forged = forge(&json!({ "alg": "HS256", "typ": "JWT" }), &claims(), keys().tokens());
    assert_eq!(auth.authenticate(&*store, &forged, NOW).await, Ok(identity));
}

#[tokio::test]
async fn a_token_ends_to_the_second() {
    let (auth, store) = (Auth::new(&keys(), 1), store_with_guest().await);
    let issued = auth.issue(USER, LOGIN, UserKind::Guest, &name("Quiet Heron"), NOW);
    let last = auth.authenticate(&*store, &issued.token, issued.expires_at - 1).await;
    assert!(last.is_ok_and(|identity| auth.is_due(&identity, issued.expires_at - 1)));
    let ended = auth.authenticate(&*store, &issued.token, issued.expires_at).await;
    assert_eq!(ended, Err(ErrorCode::Unauthorized.into()));
}

#[tokio::test]
async fn a_token_is_due_for_renewal_in_its_second_half() {
    let (auth, store) = (Auth::new(&keys(), 1), store_with_guest().await);
    let issued = auth.issue(USER, LOGIN, UserKind::Guest, &name("Quiet Heron"), NOW);
    let identity = auth.authenticate(&*store, &issued.token, NOW).await.expect("is believed");
    let half = issued.expires_at - TOKEN_MS / 2;
    assert!(!auth.is_due(&identity, NOW) && !auth.is_due(&identity, half) && auth.is_due(&identity, half + 1));
}

#[tokio::test]
async fn nothing_else_passes_as_a_token() {
    let (auth, store) = (Auth::new(&keys(), 1), store_with_guest().await);
    let good = json!({ "alg": "HS256", "typ": "JWT" });
    let key = keys().tokens().to_vec();
    let sign = |header: &Value, claims: &Value| forge(header, claims, &key);
    let whole = sign(&good, &claims());
    let (head, signature) = whole.rsplit_once('.').expect("has three parts");
    let hs512 = {
        let signed = format!("{}.{}", encode(&json!({ "alg": "HS512" })), encode(&claims()));
        let mut mac = <Hmac<Sha512> as hmac::Mac>::new_from_slice(&key).expect("takes any key");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    };
    let attacks = [
        ("alg none", format!("{}.{}.", encode(&json!({ "alg": "none" })), encode(&claims()))),
        ("alg None", format!("{}.{}.", encode(&json!({ "alg": "None" })), encode(&claims()))),
        ("alg none, signed", sign(&json!({ "alg": "none" }), &claims())),
        ("alg RS256 with our key as its public one", sign(&json!({ "alg": "RS256" }), &claims())),
        ("alg HS384", sign(&json!({ "alg": "HS384" }), &claims())),
        ("alg HS512, rightly signed", hs512),
        ("no alg", sign(&json!({ "typ": "JWT" }), &claims())),
        (
            "a key in the header",
            forge(&json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" } }), &claims(), &[0; 3]),
        ),
        ("a foreign key", forge(&good, &claims(), Keys::derive(&[8; 32]).tokens())),
        ("an empty key", forge(&good, &claims(), &[])),
        ("no signature", format!("{head}.")),
        ("half a signature", format!("{head}.{}", &signature[..20])),
        (
            "another's signature",
            format!("{}.{signature}", sign(&good, &with("iat", json!(1))).rsplit_once('.').expect("parts").0),
        ),
        ("another issuer", sign(&good, &with("iss", json!("somebody")))),
        ("an issuer among others", sign(&good, &with("iss", json!(["somebody", "else"])))),
        ("no issuer", sign(&good, &without("iss"))),
        ("expired", sign(&good, &with("exp", json!(NOW / 1_000)))),
        ("no end", sign(&good, &without("exp"))),
        ("an end in words", sign(&good, &with("exp", json!("never")))),
        ("a negative end", sign(&good, &with("exp", json!(-1)))),
        ("an audience", sign(&good, &with("aud", json!("somebody")))),
        ("no user", sign(&good, &without("sub"))),
        ("a user of another shape", sign(&good, &with("sub", json!("1")))),
        ("an operator as a user", sign(&good, &with("sub", json!({ "$ne": null })))),
        ("no login", sign(&good, &without("jti"))),
        ("a name that is none", sign(&good, &with("name", json!("a\u{7}b")))),
        ("another kind", sign(&good, &with("kind", json!("admin")))),
        ("an unknown user", sign(&good, &with("sub", json!(base64url(&[5; 16]))))),
        ("two parts", head.to_owned()),
        ("four parts", format!("{whole}.x")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("noise", "a.b.c".to_owned()),
        ("a long one", "a".repeat(100_000)),
    ];
    for (attack, token) in attacks {
        let answer = auth.authenticate(&*store, &token, NOW).await;
        assert_eq!(answer, Err(ErrorCode::Unauthorized.into()), "{attack}");
    }
}

#[tokio::test]
async fn a_revoked_login_is_told_so() {
    let (auth, store) = (Auth::new(&keys(), 1), store_with_guest().await);
    let issued = auth.issue(USER, LOGIN, UserKind::Guest, &name("Quiet Heron"), NOW);
    assert!(store.remove_login(USER, LOGIN).await.expect("answers"));
    let answer = auth.authenticate(&*store, &issued.token, NOW).await;
    assert_eq!(answer, Err(ErrorCode::Revoked.into()));
}

#[tokio::test]
async fn a_use_is_noted_by_the_hour() {
    let (auth, store) = (Auth::new(&keys(), 1), store_with_guest().await);
    let issued = auth.issue(USER, LOGIN, UserKind::Guest, &name("Quiet Heron"), NOW);
    let later = NOW + HOUR_MS + 1;
    auth.authenticate(&*store, &issued.token, later).await.expect("is believed");
    let user = store.user(USER, later).await.expect("answers").expect("is there");
    assert_eq!(user.logins.first().map(|login| login.last_used_at), Some(hour(later)));
}

#[tokio::test]
async fn the_store_knows_an_account_better_than_its_token() {
    let (auth, store) = (Auth::new(&keys(), 1), store_with_guest().await);
    let issued = auth.issue(USER, LOGIN, UserKind::Guest, &name("Quiet Heron"), NOW);
    let username = Username::parse("heron").expect("is a name");
    let account = Account { username: username.clone(), password_hash: String::new(), display_name: name("Old") };
    store.make_account(USER, account, NOW).await.expect("becomes one");
    store.change_account(USER, AccountChange::DisplayName(name("New"))).await.expect("is renamed");
    let identity = auth.authenticate(&*store, &issued.token, NOW).await.expect("is believed");
    assert_eq!((identity.kind, identity.name, identity.username), (UserKind::Account, name("New"), Some(username)));
}

#[test]
fn nothing_of_an_identity_is_formatted() {
    let issued = Auth::new(&keys(), 1).issue(USER, LOGIN, UserKind::Guest, &name("Quiet Heron"), NOW);
    let text = format!("{issued:?} {:?} {:?}", Auth::new(&keys(), 1), super::Credential::Bearer(issued.token.clone()));
    assert!(!text.contains("eyJ") && !text.contains("Heron"), "{text}");
}
