//! Socket.IO's own packets: namespaces, events, acknowledgements, attachments, and what is none of these.

use serde_json::Value;

use super::client::{Came, Session, Socket};
use super::{Pace, Target};

/// A socket in the main namespace; what it is told on entering was read.
async fn connected(target: &Target) -> Socket {
    let (mut socket, _) = Socket::session(target).await;
    connect(&mut socket, "40", "40", "42[\"auth\",{}]").await;
    socket
}

/// Enters a namespace: the answer begins so and holds a session id alone; the echo then tells what it was given.
async fn connect(socket: &mut Socket, packet: &str, answer: &str, auth: &str) {
    socket.send(packet).await;
    let told = socket.text().await;
    let payload = told.strip_prefix(answer).unwrap_or_else(|| panic!("no {answer} but {told}"));
    let payload: Value = serde_json::from_str(payload).expect("is JSON");
    let fields = payload.as_object().expect("an object");
    assert!(fields.len() == 1 && fields["sid"].as_str().is_some_and(|sid| !sid.is_empty()), "{payload}");
    socket.hears(auth).await;
}

#[tokio::test]
async fn the_main_namespace_is_entered() {
    let target = Target::socket_io(Pace::Calm).await;
    for (packet, auth) in [
        ("40", "42[\"auth\",{}]"),
        ("40{\"token\":\"123\"}", "42[\"auth\",{\"token\":\"123\"}]"),
        ("40{\"a\":{\"b\":[1,null]}}", "42[\"auth\",{\"a\":{\"b\":[1,null]}}]"),
    ] {
        let (mut socket, _) = Socket::session(&target).await;
        connect(&mut socket, packet, "40", auth).await;
    }
}

#[tokio::test]
async fn another_namespace_is_entered() {
    let target = Target::socket_io(Pace::Calm).await;
    for (packet, auth) in [
        ("40/custom", "42/custom,[\"auth\",{}]"),
        ("40/custom,", "42/custom,[\"auth\",{}]"),
        ("40/custom,{\"token\":\"abc\"}", "42/custom,[\"auth\",{\"token\":\"abc\"}]"),
    ] {
        let (mut socket, _) = Socket::session(&target).await;
        connect(&mut socket, packet, "40/custom,", auth).await;
    }
}

#[tokio::test]
async fn a_session_by_polling_enters_too() {
    let target = Target::socket_io(Pace::Calm).await;
    let session = Session::open(&target).await;
    session.posts("40{\"token\":\"123\"}").await;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.extend(session.poll().await.split('\x1e').map(str::to_owned));
    }
    assert!(heard[0].starts_with("40{\"sid\":\""), "{heard:?}");
    assert_eq!(heard[1], "42[\"auth\",{\"token\":\"123\"}]");
    session.posts("42[\"message\",1]\x1e4212[\"message-with-ack\",2]").await;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.extend(session.poll().await.split('\x1e').map(str::to_owned));
    }
    heard.sort();
    assert_eq!(heard, ["42[\"message-back\",1]", "4312[2]"]);
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_said_not_to_be() {
    for target in [Target::socket_io(Pace::Calm).await, Target::product(Pace::Calm).await] {
        let (mut socket, _) = Socket::session(&target).await;
        for namespace in ["/random", "/random2,", "/random3,{\"token\":\"x\"}"] {
            socket.send(&format!("40{namespace}")).await;
            let name = namespace.split(',').next().expect("has a first part");
            socket.hears(&format!("44{name},{{\"message\":\"Invalid namespace\"}}")).await;
        }
    }
}

#[tokio::test]
async fn what_comes_before_any_namespace_ends_the_session() {
    for target in [Target::socket_io(Pace::Calm).await, Target::product(Pace::Calm).await] {
        for packet in ["4abc", "42[\"message\",1]", "431[1]", "4"] {
            let (mut socket, _) = Socket::session(&target).await;
            socket.send(packet).await;
            for before in socket.ends().await {
                assert_eq!(before, "1", "{} {packet}", target.label());
            }
        }
    }
}

#[tokio::test]
async fn who_enters_no_namespace_in_time_is_let_go() {
    let target = Target::socket_io(Pace::Suites).await;
    let (mut socket, _) = Socket::session(&target).await;
    let end = loop {
        match socket.next().await {
            // Who answers pings is there, and still says nothing.
            Came::Text(packet) if packet == "2" => socket.try_send("3").await,
            Came::Text(packet) => assert_eq!(packet, "1"),
            other => break other,
        }
    };
    assert_eq!(end, Came::End);
}

#[tokio::test]
async fn who_leaves_the_main_namespace_is_still_pinged() {
    let target = Target::socket_io(Pace::Suites).await;
    let mut socket = connected(&target).await;
    socket.send("41").await;
    socket.hears("2").await;
}

#[tokio::test]
async fn namespaces_are_left_one_by_one() {
    let target = Target::socket_io(Pace::Calm).await;
    let mut socket = connected(&target).await;
    connect(&mut socket, "40/custom", "40/custom,", "42/custom,[\"auth\",{}]").await;
    socket.send("42/custom,[\"message\",\"to custom\"]").await;
    socket.hears("42/custom,[\"message-back\",\"to custom\"]").await;
    socket.send("41/custom,").await;
    socket.send("42[\"message\",\"to main\"]").await;
    socket.hears("42[\"message-back\",\"to main\"]").await;
    // And entered again.
    connect(&mut socket, "40/custom,", "40/custom,", "42/custom,[\"auth\",{}]").await;
}

#[tokio::test]
async fn an_event_keeps_all_its_arguments() {
    let target = Target::socket_io(Pace::Calm).await;
    let mut socket = connected(&target).await;
    for arguments in ["1,\"2\",{\"3\":[true]}", "\"\"", "null", "[]", "\"é😀\\n\"", "[[1],{}],-1.5"] {
        socket.send(&format!("42[\"message\",{arguments}]")).await;
        socket.hears(&format!("42[\"message-back\",{arguments}]")).await;
    }
}

#[tokio::test]
async fn an_acknowledgement_has_the_number_and_the_arguments() {
    let target = Target::socket_io(Pace::Calm).await;
    let mut socket = connected(&target).await;
    for number in ["456", "0", "1", "4294967295"] {
        socket.send(&format!("42{number}[\"message-with-ack\",1,\"2\",{{\"3\":[false]}}]")).await;
        socket.hears(&format!("43{number}[1,\"2\",{{\"3\":[false]}}]")).await;
    }
    connect(&mut socket, "40/custom", "40/custom,", "42/custom,[\"auth\",{}]").await;
    socket.send("42/custom,7[\"message-with-ack\",1]").await;
    socket.hears("43/custom,7[1]").await;
}

#[tokio::test]
async fn an_acknowledgement_that_nobody_waits_for_is_passed_over() {
    let target = Target::socket_io(Pace::Calm).await;
    let mut socket = connected(&target).await;
    socket.send("4399[\"nobody asked\"]").await;
    socket.send("42[\"message\",1]").await;
    socket.hears("42[\"message-back\",1]").await;
}

#[tokio::test]
async fn attachments_follow_their_packet() {
    let target = Target::socket_io(Pace::Calm).await;
    let places = "{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}";
    for (asked, answered) in
        [("452-[\"message\"", "452-[\"message-back\""), ("452-789[\"message-with-ack\"", "462-789[")]
    {
        let mut socket = connected(&target).await;
        socket.send(&format!("{asked},{places}]")).await;
        socket.binary(&[1, 2, 3]).await;
        socket.binary(&[4, 5, 6]).await;
        let packet = socket.text().await;
        let rest = packet.strip_prefix(answered).unwrap_or_else(|| panic!("no {answered} but {packet}"));
        assert_eq!(rest.trim_start_matches(','), format!("{places}]"));
        assert_eq!(socket.next().await, Came::Binary(vec![1, 2, 3]));
        assert_eq!(socket.next().await, Came::Binary(vec![4, 5, 6]));
    }
}

#[tokio::test]
async fn what_is_no_packet_ends_the_session() {
    let target = Target::socket_io(Pace::Calm).await;
    for packet in [
        "4abc",
        "47",
        "42{}",
        "42[]",
        "42",
        "42\"text\"",
        "42[\"message\"",
        "42abc[\"message-with-ack\",1,\"2\",{\"3\":[false]}]",
        "45[\"message\"]",
    ] {
        let mut socket = connected(&target).await;
        socket.send(packet).await;
        for before in socket.ends().await {
            assert!(["1", "41"].contains(&before.as_str()), "{packet}: {before}");
        }
    }
}
