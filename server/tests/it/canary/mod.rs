//! Canaries: what people type is looked for in every file, log line and database, plain, as hex and as base64, at the
//! most talkative level, after a clean stop and after SIGKILL.

mod planting;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::harness::process::Folder;
pub(crate) use planting::random_word;
use planting::{Planted, plant};

/// One secret, in every form in which it could lie around.
pub(crate) struct Canary {
    what: &'static str,
    forms: Vec<Vec<u8>>,
}

/// Two digits a byte, small.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    let digit = |value: u8| char::from(digits[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

impl Canary {
    pub(crate) fn new(what: &'static str, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut forms = vec![
            bytes.to_vec(),
            hex(bytes).into_bytes(),
            hex(bytes).to_uppercase().into_bytes(),
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ];
        for engine in [STANDARD, URL_SAFE] {
            for (offset, start) in [(0, 0), (1, 2), (2, 3)] {
                // Inside a longer text the first and last characters depend on the neighbours; what is between does not.
                let shifted = engine.encode([&vec![0; offset][..], bytes].concat());
                let whole = (offset + bytes.len()) / 3 * 4;
                forms.push(shifted.as_bytes()[start..whole].to_vec());
            }
        }
        Self { what, forms }
    }

    pub(crate) fn is_in(&self, content: &[u8]) -> bool {
        self.forms.iter().any(|form| content.windows(form.len()).any(|window| window == form))
    }
}

fn search(folder: &Folder, planted: &Planted) {
    let files = folder.files();
    let named = |name: &str| files.iter().any(|(path, content)| path.ends_with(name) && !content.is_empty());
    assert!(
        named("data/whisperspace.db") && named("stderr") && named("stdout") && named("events.jsonl"),
        "there is something to be searched"
    );
    for (path, content) in &files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let database = name.starts_with("whisperspace.db");
        for canary in &planted.nowhere {
            assert!(!canary.is_in(content), "{} is in {}", canary.what, path.display());
        }
        for canary in planted.database_only.iter().filter(|_| !database) {
            assert!(!canary.is_in(content), "{} is in {}", canary.what, path.display());
        }
    }
}

fn is_in_database(folder: &Folder, canary: &Canary) -> bool {
    let database = |path: &std::path::Path| path.to_string_lossy().contains("whisperspace.db");
    folder.files().iter().any(|(path, content)| database(path) && canary.is_in(content))
}

async fn run(format: &str, kill: bool) {
    let folder = Folder::new();
    let server = folder.serve(&["--log=trace", "--event-log=events.jsonl", &format!("--log-format={format}")]).await;
    let (planted, clients) = plant(server.addr).await;
    // The search finds what is there: the room is in the database.
    assert!(planted.database_only.iter().all(|canary| is_in_database(&folder, canary)));
    search(&folder, &planted);
    if kill {
        server.kill();
    } else {
        assert!(server.terminate().await.success());
    }
    drop(clients);
    search(&folder, &planted);
    let log = folder.stderr();
    assert!(log.contains("answered") && log.contains("/api/v1/rooms/{code}"), "the log is talkative: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_typed_is_found_after_a_clean_stop() {
    run("text", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_typed_is_found_after_sigkill() {
    run("json", true).await;
}

#[test]
fn a_canary_is_found_in_every_form() {
    let canary = Canary::new("a test", "textabcdefghij");
    let inside = |around: &str| format!("{around}textabcdefghij{around}");
    for around in ["", "x", "xy", "xyz"] {
        let text = inside(around);
        assert!(canary.is_in(text.as_bytes()));
        assert!(canary.is_in(STANDARD.encode(&text).as_bytes()), "{around}");
        assert!(canary.is_in(URL_SAFE.encode(&text).as_bytes()), "{around}");
        assert!(canary.is_in(hex(text.as_bytes()).to_uppercase().as_bytes()));
    }
    assert!(!canary.is_in(b"textabcdefghi"));
}
