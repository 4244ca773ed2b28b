//! The transport without a client library: who is let in, what is malformed, who does not read, what is left behind.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use proptest::strategy::{Strategy as _, ValueTree as _};
use serde_json::{Value, json};
use server::origins::AllowedOrigin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::polling::Polling;
use crate::harness::{Ask, Guest, PATIENCE, TestServer, eventually};

/// One Engine.IO session over one WebSocket.
pub(crate) struct Raw<S = TcpStream> {
    pub(crate) socket: WebSocketStream<S>,
}

impl Raw {
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        Self::over(stream, addr, "EIO=4", &[]).await.unwrap_or_else(|status| panic!("refused with {status}"))
    }

    /// A socket that is connected to the namespace.
    pub(crate) async fn connect(addr: SocketAddr, auth: &Value) -> Self {
        let mut raw = Self::open(addr).await;
        raw.send(&format!("40{auth}")).await;
        raw.expect("40{\"sid\"").await;
        raw
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    pub(crate) async fn over(
        stream: S,
        host: impl std::fmt::Display,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("ws://{host}/socket.io/?{query}&transport=websocket");
        let mut request = url.into_client_request().expect("is a URL");
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("is a name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("is a value"));
        }
        let upgrade = tokio_tungstenite::client_async(request, stream);
        match tokio::time::timeout(PATIENCE, upgrade).await.expect("is answered in time") {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(refused)) => Err(refused.status().as_u16()),
            Err(error) => panic!("the upgrade failed: {error}"),
        }
    }

    pub(crate) async fn send(&mut self, packet: &str) {
        self.socket.send(Message::text(packet)).await.expect("the line is open");
    }

    /// The next packet that is no ping; `None` at the end. Pings are answered.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("something comes in time");
            match next {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    // The other side may be gone already.
                    let _ = self.socket.send(Message::text("3")).await;
                }
                Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn expect(&mut self, start: &str) -> String {
        let mut passed = Vec::new();
        loop {
            match self.next().await {
                Some(packet) if packet.starts_with(start) => return packet,
                Some(packet) => passed.push(packet),
                None => panic!("no {start} before the end but {passed:?}"),
            }
        }
    }

    /// Every packet until the end.
    async fn rest(&mut self) -> Vec<String> {
        let mut packets = Vec::new();
        while let Some(packet) = self.next().await {
            packets.push(packet);
        }
        packets
    }
}

fn listed() -> AllowedOrigin {
    "https://listed.example".parse().expect("is an origin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_counts_for_the_sites_own_pages_only_and_a_bearer_token_always() {
    let server = TestServer::with(|config| config.origins = vec![listed()]).await;
    let guest = Guest::new(&server).await;
    let (own, cookie) = (server.origin(), format!("ws={}", guest.token()));
    let bearer = format!("Bearer {}", guest.token());
    let open = async |headers: &[(&str, &str)]| {
        let stream = TcpStream::connect(server.addr).await.expect("the server listens");
        let mut raw = Raw::over(stream, server.addr, "EIO=4", headers).await?;
        raw.send("40").await;
        Ok::<_, u16>(raw.expect("4").await.starts_with("40"))
    };
    assert_eq!(open(&[("cookie", &cookie), ("origin", &own)]).await, Ok(true));
    assert_eq!(open(&[("cookie", &cookie), ("origin", "https://listed.example")]).await, Ok(true));
    assert_eq!(open(&[("cookie", &cookie)]).await, Ok(false));
    let two = format!("{cookie}; {cookie}");
    assert_eq!(open(&[("cookie", &two), ("origin", &own)]).await, Ok(false), "two logins are none");
    let encoded = format!("%77s={}", guest.token());
    assert_eq!(open(&[("cookie", &encoded), ("origin", &own)]).await, Ok(false), "names are compared as sent");
    assert_eq!(open(&[("cookie", &cookie), ("origin", "https://evil.example")]).await, Err(403));
    assert_eq!(open(&[("origin", "https://evil.example")]).await, Err(403));
    assert_eq!(open(&[("authorization", &bearer), ("origin", "https://evil.example")]).await, Ok(true));
    assert_eq!(open(&[("authorization", &bearer)]).await, Ok(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polling_is_shared_with_the_listed_origins_only() {
    let server = TestServer::with(|config| config.origins = vec![listed()]).await;
    let poll = || Ask::get("/socket.io/?EIO=4&transport=polling");
    let listed = poll().origin("https://listed.example").send(server.addr).await.assert_status(200);
    assert_eq!(listed.header("access-control-allow-origin"), Some("https://listed.example"));
    assert_eq!(listed.header("access-control-allow-credentials"), Some("true"));
    assert!(String::from_utf8_lossy(&listed.body).starts_with("0{\"sid\""));
    let plain = poll().send(server.addr).await.assert_status(200);
    assert!(plain.header("access-control-allow-origin").is_none());
    let evil = poll().origin("https://evil.example").send(server.addr).await.assert_status(403);
    assert!(evil.header("access-control-allow-origin").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_version_is_refused_by_its_number() {
    let server = TestServer::spawn().await;
    let stream = TcpStream::connect(server.addr).await.expect("the server listens");
    assert_eq!(Raw::over(stream, server.addr, "EIO=3", &[]).await.err(), Some(400));
    let told = Ask::get("/socket.io/?EIO=3&transport=polling").send(server.addr).await.assert_status(400);
    assert_eq!(told.json::<Value>()["code"], 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_malformed_ends_its_own_connection_only_and_leaves_nothing() {
    let server = TestServer::limited(|limits| (limits.hello_ms_max, limits.grace_ms) = (300, 0)).await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut witness = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    witness.send(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
    witness.expect("431").await;
    for packet in [
        "",
        "9",
        "x",
        "42",
        "42{",
        "42[]",
        "42[5]",
        "451-[\"join_room\",{\"_placeholder\":true,\"num\":0}]",
        "4599-[\"x\"]",
        "40{\"token\"",
        "46",
        "4é",
        "42[\"join_room\",\"\\ud800\"]",
        "1",
        "6",
    ] {
        let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
        raw.send(packet).await;
        // Not all of it is an end; a line that goes on still answers, or meets its own end here.
        let _ = raw.socket.close(None).await;
        raw.rest().await;
    }
    let mut binary = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    binary.socket.send(Message::binary(vec![0xff; 64])).await.expect("the line is open");
    assert!(binary.rest().await.iter().all(|packet| !packet.starts_with("42[\"new")));
    let mut large = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    let _ = large.socket.send(Message::text(format!("42[\"join_room\",\"{}\"]", "x".repeat(70_000)))).await;
    large.rest().await;
    // Who never says who they are is not kept.
    let mut silent = Raw::open(server.addr).await;
    silent.rest().await;
    witness.send(&format!("422[\"send_message\",{{\"room\":\"{}\",\"content\":\"still here\"}}]", room.code)).await;
    let ack = witness.expect("432").await;
    assert!(ack.contains("\"ok\":true"), "{ack}");
    drop(witness);
    eventually("every place is given back", || server.state.connections.total() == 0).await;
    eventually("no session is left", || server.state.hub.session_count() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r3_any_json_in_any_argument_is_answered_and_nothing_panics() {
    let server = TestServer::limited(|limits| {
        limits.frames_per_minute = 1_000_000;
        limits.joins_per_minute = 100_000;
        limits.misses_per_minute = 1_000_000;
        limits.sends_burst = 100_000;
    })
    .await;
    let guest = Guest::new(&server).await;
    let room = guest.room().await;
    let mut raw = Raw::connect(server.addr, &json!({"token": guest.token(), "autoJoin": {"$ne": 1}})).await;
    let scalars = [
        "null",
        "true",
        "5",
        "-1e308",
        "\"\"",
        "[]",
        "{}",
        "\"KW7P3MXQ\"",
        "{\"$ne\":null}",
        "[[[{}]]]",
        "\"\\u0000\"",
    ];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let key = proptest::sample::select(vec!["room", "roomCode", "pin", "content", "messageType", "__proto__"]);
    let value = proptest::sample::select(scalars.to_vec());
    let object = proptest::collection::vec((key, value), 0..4).prop_map(|fields| {
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    });
    let mut arguments: Vec<String> = scalars.iter().map(|&scalar| scalar.to_owned()).collect();
    for _ in 0..60 {
        arguments.push(object.new_tree(&mut runner).expect("generates").current());
    }
    arguments.push(format!("{}{}", "[".repeat(2_000), "]".repeat(2_000)));
    arguments.push("5,6,7".to_owned());
    for (number, argument) in arguments.iter().enumerate() {
        // Hundreds of refusals on one connection are a flood.
        if number % 20 == 19 {
            raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
        }
        for event in ["join_room", "leave_room", "send_message", "typing_start", "typing_stop"] {
            raw.send(&format!("42{number}[\"{event}\",{argument}]")).await;
            raw.expect(&format!("43{number}[")).await;
        }
        raw.send(&format!("42[\"nobody_listens\",{argument}]")).await;
    }
    raw.send("42[\"typing_start\"]").await;
    raw.expect("42[\"error\"").await;
    raw.send(&format!("427[\"join_room\",\"{}\"]", room.code)).await;
    assert!(raw.expect("437").await.contains("\"ok\":true"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_a_client_that_does_not_read_is_closed_and_nobody_waits_for_it() {
    let server = TestServer::narrow(|limits| {
        (limits.unwritten_bytes_max, limits.unwritten_ms_max) = (16_384, 1_000);
        (limits.sends_burst, limits.grace_ms) = (100_000, 0);
        limits.frames_per_minute = 1_000_000;
    })
    .await;
    let talker = Guest::new(&server).await;
    let room = talker.room().await;
    let mut page = talker.enter(&room).await;
    let deaf = Guest::new(&server).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("can be set");
    let stream = socket.connect(server.addr).await.expect("the server listens");
    let mut raw = Raw::over(stream, server.addr, "EIO=4", &[]).await.expect("is let in");
    raw.send(&format!("40{}", json!({"token": deaf.token()}))).await;
    raw.expect("40{\"sid\"").await;
    raw.send(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
    raw.expect("431").await;
    let text = "x".repeat(4_000);
    let began = std::time::Instant::now();
    while server.state.connections.total() > 1 {
        assert!(began.elapsed() < PATIENCE, "the deaf client is still there");
        let said = std::time::Instant::now();
        page.say(&room.code, &text).await;
        assert!(said.elapsed() < Duration::from_secs(3), "others wait for it: {:?}", said.elapsed());
    }
    drop(raw);
    eventually("its session is over", || server.state.hub.session_count() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_a_client_that_reads_is_not_taken_for_a_slow_one_however_much_there_is() {
    let server = TestServer::limited(|limits| {
        limits.unwritten_ms_max = 1_000;
        limits.sends_burst = 100_000;
        limits.frames_per_minute = 1_000_000;
    })
    .await;
    let talker = Guest::new(&server).await;
    let room = talker.room().await;
    let mut page = talker.enter(&room).await;
    let join = format!("421[\"join_room\",\"{}\"]", room.code);
    let mut raw = Raw::connect(server.addr, &json!({"token": Guest::new(&server).await.token()})).await;
    raw.send(&join).await;
    raw.expect("431").await;
    let mut polling = Polling::connect(server.addr, &json!({"token": Guest::new(&server).await.token()})).await;
    polling.post(&join).await;
    polling.expect("431").await;
    // Thousands of small ones and then a few large ones: what was miscounted would add up.
    for (times, size) in [(1_500, 1), (100, 5_000)] {
        let text = "x".repeat(size);
        for number in 0..times {
            page.say(&room.code, &text).await;
            if number % 20 == 19 {
                for _ in 0..20 {
                    raw.expect("42[\"new_message\"").await;
                    polling.expect("42[\"new_message\"").await;
                }
            }
        }
    }
    assert_eq!(server.state.hub.session_count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_login_is_told_not_to_come_back_and_a_stopping_server_says_nothing_of_the_kind() {
    let server = TestServer::spawn().await;
    let guest = Guest::register(&server, "somebody", "a long password").await;
    let other = Guest::login(&server, "somebody", "a long password").await;
    let mut kicked = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    let mut stays = Raw::connect(server.addr, &json!({"token": other.token()})).await;
    guest.ask(Ask::post("/api/v1/logout")).await.assert_status(204);
    let last = kicked.rest().await;
    assert!(last.iter().any(|packet| packet == "41"), "{last:?}");
    assert!(last.iter().any(|packet| packet.contains("UNAUTHORIZED")), "{last:?}");
    let mut refused = Raw::open(server.addr).await;
    refused.send(&format!("40{}", json!({"token": guest.token()}))).await;
    assert_eq!(refused.expect("44").await, r#"44{"message":"Authentication error"}"#);
    let silent = Raw::open(server.addr).await;
    let ended = async {
        let mut last = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, stays.socket.next()).await.expect("something comes in time") {
                Some(Ok(Message::Text(text))) => last.push(text.as_str().to_owned()),
                // The Java client reads nothing behind it, not even the end.
                Some(Ok(Message::Close(_))) => panic!("a close frame before the end"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return last,
            }
        }
    };
    let (took, last) = tokio::join!(server.stop(), ended);
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert!(!last.iter().any(|packet| packet == "41" || packet == "1"), "{last:?}");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_auto_join_a_client_is_where_its_person_is() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let (first, second) = (guest.room().await, guest.room().await);
    let host = Guest::new(&server).await;
    let later = host.room().await;
    let mut follower = Raw::connect(server.addr, &json!({"token": guest.token(), "autoJoin": true})).await;
    let mut plain = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    // In the order of their stamps, which may be one.
    let told = [follower.expect("42[\"joined_room\"").await, follower.expect("42[\"joined_room\"").await];
    for room in [&first, &second] {
        assert!(told.iter().any(|packet| packet.contains(&room.code)), "{told:?}");
    }
    let mut page = guest.enter(&later).await;
    follower.expect(&format!("42[\"joined_room\",\"{}\"]", later.code)).await;
    page.say(&later.code, "here too").await;
    follower.expect("42[\"new_message\"").await;
    plain.send(&format!("423[\"leave_room\",\"{}\"]", later.code)).await;
    let refused = plain.expect("433").await;
    assert!(refused.contains("UNAUTHORIZED"), "who does not follow was not taken along: {refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_a_pin_guards_a_room_here_too_and_a_full_room_is_full() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.pin_room("4711").await;
    let guest = Guest::new(&server).await;
    let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
    for (number, (pin, expected)) in
        [(json!(null), "UNAUTHORIZED"), (json!("1234"), "UNAUTHORIZED"), (json!(4711), "\"ok\":true")]
            .iter()
            .enumerate()
    {
        raw.send(&format!("42{number}[\"join_room\",{}]", json!({"room": room.code, "pin": pin}))).await;
        let answer = raw.expect(&format!("43{number}[")).await;
        assert!(answer.contains(expected), "{pin}: {answer}");
    }
    let small = owner.room_for(2).await;
    let _inside = (owner.enter(&small).await, Guest::new(&server).await.enter(&small).await);
    raw.send(&format!("427[\"join_room\",\"{}\"]", small.code)).await;
    let answer = raw.expect("437").await;
    assert!(answer.contains("\"FULL\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_joins_costs_each_reader_a_few_lists_and_no_more() {
    const JOINS: usize = 40;
    let server = TestServer::limited(|limits| {
        (limits.presence_tick_ms, limits.roster_max) = (300, 10);
        limits.guests_made_per_hour = 1_000;
    })
    .await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let mut witness = Raw::connect(server.addr, &json!({"token": owner.token()})).await;
    witness.send(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
    witness.expect("431").await;
    let mut guests = Vec::new();
    for _ in 0..JOINS {
        guests.push(Guest::new(&server).await);
    }
    let began = std::time::Instant::now();
    let mut inside = Vec::new();
    for guest in &guests {
        let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
        raw.send(&format!("421[\"join_room\",\"{}\"]", room.code)).await;
        raw.expect("431").await;
        inside.push(raw);
    }
    let ticks = began.elapsed().as_millis() / 300 + 2;
    witness.send(&format!("422[\"send_message\",{{\"room\":\"{}\",\"content\":\"last\"}}]", room.code)).await;
    let mut lists = 0;
    loop {
        let packet = witness.next().await.expect("the line is open");
        if packet.starts_with("42[\"users_online\"") {
            lists += 1;
            assert!(packet.matches("userId").count() <= 10, "a list is bounded");
        }
        if packet.starts_with("42[\"new_message\"") {
            break;
        }
    }
    assert!(lists <= ticks, "{lists} lists in {ticks} ticks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_websocket_frame_is_told_by_its_close_code() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    for (first, rest, code) in [(0xc1, [0x80, 0, 0, 0, 0], 1002), (0x81, [0x81, 0, 0, 0, 0], 1007)] {
        let mut raw = Raw::connect(server.addr, &json!({"token": guest.token()})).await;
        let line = raw.socket.get_mut();
        let bytes = [&[first][..], &rest, &[0xff]].concat();
        tokio::io::AsyncWriteExt::write_all(line, &bytes).await.expect("the line is open");
        let close = loop {
            match raw.socket.next().await.expect("says why before the end") {
                Ok(Message::Close(frame)) => break frame.map(|frame| u16::from(frame.code)),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(close, Some(code));
    }
}
