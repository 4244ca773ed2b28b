//! What the server says of itself, `/api/v1/openapi.json` and `/api/v1/asyncapi.json`, held against what it really takes and
//! sends, against the validators of both formats, and against the page that is made of them.

mod frames;
mod generator;
mod page;
mod requests;
mod schemas;
mod validators;

use serde_json::Value;

use crate::harness::{Ask, TestServer};

/// The two documents, by their addresses.
const DOCUMENTS: [&str; 2] = ["openapi", "asyncapi"];

/// One of them, as it is served.
async fn document(server: &TestServer, name: &str) -> Value {
    let answer = Ask::get(&format!("/api/v1/{name}.json")).send(server.addr).await.assert_status(200);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
    answer.json()
}
