//! Who is not let in, and what a client or a backend cannot do: tables again (`attacks.json`, `faults.json`,
//! `down.json`), so that each attack is followed by a look at what everybody else has heard.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::backend::Kind;
use super::performance::perform_on;
use super::running::{Applications, is_client_there};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_change_nothing_for_others() {
    if is_client_there() {
        let applications = Applications::serve(Some(("marketplace", Kind::Marketplace)), &[]).await;
        perform_on(&applications, "attacks", "attacks").await;
    }
}

/// How often somebody came to where redirects lead.
type Followed = Arc<AtomicUsize>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_fails_is_an_error_to_who_asked_and_nothing_to_others() {
    if !is_client_there() {
        return;
    }
    let followed = Followed::default();
    let elsewhere = listen(Router::new().fallback(any(count)).with_state(Arc::clone(&followed))).await;
    let target = format!("{elsewhere}/events");
    let serve = async move |body: String| fail(&body, &target).await;
    let router = Router::new().route("/events", post(serve.clone())).route("/subscribe", post(serve));
    let url = listen(router.route("/followed", any(count)).with_state(Arc::clone(&followed))).await;
    let applications = Applications::serve_calling("marketplace", &url, &[]).await;
    perform_on(&applications, "faults", "faults of a backend").await;
    assert_eq!(followed.load(Ordering::Relaxed), 0, "a redirect was followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_down_is_an_error_to_who_asked_and_nothing_to_others() {
    if !is_client_there() {
        return;
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
    let url = format!("http://{}", free.local_addr().expect("a bound port has an address"));
    drop(free);
    let applications = Applications::serve_calling("marketplace", &url, &[]).await;
    perform_on(&applications, "down", "a backend that is down").await;
}

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
    let addr = listener.local_addr().expect("a bound port has an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{addr}")
}

async fn count(State(followed): State<Followed>) {
    followed.fetch_add(1, Ordering::Relaxed);
}

/// Fails as the message, or the chat's name, says.
async fn fail(body: &str, elsewhere: &str) -> Response {
    let call: Value = serde_json::from_str(body).unwrap_or_default();
    let channel = call["channel"].as_str().unwrap_or_default();
    let what = call["data"]["content"].as_str().unwrap_or_else(|| channel.trim_start_matches("chat:"));
    let good =
        json!({"allow": true, "publish": [{"channel": "chat:c1", "event": "new-message", "data": {"content": what}}]});
    match what {
        "slow" => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            good.to_string().into_response()
        }
        "endless" => Body::from_stream(futures::stream::pending::<Result<String, std::io::Error>>()).into_response(),
        "huge" => format!("{{\"allow\": true, \"ack\": \"{}\"}}", "x".repeat(10 << 20)).into_response(),
        "nonsense" => "<html>Welcome to nginx!</html>".into_response(),
        "list" => "[{\"allow\": true}]".into_response(),
        "wrong" => json!({"allow": "yes", "publish": {"channel": 7}, "reply": "x"}).to_string().into_response(),
        "empty" => "".into_response(),
        "error" => (http::StatusCode::INTERNAL_SERVER_ERROR, good.to_string()).into_response(),
        "redirect" => Redirect::temporary("/followed").into_response(),
        "elsewhere" => Redirect::temporary(elsewhere).into_response(),
        // A body that ends in a fault closes the line.
        "hangs up" => {
            let broken = futures::stream::once(async { Err::<String, _>(std::io::Error::other("cut")) });
            Body::from_stream(broken).into_response()
        }
        _ => good.to_string().into_response(),
    }
}
