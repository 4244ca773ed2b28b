//! What TLS of the server's own agrees to: of all suites that have a number, those of Mozilla's intermediate list with
//! elliptic curves, by TLS 1.2 and 1.3 only. Each is offered alone to a server that runs.
//!
//! The list (ssl-config.mozilla.org, guideline 5.7) also has four suites with finite fields, for clients that know nothing
//! else; rustls has none of them, and nothing that is not in the list.

use std::io;

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use server::tls::TlsFiles;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;

use crate::harness::{PATIENCE, TestServer};

const TLS_1_3: [u16; 3] = [
    0x1301, // TLS_AES_128_GCM_SHA256
    0x1302, // TLS_AES_256_GCM_SHA384
    0x1303, // TLS_CHACHA20_POLY1305_SHA256
];
/// With a key of an elliptic curve.
const TLS_1_2_ECDSA: [u16; 3] = [
    0xc02b, // ECDHE-ECDSA-AES128-GCM-SHA256
    0xc02c, // ECDHE-ECDSA-AES256-GCM-SHA384
    0xcca9, // ECDHE-ECDSA-CHACHA20-POLY1305
];
/// With a key of RSA.
const TLS_1_2_RSA: [u16; 3] = [
    0xc02f, // ECDHE-RSA-AES128-GCM-SHA256
    0xc030, // ECDHE-RSA-AES256-GCM-SHA384
    0xcca8, // ECDHE-RSA-CHACHA20-POLY1305
];

/// Every number that IANA's registry has given away, and some that it has not.
fn all() -> impl Iterator<Item = u16> {
    (0..=0x00c7).chain(0x1301..=0x1307).chain(0xc001..=0xc0b7).chain(0xcca8..=0xccae).chain(0xd001..=0xd005)
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("is short");
    [&kind.to_be_bytes()[..], &length.to_be_bytes(), content].concat()
}

/// A client's first words (RFC 8446, 4.1.2), by the version and with the one suite.
fn hello(version: u16, suite: u16) -> Vec<u8> {
    // Offered above TLS 1.2 only by its own extension.
    let newest = if version == 0x0304 { 0x0303 } else { version };
    let mut extensions = extension(10, &[0, 4, 0, 0x1d, 0, 0x17]);
    extensions.extend(extension(11, &[1, 0]));
    extensions.extend(extension(13, &[0, 10, 4, 3, 5, 3, 8, 4, 4, 1, 8, 5]));
    extensions.extend(extension(23, &[]));
    if version == 0x0304 {
        extensions.extend(extension(43, &[2, 3, 4]));
        // Any 32 bytes are a point of X25519.
        extensions.extend(extension(51, &[&[0, 36, 0, 0x1d, 0, 32][..], &[9; 32]].concat()));
    }
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).expect("is short").to_be_bytes();
    let body = [
        &newest.to_be_bytes()[..],
        &[7; 32],
        &[0, 0, 2],
        &suite.to_be_bytes(),
        &[1, 0],
        &length(&extensions),
        &extensions,
    ]
    .concat();
    let message = [&[1, 0][..], &length(&body), &body].concat();
    [&[22, 3, 1][..], &length(&message), &message].concat()
}

/// The suite that the server takes, if it takes any.
async fn taken(server: &TestServer, version: u16, suite: u16) -> io::Result<Option<u16>> {
    let mut line = TcpStream::connect(server.addr).await?;
    line.write_all(&hello(version, suite)).await?;
    let mut head = [0; 5];
    line.read_exact(&mut head).await?;
    if head[0] != 22 {
        return Ok(None);
    }
    let mut message = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    line.read_exact(&mut message).await?;
    // Behind its head, the version, 32 random bytes and a session's id.
    let at = 4 + 2 + 32 + 1 + usize::from(message[38]);
    Ok(Some(u16::from_be_bytes([message[at], message[at + 1]])))
}

async fn all_taken(server: &TestServer, version: u16) -> Vec<u16> {
    let mut found = Vec::new();
    for suite in all() {
        let answer = timeout(PATIENCE, taken(server, version, suite)).await.expect("in time").expect("is answered");
        if let Some(chosen) = answer {
            assert_eq!(chosen, suite);
            found.push(suite);
        }
    }
    found
}

async fn with(certificate: &str, key: &str) -> (TestServer, TempDir) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let files = TlsFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
    std::fs::write(&files.certificate, certificate).expect("can be written");
    std::fs::write(&files.key, key).expect("can be written");
    let server = TestServer::with(move |config| {
        config.tls = Some(files);
        config.https = true;
    });
    (server.await, folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_these_suites_are_taken() {
    let (ec, _folder) = with(include_str!("../keys/tls.crt.pem"), include_str!("../keys/tls.pem")).await;
    assert_eq!(all_taken(&ec, 0x0304).await, TLS_1_3);
    assert_eq!(all_taken(&ec, 0x0303).await, TLS_1_2_ECDSA);
    for old in [0x0301, 0x0302] {
        assert_eq!(all_taken(&ec, old).await, [0; 0], "no older version");
    }
    let key = include_str!("../keys/rsa.pem");
    let pair = KeyPair::from_pem_and_sign_algo(key, &PKCS_RSA_SHA256).expect("is a key of RSA");
    let params = CertificateParams::new(["localhost".to_owned()]).expect("is a name");
    let certificate = params.self_signed(&pair).expect("can be made").pem();
    let (rsa, _folder) = with(&certificate, key).await;
    assert_eq!(all_taken(&rsa, 0x0303).await, TLS_1_2_RSA);

    let mut known: Vec<u16> = ring::default_provider().cipher_suites.iter().map(|s| s.suite().into()).collect();
    known.sort_unstable();
    let mut listed = [TLS_1_3, TLS_1_2_ECDSA, TLS_1_2_RSA].concat();
    listed.sort_unstable();
    assert_eq!(known, listed, "nothing is there that was not offered");
}
