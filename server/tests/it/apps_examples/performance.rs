//! Each document's table, performed by the official client: every row is heard by those who should hear it, with the
//! document's payload, and by nobody else.

use serde::Deserialize;

use super::backend::Kind;
use super::running::{Applications, is_client_there, programs, say};

/// What `perform.mjs` tells at its end.
#[derive(Deserialize)]
struct Counts {
    rows: usize,
    event: usize,
    room: usize,
    answer: usize,
    rule: usize,
    deliveries: usize,
    failures: Vec<String>,
}

async fn perform(name: &str, document: &str, kind: Option<Kind>) {
    if is_client_there() {
        let applications = Applications::serve(kind.map(|kind| (name, kind)), &[]).await;
        perform_on(&applications, name, &format!("document {document} ({name})")).await;
    }
}

/// Performs a table of `tests/apps`, and prints its counts.
pub(super) async fn perform_on(applications: &Applications, table: &str, what: &str) {
    let table = std::fs::read_to_string(programs().join(format!("{table}.json"))).expect("the table is there");
    perform_table(applications, &table, what).await;
}

/// As [`perform_on`], with a table of the test's own.
pub(super) async fn perform_table(applications: &Applications, table: &str, what: &str) {
    let path = applications.folder.path().join("table.json");
    std::fs::write(&path, table).expect("the folder can be written");
    let mut arguments = vec![path.display().to_string(), format!("http://{}", applications.addr())];
    arguments.extend(applications.backend.as_ref().map(|backend| format!("http://{}", backend.addr)));
    let told = applications.run(&programs().join("perform.mjs"), &arguments).await;
    std::fs::remove_file(&path).expect("was just written");
    let counts: Counts = serde_json::from_str(told.trim()).expect("the counts are JSON");
    let Counts { rows, event, room, answer, rule, deliveries, failures } = counts;
    assert!(failures.is_empty(), "{failures:?}");
    let calls = applications.backend.as_ref().map_or(0, |backend| backend.served().len());
    say(&format!(
        "{what}: {rows} rows done: {event} events, {room} rooms, {answer} answers, {rule} rules; {deliveries} deliveries to \
         whom they were for, 0 to others; {calls} calls of the backend"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_000_projects() {
    perform("projects", "000", Some(Kind::Projects)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_001_tasks() {
    perform("tasks", "001", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_002_social() {
    perform("social", "002", Some(Kind::Social)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_003_marketplace() {
    perform("marketplace", "003", Some(Kind::Marketplace)).await;
}
