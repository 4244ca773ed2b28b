//! A real backend over real HTTP: one that answers, one that is slow, one that is down, and some that misbehave.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, post};
use channels::{ChannelName, Namespace};
use chat::{Monotonic, Now};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use hmac::{Hmac, Mac as _};
use protocol::Limits;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{Answer, Backend, Call, CallFailure, SIGNATURE, TIMESTAMP, base};
use crate::apps::fixtures::{KEY, ada, market, waiting};
use crate::apps::lines::Lines;

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
    let addr = listener.local_addr().expect("a bound port has an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    addr
}

fn backend_with(url: &str, limits: &Limits) -> Backend {
    let rules = market(url);
    Backend::new(rules.name(), rules.backend().expect("is told"), &Lines::default(), limits).expect("is an address")
}

fn backend(addr: SocketAddr) -> Backend {
    backend_with(&format!("http://{addr}"), &Limits::default())
}

fn at(ms: u64) -> Now {
    Now { wall: 1_800_000_000_000 + ms, mono: Monotonic::START.after(ms) }
}

async fn ask(backend: &Backend) -> Result<Answer, CallFailure> {
    let (client, namespace) = (ada(), Namespace::parse("/").expect("is one"));
    let data = json!({"chatId": "c1"});
    let call = Call { id: "call-1", event: "send", namespace: &namespace, client: &client, data: &data };
    backend.event(call, at(0)).await
}

async fn failure(router: Router) -> CallFailure {
    ask(&backend(serve(router).await)).await.expect_err("fails")
}

fn answering(answer: Value) -> Router {
    Router::new().route("/events", post(move || async move { answer.to_string() }))
}

#[tokio::test]
async fn a_call_is_signed_and_says_who_did_what() {
    let heard: Arc<Mutex<Option<(HeaderMap, Bytes)>>> = Arc::default();
    let hears = Arc::clone(&heard);
    let answer = json!({
        "ack": {"success": true},
        "reply": [{"event": "sent", "data": {"id": 1}}],
        "publish": [{"channel": "chat:c1", "event": "message", "data": {"a": 1}, "except_caller": true}],
        "subscribe": ["chat:c2"],
        "unsubscribe": ["chat:c3"],
        "newer": "is ignored",
    });
    let serve_call = move |headers: HeaderMap, body: Bytes| async move {
        *hears.lock().expect("no panic") = Some((headers, body));
        answer.to_string()
    };
    let addr = serve(Router::new().route("/under/events", post(serve_call))).await;
    let answer = ask(&backend_with(&format!("http://{addr}/under"), &Limits::default())).await.expect("is answered");
    assert_eq!(answer.ack, Some(json!({"success": true})));
    assert_eq!((answer.reply[0].event.as_str(), &answer.reply[0].data), ("sent", &json!({"id": 1})));
    assert!(answer.publish[0].except_caller && answer.publish[0].data.get() == r#"{"a":1}"#);
    assert_eq!((answer.subscribe[0].as_str(), answer.unsubscribe[0].as_str()), ("chat:c2", "chat:c3"));

    let (headers, body) = heard.lock().expect("no panic").take().expect("was asked");
    let told: Value = serde_json::from_slice(&body).expect("is JSON");
    let wanted = json!({
        "app": "market", "id": "call-1", "event": "send", "namespace": "/", "at": at(0).wall,
        "user": {"id": "ada", "name": "Ada", "role": "admin"}, "data": {"chatId": "c1"},
    });
    assert_eq!(told, wanted);
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(headers[TIMESTAMP], at(0).wall.to_string().as_str());
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length is one");
    mac.update(format!("{}.", at(0).wall).as_bytes());
    mac.update(&body);
    assert_eq!(headers[SIGNATURE], format!("v1={:x}", mac.finalize().into_bytes()).as_str());
}

#[tokio::test]
async fn a_refusal_comes_in_the_backends_words() {
    let refused = failure(answering(json!({"error": {"code": "NO", "message": "x".repeat(1_000)}}))).await;
    assert_eq!(refused, CallFailure::Refused { code: "NO".to_owned(), message: "x".repeat(512) });
    assert_eq!(format!("{refused:?}"), "CallFailure(the backend refuses)");
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    for answer in [
        json!([]),
        json!("ack"),
        json!({"reply": [{"event": ""}]}),
        json!({"publish": [{"event": "x"}]}),
        json!({"publish": [{"channel": "a", "event": "x", "colour": 1}]}),
        json!({"subscribe": ["a b"]}),
        json!({"subscribe": vec!["a"; 101]}),
        json!({"error": "no"}),
        json!({"ack": "x".repeat(300_000)}),
    ] {
        assert_eq!(failure(answering(answer)).await, CallFailure::Nonsense);
    }
    let not_json = Router::new().route("/events", post(|| async { "<html>" }));
    assert_eq!(failure(not_json).await, CallFailure::Nonsense);
    assert_eq!(failure(Router::new()).await, CallFailure::Nonsense, "404");
    let broken = Router::new().route("/events", post(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "{}") }));
    assert_eq!(failure(broken).await, CallFailure::Nonsense);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&asked);
    let elsewhere = serve(Router::new().fallback(any(move || async move {
        counts.fetch_add(1, Ordering::SeqCst);
        "{}"
    })))
    .await;
    for status in [StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT] {
        let leads =
            move || async move { (status, [(header::LOCATION, format!("http://{elsewhere}/"))]).into_response() };
        assert_eq!(failure(Router::new().route("/events", post(leads))).await, CallFailure::Nonsense);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_backend_that_is_slow_or_down_is_not_waited_for() {
    let never = Router::new().route("/events", post(std::future::pending::<&'static str>));
    let addr = serve(never).await;
    let begun = Instant::now();
    assert_eq!(ask(&backend(addr)).await.expect_err("fails"), CallFailure::Slow);
    assert!(begun.elapsed() < Duration::from_secs(10), "its time is 300 ms");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
    let gone = listener.local_addr().expect("a bound port has an address");
    drop(listener);
    assert_eq!(ask(&backend(gone)).await.expect_err("fails"), CallFailure::Down);
}

#[tokio::test]
async fn only_so_many_calls_run_and_wait_at_once() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (runs, peaks) = (Arc::clone(&running), Arc::clone(&most));
    let never = Router::new().route(
        "/events",
        post(move || async move {
            peaks.fetch_max(runs.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::future::pending::<&'static str>().await
        }),
    );
    let limits = Limits { app_calls_max: 2, ..Limits::default() };
    // As long as they take: nobody makes way because the time is up.
    let rules = waiting(&format!("http://{}", serve(never).await), 10_000);
    let backend = Backend::new(rules.name(), rules.backend().expect("is told"), &Lines::default(), &limits);
    let backend = backend.expect("is an address");
    let mut asked: FuturesUnordered<_> = (0..30).map(|_| ask(&backend)).collect();
    for _ in 0..20 {
        let first = asked.next().await.expect("there are more");
        assert_eq!(first.expect_err("fails"), CallFailure::Busy, "two run and eight wait");
    }
    let more = timeout(Duration::from_millis(300), asked.next()).await;
    assert!(more.is_err(), "the ten have a place");
    assert!(most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn whom_a_channel_lets_in_is_asked_once_while_it_holds() {
    let asked = Arc::new(Mutex::new(Vec::<Value>::new()));
    let hears = Arc::clone(&asked);
    let answer = move |body: Bytes| async move {
        let question: Value = serde_json::from_slice(&body).expect("is JSON");
        let allow = question["channel"] == "chat:1";
        hears.lock().expect("no panic").push(question);
        json!({"allow": allow}).to_string()
    };
    let backend = backend(serve(Router::new().route("/subscribe", post(answer))).await);
    let lets_in = async |channel: &str, ms| {
        let channel = ChannelName::parse(channel).expect("is one");
        backend.lets_in(&ada(), &channel, 30_000, at(ms)).await.expect("is answered")
    };
    assert!(lets_in("chat:1", 0).await && lets_in("chat:1", 29_999).await);
    assert!(!lets_in("chat:2", 0).await && !lets_in("chat:2", 999).await);
    let wanted = json!({"app": "market", "user": {"id": "ada", "name": "Ada", "role": "admin"}, "channel": "chat:1"});
    assert_eq!(*asked.lock().expect("no panic").first().expect("was asked"), wanted);
    assert_eq!(asked.lock().expect("no panic").len(), 2);
    assert!(!lets_in("chat:2", 1_000).await, "a refusal holds for a second");
    backend.forget(&ada().user);
    assert!(lets_in("chat:1", 1_000).await);
    assert_eq!(asked.lock().expect("no panic").len(), 4);
}

#[test]
fn only_an_address_of_a_host_is_one() {
    for good in ["http://127.0.0.1:4000", "https://backend.example", "http://[::1]:4000/under/this"] {
        base(good).expect(good);
    }
    for wrong in ["", "backend:4000", "ftp://backend", "http://", "http://u:p@backend", "http://b?x=1"] {
        base(wrong).expect_err(wrong);
    }
}
