//! The server below a path of its host, behind a proxy that hands paths on as they are and behind one that takes the path
//! away: every address that leaves is below it, and what is below it is found.

use protocol::api::{CreateRoom, RoomView, TokenAnswer};
use protocol::{ClientFrame, ErrorCode, Me};
use server::sub_path::SubPath;
use tempfile::TempDir;

use crate::harness::{Answer, Ask, Heard, TestServer, Wire, frame};

const HOST: &str = "example.org";
const ORIGIN: &str = "http://example.org";
const PATH: &str = "/chat";

/// A server at `http://example.org/chat`, as a proxy in front of it reaches it.
struct Site {
    server: TestServer,
    /// What is left of the path when a request arrives.
    arrives: &'static str,
}

impl Site {
    async fn at(arrives: &'static str) -> Self {
        Self { server: below(|_| {}).await, arrives }
    }

    /// Behind a proxy of either kind.
    async fn both() -> [Self; 2] {
        [Self::at(PATH).await, Self::at("").await]
    }

    /// As one of its pages asks: the address is one that the browser sees.
    fn ask(&self, method: &str, address: &str) -> Ask {
        let behind = address.strip_prefix(PATH).unwrap_or_else(|| panic!("{address} is not below {PATH}"));
        let asked = [self.arrives, behind].concat();
        // What a proxy makes of the path without its slash.
        let asked = if asked.starts_with('/') { asked } else { ["/", &asked].concat() };
        Ask::new(method, &asked).header("host", HOST).origin(ORIGIN)
    }

    async fn get(&self, address: &str) -> Answer {
        self.ask("GET", address).send(self.server.addr).await
    }

    /// A form without scripts, with the cookie that the browser has.
    async fn post(&self, address: &str, body: &str, cookie: &str) -> Answer {
        self.ask("POST", address)
            .header("accept", "text/html")
            .header("cookie", cookie)
            .form(body)
            .send(self.server.addr)
            .await
    }

    /// Somebody new: the cookie as a browser sends it, and the token.
    async fn guest(&self) -> (String, String) {
        let answer = self.ask("POST", "/chat/api/v1/guest").send(self.server.addr).await.assert_status(201);
        let token = answer.json::<TokenAnswer>().token;
        (cookie(&answer), token)
    }

    async fn room(&self, cookie: &str) -> Answer {
        let ask = self.ask("POST", "/chat/api/v1/rooms").json(&CreateRoom::default());
        ask.header("cookie", cookie).send(self.server.addr).await.assert_status(201)
    }
}

async fn below(change: impl FnOnce(&mut server::config::Config)) -> TestServer {
    TestServer::with(|config| {
        config.public_url = Some(ORIGIN.to_owned());
        config.sub_path = SubPath::parse(PATH).expect("is one");
        change(config);
    })
    .await
}

/// What an answer sets, as it is sent back; of this path alone.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie is set");
    assert!(set.starts_with("ws+chat=") && set.contains("; Path=/chat; "), "{set}");
    set.split(';').next().expect("has a value").to_owned()
}

fn place(answer: &Answer, status: u16) -> &str {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.header("location").expect("leads somewhere")
}

/// Every address that a page names: in its attributes, and in its script.
fn addresses(html: &str) -> Vec<String> {
    const NAMES: [&str; 6] = ["href", "src", "action", "data-place", "data-ahead", "formaction"];
    let value = |rest: &str| rest.split('"').next().unwrap_or_default().to_owned();
    let of = |name: &str| html.split(&format!(" {name}=\"")).skip(1).map(value).collect::<Vec<_>>();
    let mut found: Vec<String> = NAMES.iter().flat_map(|name| of(name)).collect();
    found = found.iter().flat_map(|value| value.split(' ')).map(str::to_owned).collect();
    for mark in ["import(\"", "module_or_path: \""] {
        found.extend(html.split(mark).skip(1).map(value));
    }
    // The page itself, and places on it.
    found.retain(|address| !address.is_empty() && !address.starts_with('#') && !address.starts_with("http"));
    found
}

#[track_caller]
fn assert_below(html: &str, page: &str) {
    let named = addresses(html);
    assert!(named.len() > 6, "{page} names {named:?}");
    let outside: Vec<_> = named.iter().filter(|address| !address.starts_with("/chat/")).collect();
    assert!(outside.is_empty(), "{page} leads out to {outside:?}");
    assert!(html.contains(" data-base=\"/chat\""), "{page} says where it is");
    assert!(html.contains("path=/chat; ") && html.contains("whisperspace.keep/chat\""), "{page} keeps things below");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_name_addresses_below_the_path_alone() {
    for site in Site::both().await {
        let (cookie, _) = site.guest().await;
        let code = site.room(&cookie).await.json::<RoomView>().code;
        let room = format!("/chat/r/{}", code.as_str());
        let table = [
            ("/chat/", 200),
            ("/chat/about", 200),
            ("/chat/account", 200),
            (&room, 200),
            ("/chat/r/22222222", 404),
            ("/chat/nothing", 404),
        ];
        for (address, status) in table {
            let page = site.get(address).await.assert_status(status);
            assert_below(&page.text(), address);
        }
        let inside = site.ask("GET", &room).header("cookie", &cookie).send(site.server.addr).await.assert_status(200);
        assert_below(&inside.text(), "a room from inside");
        assert!(inside.text().contains(&format!("href=\"{room}\"")), "the list of rooms has it");
        let policy = inside.header("content-security-policy").expect("a page has a policy");
        assert!(policy.contains("connect-src 'self' ws://example.org;"), "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_led_on_stays_below_the_path() {
    for site in Site::both().await {
        for (address, status, to) in [
            ("/chat/about/", 308, "/chat/about"),
            ("/chat/r/22222222/", 308, "/chat/r/22222222"),
            ("/chat/R/22222222", 308, "/chat/r/22222222"),
            ("/chat/join?code=2222-2222", 303, "/chat/r/22222222"),
            ("/chat/join?code=x", 303, "/chat/?error=invalid_code&code=x"),
            ("/chat/join", 303, "/chat/"),
        ] {
            assert_eq!(place(&site.get(address).await, status), to, "{address}");
        }
        let form = site.ask("GET", "/chat/create").header("accept", "text/html").send(site.server.addr).await;
        assert_eq!(place(&form, 303), "/chat/");
        // A browser without scripts and without a login.
        let asked = site.post("/chat/create", "name=Wren", "theme=dark").await;
        assert_eq!(place(&asked, 307), "/chat/create?cookies=asked");
        let made = site.post("/chat/create?cookies=asked", "name=Wren", &cookie(&asked)).await;
        let (room, login) = (place(&made, 303).to_owned(), cookie(&made));
        let code = room.strip_prefix("/chat/r/").expect("leads into the room").to_owned();
        let inside = site.ask("GET", &room).header("cookie", &login).send(site.server.addr).await;
        assert!(inside.assert_status(200).text().contains("Wren"));
        let refused = site.post("/chat/join", "name=Ben&code=22222222", &login).await;
        assert!(refused.text().contains(" data-place=\"/chat/\""), "what was typed is at an address of ours");
        let left = site.post("/chat/leave", &format!("code={code}"), &login).await;
        assert_eq!(place(&left, 303), "/chat/");
        let told = site.room(&login).await;
        let view: RoomView = told.json();
        assert_eq!(place(&told, 201), format!("/chat/r/{}", view.code.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_path_without_its_slash_leads_to_the_first_page() {
    let kept = Site::at(PATH).await;
    for (asked, to) in [("/chat", "/chat/"), ("/chat?error=invalid_code", "/chat/?error=invalid_code")] {
        let led = kept.get(asked).await;
        assert_eq!(place(&led, 308), to);
        assert!(led.header("content-security-policy").is_some() && led.header("x-content-type-options").is_some());
    }
    // A proxy that takes the path away leaves nothing of it to be told by.
    assert_below(&Site::at("").await.get("/chat").await.assert_status(200).text(), "the first page");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_like_the_path_is_not_below_it() {
    let kept = Site::at(PATH).await;
    for asked in ["/chatter", "/Chat/about", "/%63hat/about", "/chat/chat/about", "/chat//about"] {
        let answer = Ask::get(asked).header("host", HOST).send(kept.server.addr).await;
        assert_eq!(answer.status, 404, "{asked}");
    }
    let upwards = Ask::get("/chat/../about").header("host", HOST).send(kept.server.addr).await;
    assert_eq!(upwards.code(), ErrorCode::NotFound);
    let led = Ask::get("/chat//evil.example/").header("host", HOST).send(kept.server.addr).await;
    assert!(led.header("location").is_none(), "{:?}", led.header("location"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_login_is_a_cookie_of_the_path_and_no_other_counts() {
    for site in Site::both().await {
        let (cookie, token) = site.guest().await;
        let me = async |cookie: String| {
            site.ask("GET", "/chat/api/v1/me").header("cookie", &cookie).send(site.server.addr).await
        };
        me(cookie.clone()).await.assert_status(200);
        // Of a server at the root of the same host, and of one further in: the browser sends both along.
        assert_eq!(me(format!("ws={token}")).await.code(), ErrorCode::Unauthorized);
        me(format!("ws+chat+dev=x; {cookie}; ws=y")).await.assert_status(200);
        let out = site.ask("POST", "/chat/api/v1/logout").header("cookie", &cookie).send(site.server.addr).await;
        let gone = out.header("set-cookie").expect("it is taken away").to_owned();
        assert!(gone.starts_with("ws+chat=; Path=/chat; Max-Age=0;"), "{gone}");
    }
    let server = below(|config| {
        config.https = true;
        config.public_url = Some("https://example.org".to_owned());
    })
    .await;
    let guest = Ask::post("/chat/api/v1/guest").header("host", HOST).origin("https://example.org");
    let guest = guest.send(server.addr).await.assert_status(201);
    let set = guest.header("set-cookie").expect("a cookie is set");
    // Browsers take `__Host-` for the path `/` alone.
    assert!(
        set.starts_with("__Secure-ws+chat=") && set.contains("; Path=/chat; ") && set.ends_with("; Secure"),
        "{set}"
    );
    assert!(guest.header("strict-transport-security").is_none(), "the host is not this server's to speak for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_of_every_kind_are_below_it() {
    for site in Site::both().await {
        let (addr, at) = (site.server.addr, |path: &str| [site.arrives, path].concat());
        let (cookie, token) = site.guest().await;
        let page = [("host", HOST), ("origin", ORIGIN), ("cookie", cookie.as_str())];
        let (mut wire, _) = Wire::at(addr, &at("/ws"), &page).await.expect("its own page is let in");
        wire.text(&frame(&ClientFrame::Hello { token: None, resume: None, follow: false })).await;
        let heard = wire.next().await;
        assert!(matches!(heard, Heard::Frame(protocol::ServerFrame::Welcome { .. })), "{heard:?}");
        let refused = Wire::at(addr, &at("/ws"), &[("host", HOST), ("origin", "http://evil.example")]).await;
        assert_eq!(refused.err().expect("another site is refused").status(), 403);

        let poll = site.ask("GET", "/chat/socket.io/?EIO=4&transport=polling").send(addr).await.assert_status(200);
        let opened = poll.text();
        let sid = opened.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a session");
        let session = format!("/chat/socket.io/?EIO=4&transport=polling&sid={sid}");
        let connect = format!("40{{\"token\":\"{token}\"}}");
        site.ask("POST", &session).body("text/plain", connect.as_bytes()).send(addr).await.assert_status(200);
        let told = site.get(&session).await.assert_status(200).text();
        assert!(told.starts_with("40{\"sid\""), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_sockets_of_applications_are_below_it() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let text = "name = \"market\"\n[[tokens]]\nalgorithm = \"HS256\"\nsecret_file = \"secret\"\n[[namespaces]]\nname = \"/\"\n\
        [[channels]]\npattern = \"user:{user}\"\nsubscribe = [{ own = \"user\" }]\nenter = true\n\
        [[plain]]\npath = \"/ws/news\"\nchannels = [\"user:{user}\"]\n";
    std::fs::write(folder.path().join("secret"), "the secret of the application").expect("can be written");
    std::fs::write(folder.path().join("market.toml"), text).expect("can be written");
    let apps = folder.path().to_owned();
    let server = below(|config| config.apps = Some(apps)).await;
    for (path, found) in [("/chat/ws/news", true), ("/ws/news", true), ("/chat/ws/other", false)] {
        let asked = [("host", HOST), ("sec-websocket-protocol", "whisperspace.events")];
        let opened = Wire::at(server.addr, path, &asked).await;
        assert_eq!(opened.map_err(|refused| refused.status().as_u16()).err(), (!found).then_some(404), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_at_the_root_and_the_descriptions_say_where_the_rest_is() {
    let server = below(|_| {}).await;
    for address in ["/healthz", "/readyz", "/chat/healthz", "/chat/readyz"] {
        Ask::get(address).header("host", "127.0.0.1").send(server.addr).await.assert_status(200);
    }
    for site in Site::both().await {
        let http: serde_json::Value = site.get("/chat/api/v1/openapi.json").await.assert_status(200).json();
        assert_eq!(http["servers"], serde_json::json!([{"url": "http://example.org/chat"}]));
        let frames: serde_json::Value = site.get("/chat/api/v1/asyncapi.json").await.assert_status(200).json();
        assert_eq!(frames["servers"]["public"]["pathname"], "/chat");
        let me = site.get("/chat/api/v1/me").await;
        assert_eq!(me.code(), ErrorCode::Unauthorized, "refusals have their form below it too");
        let (cookie, _) = site.guest().await;
        let me = site.ask("GET", "/chat/api/v1/me").header("cookie", &cookie).send(site.server.addr).await;
        let _: Me = me.assert_status(200).json();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_operators_is_below_it_with_its_cookie() {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").expect("can be written");
    let site = Site { server: below(|config| config.admin_token_file = Some(file)).await, arrives: PATH };
    let page = site.get("/chat/admin").await.assert_status(200).text();
    let named = addresses(&page);
    assert!(named.contains(&"/chat/admin/sign-in".to_owned()), "{named:?}");
    assert!(named.iter().all(|address| address.starts_with("/chat/")), "{named:?}");
    let out = site.ask("POST", "/chat/admin/sign-out").form("").send(site.server.addr).await;
    assert_eq!(place(&out, 303), "/chat/admin");
    let gone = out.header("set-cookie").expect("it is taken away");
    assert!(gone.starts_with("ws-admin+chat=; Path=/chat/admin; Max-Age=0;"), "{gone}");
}
