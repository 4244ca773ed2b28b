//! A backend that takes its time to say who may hear a channel, and what the application does meanwhile.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use protocol::ErrorCode;
use serde_json::{Value, json};
use server::apps::keys::NewKey;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::native::{Client, hello};
use super::{claims, lets_in, token, write_application};
use crate::harness::{Ask, TestServer, poll};

/// Questions that came, and answers that may be given.
struct Held {
    asked: AtomicUsize,
    answers: Semaphore,
}

async fn let_in(State(held): State<Arc<Held>>) -> String {
    held.asked.fetch_add(1, Ordering::Relaxed);
    held.answers.acquire().await.expect("is never closed").forget();
    json!({"allow": true}).to_string()
}

impl Held {
    async fn was_asked(&self, times: usize) {
        poll("a question", async || (self.asked.load(Ordering::Relaxed) == times).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_put_out_while_the_backend_is_asked_does_not_come_in_by_its_answer() {
    let held = Arc::new(Held { asked: AtomicUsize::new(0), answers: Semaphore::new(0) });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
    let backend = listener.local_addr().expect("a bound port has an address");
    let router = Router::new().route("/subscribe", post(let_in)).with_state(Arc::clone(&held));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (folder, key) = (TempDir::new().expect("there is room for a temporary folder"), NewKey::draw("market"));
    let more = format!(
        "{}\n[backend]\nurl = \"http://{backend}\"\nsecret_file = \"market.secret\"\n[[channels]]\npattern = \
         \"asked:{{asked}}\"\nsubscribe = [{{ backend = true, cache_ms = 30000 }}]\n",
        lets_in(&key)
    );
    write_application(folder.path(), "market", &more);
    let apps = folder.path().to_owned();
    let server = TestServer::with(move |config| config.apps = Some(apps)).await;
    let put_out = async || {
        let body = json!({"user": "ada", "channel": "asked:1"});
        let ask = Ask::post("/api/v1/apps/market/unsubscribe").bearer(&key.key).json(&body);
        ask.send(server.addr).await.assert_status(200);
    };
    let (mut ada, _) = Client::hello(&server, hello("ada", "1")).await;
    ada.next("subscribed").await;
    let subscribe = json!({"t": "subscribe", "cid": "s", "channel": "asked:1"});
    ada.send(subscribe.clone()).await;
    held.was_asked(1).await;
    put_out().await;
    held.answers.add_permits(1);
    let refused = ada.next("error").await;
    assert_eq!((&refused["cid"], &refused["code"]), (&json!("s"), &json!("UNAUTHORIZED")));
    // Nor is the answer kept for the next time: it is asked anew, and holds from then on.
    ada.send(subscribe.clone()).await;
    held.was_asked(2).await;
    held.answers.add_permits(1);
    ada.next("subscribed").await;
    put_out().await;
    ada.next("unsubscribed").await;
    // A stream asks before it is there.
    let stream =
        Ask::get("/api/v1/apps/market/events?channel=asked:1").bearer(&token("market", claims("market", "ada")));
    let opening = async { stream.send(server.addr).await.code() };
    let meanwhile = async {
        held.was_asked(3).await;
        put_out().await;
        held.answers.add_permits(1);
    };
    assert_eq!(tokio::join!(opening, meanwhile).0, ErrorCode::Forbidden);
    let ask = Ask::get("/api/v1/apps/market/count?channel=asked:1").bearer(&key.key);
    assert_eq!(ask.send(server.addr).await.json::<Value>()["connections"], 0);
}
