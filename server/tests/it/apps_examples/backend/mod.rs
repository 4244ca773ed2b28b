//! What an application has beside this server: its own backend, over real HTTP, with its own database. It answers signed
//! calls only, and speaks by the API. It knows nothing of the server but what docs/channels.md says.

mod marketplace;
mod projects;
mod signature;
mod social;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Answer, Ask};

/// Which application's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Projects,
    Social,
    Marketplace,
}

/// Runs as long as the test.
pub(super) struct Backend {
    pub(super) addr: SocketAddr,
    data: Arc<Data>,
}

struct Data {
    kind: Kind,
    secret: String,
    database: Mutex<Connection>,
    /// Where the server is, once it runs.
    server: OnceLock<SocketAddr>,
    served: Mutex<Vec<String>>,
}

/// One event of a client, as the server hands it over.
#[derive(Deserialize)]
struct Call {
    id: String,
    event: String,
    user: Caller,
    data: Value,
}

/// Who it is, as the server says: never as the data says.
#[derive(Deserialize)]
struct Caller {
    id: String,
}

#[derive(Deserialize)]
struct Question {
    user: Caller,
    channel: String,
}

/// Why something is not done, as the client is told.
struct Refusal(&'static str, &'static str);

/// The database fails.
struct Broken;

enum Failure {
    Refused(Refusal),
    Broken,
}

type Done = Result<Value, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(_: rusqlite::Error) -> Self {
        Self::Broken
    }
}

impl From<Broken> for Failure {
    fn from(_: Broken) -> Self {
        Self::Broken
    }
}

const UNAUTHORIZED: Failure = Failure::Refused(Refusal("UNAUTHORIZED", "Not authorized"));

/// With this in it, keeping something fails: a test's way to a fault.
const FULL: &str = "the database is full";

impl Call {
    /// A text of the data; the server has checked that it is there, where it has to be.
    fn text(&self, field: &str) -> Result<&str, Broken> {
        let text = self.data[field].as_str().unwrap_or_default();
        if text == FULL { Err(Broken) } else { Ok(text) }
    }
}

impl Backend {
    pub(super) async fn start(kind: Kind, secret: &str) -> Self {
        let database = Connection::open_in_memory().expect("there is memory");
        let schema = match kind {
            Kind::Projects => projects::SCHEMA,
            Kind::Social => social::SCHEMA,
            Kind::Marketplace => marketplace::SCHEMA,
        };
        database.execute_batch(schema).expect("the schema is SQL");
        let data = Arc::new(Data {
            kind,
            secret: secret.to_owned(),
            database: Mutex::new(database),
            server: OnceLock::new(),
            served: Mutex::default(),
        });
        let router = Router::new()
            .route("/events", post(serve_event))
            .route("/subscribe", post(serve_question))
            .route("/chats", post(marketplace::create_chat))
            .with_state(Arc::clone(&data));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
        let addr = listener.local_addr().expect("a bound port has an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr, data }
    }

    /// Where it may speak by the API.
    pub(super) fn speaks_to(&self, server: SocketAddr) {
        self.data.server.set(server).expect("is told once");
    }

    /// The ids of the calls that were served.
    pub(super) fn served(&self) -> Vec<String> {
        self.data.served.lock().expect("no panic").clone()
    }
}

impl Data {
    /// A request to the application's API of the server.
    async fn api(&self, application: &str, path: &str, body: &Value) -> Answer {
        let server = *self.server.get().expect("the server runs");
        let ask = Ask::post(&format!("/api/v1/apps/{application}/{path}")).bearer(&self.secret);
        ask.json(body).send(server).await
    }
}

async fn serve_event(State(data): State<Arc<Data>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    if !signature::is_good(&data.secret, &headers, &body) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let Ok(call) = serde_json::from_slice::<Call>(&body) else {
        return (StatusCode::BAD_REQUEST, String::new());
    };
    data.served.lock().expect("no panic").push(call.id.clone());
    let database = data.database.lock().expect("no panic");
    let done = match data.kind {
        Kind::Projects => projects::answer(&database, &call),
        Kind::Social => social::answer(&database, &call),
        Kind::Marketplace => marketplace::answer(&database, &call),
    };
    match done {
        Ok(answer) => (StatusCode::OK, answer.to_string()),
        Err(Failure::Refused(Refusal(code, message))) => {
            (StatusCode::OK, json!({"error": {"code": code, "message": message}}).to_string())
        }
        Err(Failure::Broken) => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}

async fn serve_question(State(data): State<Arc<Data>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    if !signature::is_good(&data.secret, &headers, &body) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let Ok(question) = serde_json::from_slice::<Question>(&body) else {
        return (StatusCode::BAD_REQUEST, String::new());
    };
    let database = data.database.lock().expect("no panic");
    let (user, channel) = (question.user.id.as_str(), question.channel.as_str());
    let allow = match data.kind {
        Kind::Projects => projects::lets_in(&database, user, channel),
        Kind::Social => social::lets_in(&database, user, channel),
        Kind::Marketplace => marketplace::lets_in(&database, user, channel),
    };
    (StatusCode::OK, json!({ "allow": allow.unwrap_or(false) }).to_string())
}

/// Whether a query finds anything.
fn is_there(database: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<bool> {
    database.prepare_cached(sql)?.exists(values)
}

/// The texts of a query's first column.
fn texts(database: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<Vec<String>> {
    database.prepare_cached(sql)?.query_map(values, |row| row.get(0))?.collect()
}

/// The only text of a query, which writes it and gives it back, or finds it.
fn text(database: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<String> {
    database.prepare_cached(sql)?.query_row(values, |row| row.get(0))
}

fn number(database: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<i64> {
    database.prepare_cached(sql)?.query_row(values, |row| row.get(0))
}

/// The JSON of a query, made by `SQLite`.
fn value(database: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Value, Failure> {
    serde_json::from_str(&text(database, sql, values)?).map_err(|_| Failure::Broken)
}

/// Now, as the documents write it.
fn now(database: &Connection) -> rusqlite::Result<String> {
    text(database, "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", [])
}
