//! The forms of the pages, as a browser without scripts posts them: led on by 303, never lost.

use protocol::api::RoomView;
use protocol::{ErrorCode, Me};

use crate::harness::{Answer, Ask, Guest, TestServer};

/// As a browser that keeps cookies posts a form: without a login it is sent round once.
async fn post(server: &TestServer, path: &str, body: &str, token: Option<&str>) -> Answer {
    let ask = |path: &str| Ask::post(path).origin(&server.origin()).form(body);
    if let Some(token) = token {
        return ask(path).cookie(token).send(server.addr).await;
    }
    let asked = ask(path).send(server.addr).await.assert_status(307);
    let place = asked.header("location").expect("a 307 leads somewhere");
    ask(place).cookie(&token_of(&asked)).send(server.addr).await
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
    assert_eq!(post(&server, "/join", &format!("code={dashed}"), None).await.code(), ErrorCode::PinRequired);
}

/// As a browser does that shows pages; after it was asked for its cookies.
async fn read(server: &TestServer, path: &str, body: &str) -> Answer {
    let ask = |path: &str| Ask::post(path).origin(&server.origin()).form(body).header("accept", "text/html,*/*;q=0.8");
    let asked = ask(path).send(server.addr).await.assert_status(307);
    ask(asked.header("location").expect("a 307 leads somewhere")).cookie(&token_of(&asked)).send(server.addr).await
}

/// The tag of the box of this name, in the page.
fn tag<'page>(page: &'page str, name: &str) -> &'page str {
    let tags = page.split('<').filter(|tag| tag.starts_with("input"));
    tags.filter(|tag| !tag.contains("hidden")).find(|tag| tag.contains(&format!("name=\"{name}\""))).unwrap_or("")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_form_is_answered_by_its_page_with_all_that_was_typed() {
    let server = TestServer::spawn().await;
    let room = Guest::new(&server).await.pin_room("4711").await;
    let typed =
        [("name", "Quiet Heron"), ("room", "Tea &amp; time"), ("pin", "open &lt;sesame&gt;"), ("capacity", "7")];
    let all = "name=Quiet+Heron&room=Tea+%26+time&pin=open+%3Csesame%3E&capacity=7&lifetime_s=21600";
    let table = [
        (all.replace("Quiet+Heron", "a%00b"), "name", 400, "A name has"),
        (all.replace("Tea+%26+time", "%E2%80%8B%E3%85%A4"), "room", 400, "A room&#x27;s name has"),
        (all.replace("open+%3Csesame%3E", "12"), "pin", 400, "A PIN or passphrase has"),
        (all.replace("capacity=7", "capacity=9999"), "capacity", 400, "100"),
        (all.replace("21600", "60"), "lifetime_s", 400, "lasts"),
        (format!("{all}&colour=red"), "", 400, "That request can"),
    ];
    for (body, wrong, status, sentence) in table {
        let answer = if wrong.is_empty() {
            Ask::post("/create")
                .origin(&server.origin())
                .form(&body)
                .header("accept", "text/html")
                .send(server.addr)
                .await
        } else {
            read(&server, "/create", &body).await
        };
        let answer = answer.assert_status(status);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{body}");
        assert!(answer.header("location").is_none() && answer.header("content-encoding").is_none(), "{body}");
        let page = answer.text();
        assert!(
            page.contains(sentence) || page.contains(&sentence.replace("&#x27;", "'")),
            "{body} says nothing: {page}"
        );
        for (name, value) in typed.iter().filter(|(name, _)| *name != wrong) {
            assert!(
                tag(&page, name).contains(&format!("value=\"{value}\"")),
                "{body} loses {name}: {}",
                tag(&page, name)
            );
        }
        assert!(wrong.is_empty() || wrong == "lifetime_s" || tag(&page, wrong).contains("autofocus"), "{body}");
        let chosen = page.split("<option ").find(|option| option.contains("selected")).expect("one is chosen");
        assert!(wrong == "lifetime_s" || chosen.contains("value=\"21600\""), "{body} loses the time: {chosen}");
        // Not where scripts or other pages could read it.
        let boot = page.split("name=\"boot\"").nth(1).and_then(|rest| rest.split('>').next()).expect("is told");
        assert!(!boot.contains("sesame") && !boot.contains("Tea"), "{boot}");
        assert!(page.contains("data-place=\"/\""), "{body}");
    }
    // Where the room is there, its card answers; where it is not, the first page.
    let code = room.code().dashed().to_lowercase();
    for (body, place, sentence, name, value) in [
        (format!("name=Wren&code={code}&pin=wrong"), format!("/r/{}", room.code), "PIN", "pin", "wrong"),
        (format!("name=Wren&code={code}"), format!("/r/{}", room.code), "PIN", "name", "Wren"),
        (format!("name=a%01b&code={code}&pin=4711"), format!("/r/{}", room.code), "A name has", "pin", "4711"),
        ("name=Wren&pin=4711&code=2222-2222".to_owned(), "/".to_owned(), "", "code", "2222-2222"),
        ("name=Wren&pin=4711&code=what%3F".to_owned(), "/".to_owned(), "A room code has", "name", "Wren"),
    ] {
        let answer = read(&server, "/join", &body).await;
        assert!((400..500).contains(&answer.status) && answer.header("location").is_none(), "{body}");
        let page = answer.text();
        assert!(page.contains(&format!("data-place=\"{place}\"")) && page.contains(sentence), "{body}: {page}");
        assert!(tag(&page, name).contains(&format!("value=\"{value}\"")), "{body} loses {name}: {}", tag(&page, name));
        assert!(place != "/" || !page.contains("4711"), "the PIN of a room is none of a new one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_blocks_cookies_is_told_so_and_makes_nobody() {
    let server = TestServer::spawn().await;
    let code = Guest::new(&server).await.room().await.code;
    // On MongoDB the question whether the database can be written makes, for a moment, a guest who has ended already.
    let users = async || {
        let all = server.state.store.users_page(None, 10).await.expect("answers");
        all.iter().filter(|user| user.expires_at != Some(0)).count()
    };
    let before = users().await;
    let typed = format!("name=Quiet+Heron&pin=%22%3E%3Cb%3E&code={code}");
    for path in ["/create", "/join"] {
        for _ in 0..3 {
            let ask = |path: &str| Ask::post(path).origin(&server.origin()).form(&typed);
            let asked = ask(path).send(server.addr).await.assert_status(307);
            let place = asked.header("location").expect("a 307 leads somewhere");
            assert_eq!(place, format!("{path}?cookies=asked"));
            let cookie = asked.header("set-cookie").expect("is given a cookie");
            assert_eq!(cookie, "ws=asked; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
            assert_eq!(ask(place).send(server.addr).await.code(), ErrorCode::CookiesBlocked, "a program");
            let person = ask(place).header("accept", "text/html,*/*;q=0.8").send(server.addr).await;
            let page = person.assert_status(403).text();
            assert!(page.contains("Cookies of this site are blocked"), "{path} says nothing");
            // Nothing that was typed is lost: it is in the form, whose button sends it again.
            assert!(page.contains(&format!("method=\"post\" action=\"{path}\"")), "{page}");
            assert!(!page.contains("Something went wrong"), "{path} does not say what");
            let boxes: &[_] = match path {
                "/create" => &[("name", "Quiet Heron"), ("pin", "\"><b>"), ("code", &code)],
                _ => &[("name", "Quiet Heron")],
            };
            for (name, value) in boxes {
                let value = value.replace('"', "&quot;").replace('>', "&gt;").replace('<', "&lt;");
                assert!(tag(&page, name).contains(&format!("value=\"{value}\"")), "{path} loses {name}: {page}");
            }
        }
    }
    assert_eq!(users().await, before, "somebody was made");
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
    assert_eq!(gone.code(), ErrorCode::RoomEnded, "the last member is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_with_a_box_that_is_not_ours_is_refused_where_it_is_and_keeps_what_was_typed() {
    let server = TestServer::spawn().await;
    for path in ["/create", "/join", "/leave"] {
        for body in ["code=KW7P-3MXQ&colour=red", "colour=red&code=KW7P-3MXQ", "code=KW7P-3MXQ&code=2222-2222"] {
            let ask = || Ask::post(path).origin(&server.origin()).form(body);
            let program = ask().send(server.addr).await;
            assert_eq!(program.code(), ErrorCode::BadFrame, "{path} {body}");
            let person = ask().header("accept", "text/html,*/*;q=0.8").send(server.addr).await.assert_status(400);
            let page = person.text();
            assert!(tag(&page, "code").contains("value=\"KW7P-3MXQ\""), "{path} {body} loses the code");
            assert!(page.contains("That request can"), "{path} {body} says nothing");
            assert!(program.header("set-cookie").is_none() && person.header("set-cookie").is_none());
        }
    }
    assert!(server.state.rate_limits.is_empty(), "nothing was done, and nothing counted");
}
