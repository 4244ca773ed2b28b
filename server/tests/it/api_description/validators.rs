//! The validators that the makers of both formats recommend or make, from npm (`server/tests/api`).

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::{DOCUMENTS, document};
use crate::harness::TestServer;

fn programs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api")
}

/// Whether they are installed. Where they are not it is said aloud, and with CI set it is a failure.
fn are_there() -> bool {
    let modules = programs().join("node_modules");
    let packages = ["@asyncapi/parser", "@seriousme/openapi-schema-validator"];
    if packages.iter().all(|package| modules.join(package).join("package.json").is_file()) {
        return true;
    }
    let what =
        "the validators of OpenAPI and AsyncAPI are not installed: `cargo xtask test` does it; nothing was tested here";
    assert!(std::env::var_os("CI").is_none(), "{what}");
    // The print macros are captured by the test harness.
    let _ = writeln!(std::io::stderr(), "\nWARNING: {what}\n");
    false
}

/// What the validator of this format finds; nothing where the document is good.
async fn found(format: &str, document: &Value) -> Option<String> {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let file = folder.path().join("document.json");
    std::fs::write(&file, document.to_string()).expect("the folder can be written");
    let mut node = Command::new("node");
    node.current_dir(programs()).arg("validate.mjs").arg(format).arg(&file).kill_on_drop(true);
    let output = node.output().await.expect("node starts");
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (!output.status.success()).then_some(told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_validators_of_both_formats_find_nothing() {
    if !are_there() {
        return;
    }
    let server = TestServer::spawn().await;
    for format in DOCUMENTS {
        let document = document(&server, format).await;
        assert_eq!(found(format, &document).await, None, "{format}");
        // They do look.
        for spoil in [spoil_info as fn(&mut Value), spoil_reference] {
            let mut wrong = document.clone();
            spoil(&mut wrong);
            assert!(found(format, &wrong).await.is_some(), "{format}: a fault was not found");
        }
    }
}

fn spoil_info(document: &mut Value) {
    document["info"] = Value::from("none");
}

fn spoil_reference(document: &mut Value) {
    document["components"]["schemas"] = Value::from("none");
}
