//! Three nodes behind real proxies, with the blocks of `docs/scaling.md` in the configurations of `docs/proxies.md`: people
//! are spread, and who comes again by another line comes to the node of their session.

use protocol::api::CreateRoom;
use protocol::{ClientFrame, ClientId, Refers, SendBody, SendMessage, ServerFrame};
use realtime::broker::redis::RedisAddress;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::super::documented::{Block, Page, Proxy};
use super::super::guest;
use super::{HOST, ORIGIN, UPSTREAM, ask, polls_and_upgrades, trusting};
use crate::harness::engine::Engine;
use crate::harness::{Ask, Heard, TestServer, Wire, frame};

/// The last bytes of the addresses that people come from: 127.0.0.2 and so on.
const FROM: std::ops::Range<u8> = 2..14;

type Line = Wire<TlsStream<TcpStream>>;

struct Nodes {
    all: Vec<TestServer>,
    _engine: Engine,
}

impl Nodes {
    async fn start() -> Self {
        let engine = Engine::start().await;
        let mut all: Vec<TestServer> = Vec::new();
        for _ in 0..3 {
            let address = RedisAddress::parse(&engine.url()).expect("is an address");
            let node = TestServer::node_at(address, all.first(), |config| {
                trusting(config);
                config.limits.guests_made_per_hour = 100;
            });
            all.push(node.await);
        }
        Self { all, _engine: engine }
    }

    /// The block, with these nodes in place of those that it names.
    fn in_place(&self, mut block: Block) -> Block {
        for (number, node) in self.all.iter().enumerate() {
            block = block.with(&format!("10.0.0.{}:3000", number + 1), &node.addr.to_string());
        }
        block
    }

    async fn are_reached_by(&self, proxy: &Proxy) {
        let (mut people, mut tokens, mut room) = (Vec::new(), Vec::new(), None);
        for from in FROM {
            let made = ask(proxy, from, guest().origin(ORIGIN)).await.assert_status(201);
            let token = made.json::<Value>()["token"].as_str().expect("has one").to_owned();
            if room.is_none() {
                let made = Ask::post("/api/v1/rooms").bearer(&token).json(&CreateRoom::default());
                let made = ask(proxy, from, made).await.assert_status(201);
                room = made.json::<Value>()["code"].as_str().map(str::to_owned);
            }
            let code = room.as_deref().expect("was made");
            people.push(enter(proxy, from, &token, code).await);
            tokens.push(token);
        }
        let code = room.expect("was made");
        for person in &mut people {
            sees(person, FROM.len()).await;
        }
        let busy = self.all.iter().filter(|node| node.state.hub.session_count() > 0).count();
        assert!(busy >= 2, "people are on {busy} node of three");
        let cid = ClientId::parse("said-1").expect("is a cid");
        let send = SendMessage {
            cid,
            room: code.clone(),
            body: SendBody::Text("to all".to_owned()),
            refers: Refers::default(),
        };
        people[0].text(&frame(&ClientFrame::Send(send))).await;
        for person in &mut people {
            until(person, |heard| matches!(heard, ServerFrame::Message(message) if message.text == "to all")).await;
        }
        // Each of its requests is a line of its own.
        for (from, token) in FROM.zip(&tokens).take(4) {
            polls_and_upgrades(proxy, from, token, &code).await;
        }
    }
}

async fn enter(proxy: &Proxy, from: u8, token: &str, code: &str) -> Line {
    let line = Wire::over(proxy.line(from).await, HOST, &[("origin", ORIGIN)]).await;
    let (mut wire, _) = line.expect("is let in");
    wire.text(&frame(&ClientFrame::Hello { token: Some(token.to_owned()), resume: None, follow: false })).await;
    let cid = ClientId::parse("join-1").expect("is a cid");
    wire.text(&frame(&ClientFrame::Join { cid, code: code.to_owned(), pin: None, invite: None, since: None })).await;
    wire
}

/// Until so many are inside, as far as this one was told.
async fn sees(person: &mut Line, people: usize) {
    let all = |told: u32| usize::try_from(told).is_ok_and(|told| told == people);
    until(person, |heard| match heard {
        ServerFrame::Joined { count, .. } | ServerFrame::Presence { count, .. } => all(*count),
        _ => false,
    })
    .await;
}

async fn until(person: &mut Line, wanted: impl Fn(&ServerFrame) -> bool) {
    loop {
        let Heard::Frame(heard) = person.next().await else { panic!("the line has ended") };
        if wanted(&heard) {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_keeps_who_comes_again_with_their_node() {
    let nodes = Nodes::start().await;
    let upstream = nodes.in_place(Block::from(Page::Scaling, "nginx", "upstream"));
    let server = Block::of("nginx", "X-Forwarded-For").with(UPSTREAM, "whisperspace");
    nodes.are_reached_by(&Proxy::nginx(upstream.and(server)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_keeps_who_comes_again_with_their_node() {
    let nodes = Nodes::start().await;
    let backend = nodes.in_place(Block::from(Page::Scaling, "haproxy", "balance source"));
    let front = Block::of("haproxy", "forwardfor").before("\nbackend whisperspace");
    nodes.are_reached_by(&Proxy::haproxy(front.and(backend)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caddy_keeps_who_comes_again_with_their_node() {
    let nodes = Nodes::start().await;
    let site = nodes.in_place(Block::from(Page::Scaling, "caddy", "ip_hash"));
    nodes.are_reached_by(&Proxy::caddy(site).await).await;
}
