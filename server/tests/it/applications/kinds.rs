//! Tokens by every kind of key against a running server: each opens what it is for, and none passes for another's.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use protocol::ErrorCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::native::Client;
use super::{claims, secret, signed};
use crate::harness::{Ask, TestServer};

/// Of each algorithm that has a public key: its name, what signs, what verifies.
const PAIRS: [(&str, Algorithm, &[u8], &[u8]); 3] = [
    ("RS256", Algorithm::RS256, include_bytes!("../../keys/rsa.pem"), include_bytes!("../../keys/rsa.pub.pem")),
    ("ES256", Algorithm::ES256, include_bytes!("../../keys/ec.pem"), include_bytes!("../../keys/ec.pub.pem")),
    ("EdDSA", Algorithm::EdDSA, include_bytes!("../../keys/ed.pem"), include_bytes!("../../keys/ed.pub.pem")),
];

fn by(algorithm: Algorithm, private: &[u8], claims: &Value) -> String {
    let key = match algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_pem(private),
        Algorithm::ES256 => EncodingKey::from_ec_pem(private),
        _ => EncodingKey::from_ed_pem(private),
    };
    encode(&Header::new(algorithm), claims, &key.expect("is a key")).expect("is signed")
}

/// An application for each kind of key, and one for a secret.
async fn server() -> (TestServer, TempDir) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let write = |file: String, text: &[u8]| std::fs::write(folder.path().join(file), text).expect("can be written");
    let channels = "[[channels]]\npattern = \"user:{user}\"\nsubscribe = [{ own = \"user\" }]\nenter = true\n";
    for (algorithm, _, _, public) in PAIRS {
        let name = algorithm.to_lowercase();
        write(format!("{name}.pem"), public);
        let tokens = format!("[[tokens]]\nalgorithm = \"{algorithm}\"\npem_file = \"{name}.pem\"\n");
        write(format!("{name}.toml"), format!("name = \"{name}\"\n{tokens}{channels}").as_bytes());
    }
    write("hs256.secret".to_owned(), secret("hs256").as_bytes());
    let tokens = "[[tokens]]\nalgorithm = \"HS256\"\nsecret_file = \"hs256.secret\"\n";
    write("hs256.toml".to_owned(), format!("name = \"hs256\"\n{tokens}{channels}").as_bytes());
    let apps = folder.path().to_owned();
    (TestServer::with(move |config| config.apps = Some(apps)).await, folder)
}

async fn is_let_in(server: &TestServer, token: &str) {
    let (mut client, welcome) = Client::hello(server, json!({"t": "hello", "token": token})).await;
    assert_eq!(welcome["user"], "ada");
    client.next("subscribed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_key_lets_in_whom_it_signs_for_and_nobody_else() {
    let (server, _folder) = server().await;
    is_let_in(&server, &signed(&secret("hs256"), Algorithm::HS256, claims("hs256", "ada"))).await;
    for (name, algorithm, private, _) in PAIRS {
        is_let_in(&server, &by(algorithm, private, &claims(&name.to_lowercase(), "ada"))).await;
    }
    let mut wrong = Vec::new();
    for (name, _, _, public) in PAIRS {
        let app = name.to_lowercase();
        // The public key is no secret: what is signed with it as one was signed by anybody.
        let public = std::str::from_utf8(public).expect("is text");
        wrong.push((app.clone(), signed(public, Algorithm::HS256, claims(&app, "ada"))));
        wrong.push((app.clone(), signed(&secret("hs256"), Algorithm::HS256, claims(&app, "ada"))));
        for (other, algorithm, private, _) in PAIRS {
            if other != name {
                wrong.push((app.clone(), by(algorithm, private, &claims(&app, "ada"))));
            }
            wrong.push(("hs256".to_owned(), by(algorithm, private, &claims("hs256", "ada"))));
        }
        // With the signature of another text.
        let (good, text) = (by_name(name, &claims(&app, "ada")), by_name(name, &claims(&app, "root")));
        let signature = good.rsplit_once('.').expect("has parts").1;
        wrong.push((app, format!("{}.{signature}", text.rsplit_once('.').expect("has parts").0)));
    }
    for (app, token) in wrong {
        let ask = Ask::get(&format!("/api/v1/apps/{app}/events")).bearer(&token);
        assert_eq!(ask.send(server.addr).await.code(), ErrorCode::Unauthorized, "{app}: {token}");
    }
}

fn by_name(name: &str, claims: &Value) -> String {
    let (_, algorithm, private, _) = PAIRS.into_iter().find(|pair| pair.0 == name).expect("is one");
    by(algorithm, private, claims)
}
