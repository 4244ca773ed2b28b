//! The forms of the pages, as a browser without scripts posts them: led on by 303, never lost.

use protocol::api::RoomView;
use protocol::{ErrorCode, Me};

use crate::harness::{Answer, Ask, Guest, TestServer};

async fn post(server: &TestServer, path: &str, body: &str, token: Option<&str>) -> Answer {
    let ask = Ask::post(path).origin(&server.origin()).form(body);
    let ask = match token {
        Some(token) => ask.cookie(token),
        None => ask,
    };
    ask.send(server.addr).await
}

fn token_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").expect("the form signs somebody in");
    cookie.split_once('=').and_then(|(_, rest)| rest.split(';').next()).expect("has a value").to_owned()
}

fn place(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").expect("a 303 leads somewhere")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn create_makes_a_guest_and_a_room_and_leads_into_it() {
    let server = TestServer::spawn().await;
    let answer =
        post(&server, "/create", "name=Quiet+Heron&room=Thursday&pin=4711&capacity=5&lifetime_s=7200", None).await;
    let code = place(&answer).strip_prefix("/r/").expect("leads into the room").to_owned();
    let token = token_of(&answer);
    let me: Me = Ask::get("/api/v1/me").cookie(&token).send(server.addr).await.assert_status(200).json();
    assert_eq!(me.name.as_str(), "Quiet Heron");
    let path = format!("/api/v1/rooms/{code}");
    let view: RoomView = Ask::get(&path).cookie(&token).send(server.addr).await.assert_status(200).json();
    assert!(view.owner && view.pin && view.capacity == 5);
    assert_eq!(view.name.map(|name| name.as_str().to_owned()).as_deref(), Some("Thursday"));
    assert_eq!(view.expires_at - view.created_at, 7_200_000);
    Ask::get(&format!("/r/{code}")).cookie(&token).send(server.addr).await.assert_status(200);
    // Empty boxes are boxes that nobody filled.
    let plain = post(&server, "/create", "name=&room=&pin=&capacity=&lifetime_s=&code=", Some(&token)).await;
    assert!(place(&plain).starts_with("/r/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn join_leads_in_or_back_with_the_reason() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.pin_room("4711").await;
    let dashed = room.code().dashed().to_lowercase();
    let inside = post(&server, "/join", &format!("name=Wren&code={dashed}&pin=4711"), None).await;
    assert_eq!(place(&inside), format!("/r/{}", room.code));
    let token = token_of(&inside);
    let path = format!("/api/v1/rooms/{}", room.code);
    let view: RoomView = Ask::get(&path).cookie(&token).send(server.addr).await.json();
    assert!(view.member);
    for (body, back) in [
        (format!("code={dashed}"), format!("/r/{}?error=pin_required", room.code)),
        (format!("code={dashed}&pin=wrong"), format!("/r/{}?error=wrong_pin", room.code)),
        ("code=2222-2222".to_owned(), "/?error=room_not_found&code=2222-2222".to_owned()),
        ("code=what%3F".to_owned(), "/?error=invalid_code&code=what%3F".to_owned()),
        (format!("code={dashed}&pin=4711&name=a%3Cb"), format!("/r/{}?error=invalid_name", room.code)),
        ("code=%0d%0aset-cookie:x=y".to_owned(), "/?error=invalid_code&code=set-cookie%3Ax%3Dy".to_owned()),
    ] {
        let answer = post(&server, "/join", &body, None).await;
        assert_eq!(place(&answer), back, "{body}");
        let shown = Ask::get(place(&answer)).send(server.addr).await;
        assert_eq!(shown.status, 200, "the page with the reason is shown");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_are_taken_from_the_sites_own_pages_only() {
    let server = TestServer::spawn().await;
    for path in ["/create", "/join", "/leave"] {
        let ask = || Ask::post(path).form("name=x&code=2222-2222");
        assert_eq!(ask().send(server.addr).await.code(), ErrorCode::BadOrigin, "{path} without an Origin");
        let foreign = ask().origin("https://evil.example").send(server.addr).await;
        assert_eq!(foreign.code(), ErrorCode::BadOrigin, "{path}");
        assert!(foreign.header("set-cookie").is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leave_ends_the_membership() {
    let server = TestServer::spawn().await;
    let made = post(&server, "/create", "name=Wren", None).await;
    let code = place(&made).strip_prefix("/r/").expect("leads into the room").to_owned();
    let token = token_of(&made);
    let left = post(&server, "/leave", &format!("code={code}"), Some(&token)).await;
    assert_eq!(place(&left), "/");
    let gone = Ask::get(&format!("/api/v1/rooms/{code}")).send(server.addr).await;
    assert_eq!(gone.code(), ErrorCode::RoomNotFound, "the last member is gone");
}
