//! Requests that the document describes, and spoilt ones, to a real server: each answer is one of those that it names, with
//! the body that it names.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::document;
use super::generator::{Dice, spoilt, value};
use super::schemas::{faults, resolved, validator};
use crate::applications::Two;
use crate::harness::{Answer, Ask, Guest, TestServer};

/// Requests of each operation.
const TIMES: usize = 24;
/// What fails can be had again with it.
const SEED: u64 = 14;

/// One operation of the document.
struct Operation<'a> {
    method: String,
    path: &'a str,
    described: &'a Value,
}

impl Operation<'_> {
    fn all(document: &Value) -> Vec<Operation<'_>> {
        let paths = document["paths"].as_object().expect("there are paths");
        paths
            .iter()
            .flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |(method, it)| (path, method, it)))
            .filter(|(_, method, _)| ["get", "put", "post", "patch", "delete"].contains(&method.as_str()))
            .map(|(path, method, described)| Operation { method: method.to_ascii_uppercase(), path, described })
            .collect()
    }

    fn is_of_applications(&self) -> bool {
        self.path.contains("/apps/") || self.path.contains("socket-debug")
    }

    fn is_of_operators(&self) -> bool {
        self.path.starts_with("/api/v1/admin/")
    }

    /// Answers without an end, which are read elsewhere (`applications::streams`).
    fn is_stream(&self) -> bool {
        !self.described["responses"]["200"]["content"]["text/event-stream"].is_null()
    }

    /// The schema of the body that it takes.
    fn takes(&self) -> Option<&Value> {
        self.described["requestBody"]["content"].get("application/json").map(|content| &content["schema"])
    }

    /// Holds an answer against what is described.
    fn check(&self, document: &Value, answer: &Answer) {
        let what = format!("{} {}: {}", self.method, self.path, answer.status);
        let responses = &self.described["responses"];
        let status = answer.status.to_string();
        let described = responses.get(&status).or_else(|| responses.get("default").filter(|_| answer.status >= 400));
        let described = described.unwrap_or_else(|| panic!("{what} is not described: {}", answer.text()));
        let described = resolved(document, described);
        let kind = answer.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let Some(content) = described["content"].as_object().filter(|content| !content.is_empty()) else {
            assert!(answer.body.is_empty(), "{what} has a body that is not described: {}", answer.text());
            return;
        };
        let content = content.get(kind).unwrap_or_else(|| panic!("{what} is {kind:?}, which is not described"));
        if kind.ends_with("json") {
            let body: Value = answer.json();
            // The two documents are described as no more than JSON.
            if content["schema"]["type"] != "string" {
                let faults = faults(&validator(document, &content["schema"]), &body);
                assert_eq!(faults, None, "{what}: {body}");
            }
            if answer.status >= 400 {
                let _ = answer.problem();
            }
        }
    }
}

/// Operators ask a server of their own: what they close is closed for all.
struct Desk {
    server: TestServer,
    _folder: TempDir,
}

const OPERATORS_TOKEN: &str = "operators-token-of-the-description-tests";

impl Desk {
    async fn start() -> Self {
        let folder = TempDir::new().expect("there is room for a temporary folder");
        let file = folder.path().join("token");
        std::fs::write(&file, OPERATORS_TOKEN).expect("can be written");
        let server = TestServer::with(move |config| config.admin_token_file = Some(file)).await;
        Self { server, _folder: folder }
    }
}

/// Who asks, and where: somebody new each time, since some requests end those who ask.
struct Asking<'a> {
    two: &'a Two,
    guest: Guest,
    room: String,
}

impl<'a> Asking<'a> {
    async fn new(two: &'a Two, operation: &Operation<'_>) -> Self {
        let guest = Guest::new(&two.server).await;
        let room = if operation.path.contains("{code}") { guest.room().await.code } else { String::new() };
        Self { two, guest, room }
    }

    /// The address with its variable parts: mostly those of something that is there.
    fn address(&self, operation: &Operation<'_>, dice: &mut Dice) -> String {
        let spoil = dice.once_in(6);
        let wrong = *dice.pick(&["x", "%ff", "ZZZZ2222", "..", "%00"]);
        let part = |there: &str| if spoil { wrong.to_owned() } else { there.to_owned() };
        let path = operation.path.replace("{code}", &part(&self.room)).replace("{app}", &part("market"));
        let path = path.replace("{member}", &"C".repeat(22)).replace("{id}", &"C".repeat(22));
        let path = path.replace("{hash}", &"C".repeat(22));
        assert!(!path.contains('{'), "{path} has a part that this test knows no value of");
        let wanted = operation.described["parameters"].as_array().into_iter().flatten();
        let mut query = Vec::new();
        for parameter in wanted.filter(|parameter| parameter["in"] == "query") {
            // One that is needed is left out now and then, one that is not half of the time.
            if !dice.once_in(if parameter["required"] == true { 8 } else { 2 }) {
                query.push(format!("{}=chat:1", parameter["name"].as_str().unwrap_or_default()));
            }
        }
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    fn identified(&self, ask: Ask, operation: &Operation<'_>, dice: &mut Dice) -> Ask {
        if dice.once_in(8) {
            return ask;
        }
        if dice.once_in(8) || operation.is_stream() {
            return ask.bearer("eyJhbGciOiJIUzI1NiJ9.e30.c2ln");
        }
        if operation.is_of_operators() {
            return ask.bearer(OPERATORS_TOKEN);
        }
        if !operation.is_of_applications() {
            return ask.bearer(self.guest.token());
        }
        if operation.path.contains("/apps/") {
            return ask.bearer(&self.two.market.key);
        }
        let mut admin = crate::applications::claims("market", "root");
        admin["role"] = json!("admin");
        ask.bearer(&crate::applications::token("market", admin))
    }
}

/// What one operation answered: how often with which status.
type Statuses = BTreeMap<u16, usize>;

async fn ask(two: &Two, desk: &Desk, document: &Value, operation: &Operation<'_>, dice: &mut Dice) -> u16 {
    let asking = Asking::new(two, operation).await;
    let request = Ask::new(&operation.method, &asking.address(operation, dice));
    let mut request = asking.identified(request, operation, dice);
    let mut refusal_is_due = false;
    if let Some(schema) = operation.takes() {
        let body = value(document, schema, dice, 0);
        if dice.once_in(3) {
            let bytes = spoilt(&body, dice);
            // The door is stricter than the schema in some places, and nowhere more lenient.
            refusal_is_due = serde_json::from_slice::<Value>(&bytes)
                .map_or(true, |body| faults(&validator(document, schema), &body).is_some());
            request = request.body("application/json; charset=utf-8", &bytes);
        } else if dice.once_in(8) {
            request = request.body("text/plain", body.to_string().as_bytes());
            refusal_is_due = true;
        } else {
            request = request.json(&body);
        }
    }
    let server = if operation.is_of_operators() { &desk.server } else { &two.server };
    let answer = request.send(server.addr).await;
    operation.check(document, &answer);
    assert!(answer.status < 500, "{} {}: {}", operation.method, operation.path, answer.text());
    let is_refused = answer.status >= 400;
    assert!(
        is_refused || !refusal_is_due,
        "{} {} took what is not described: {}",
        operation.method,
        operation.path,
        answer.text()
    );
    answer.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_as_described_whatever_it_is_asked() {
    let two = Two::limited(|limits| {
        limits.guests_made_per_hour = 1_000_000;
        limits.rooms_made_per_hour = 1_000_000;
        limits.joins_per_minute = 100_000;
        limits.powers_per_minute = 100_000;
        limits.misses_per_minute = 1_000_000;
        limits.auth_failures = 1_000;
        limits.knock_wait_ms = 10;
    })
    .await;
    let desk = Desk::start().await;
    let document = document(&two.server, "openapi").await;
    let mut dice = Dice::new(SEED);
    let mut never_done = Vec::new();
    for operation in Operation::all(&document) {
        let mut statuses = Statuses::new();
        for _ in 0..TIMES {
            *statuses.entry(ask(&two, &desk, &document, &operation, &mut dice).await).or_default() += 1;
        }
        if statuses.keys().all(|status| *status >= 400) {
            never_done.push(format!("{} {}", operation.method, operation.path));
        }
    }
    never_done.sort();
    assert_eq!(never_done, NEEDS_MORE, "what no request of {TIMES} has done, and what none can do");
}

/// Operations that need somebody else, a password or an id that was told; each has tests of its own.
const NEEDS_MORE: [&str; 13] = [
    "DELETE /api/v1/me/logins/{id}",
    "DELETE /api/v1/rooms/{code}/bans/{member}",
    "DELETE /api/v1/rooms/{code}/invites/{id}",
    "GET /api/v1/apps/{app}/events",
    "POST /api/v1/admin/logins/{id}/end",
    "POST /api/v1/admin/rooms/{hash}/end",
    "POST /api/v1/admin/sign-in",
    "POST /api/v1/login",
    "POST /api/v1/me/password",
    "POST /api/v1/rooms/{code}/admit",
    "POST /api/v1/rooms/{code}/ban",
    "POST /api/v1/rooms/{code}/kick",
    "POST /api/v1/rooms/{code}/role",
];
