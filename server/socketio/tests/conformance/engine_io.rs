//! Engine.IO 4: handshake, polls and bodies, WebSocket messages, heartbeat, close, upgrade.

use std::time::Duration;

use serde_json::{Value, json};
use socketio::{Closed, EngineSession, Settings, TransportKind};

use crate::server::{PING_INTERVAL, PING_TIMEOUT, Program, SETTINGS, Server};

const BOTH: [Program; 2] = [Program::Messages, Program::Events];

/// A millisecond before the ping.
const JUST_BEFORE: Duration = Duration::from_millis(299);

#[expect(clippy::unnecessary_wraps, reason = "compared with answers, of which some wait")]
fn ok(body: &str) -> Option<(u16, String)> {
    Some((200, body.to_owned()))
}

fn status(answer: Option<(u16, String)>) -> u16 {
    answer.expect("does not wait").0
}

fn handshake(text: &str, upgrades: &Value) {
    assert!(text.starts_with('0'), "{text}");
    let mut told: Value = serde_json::from_str(&text[1..]).expect("is JSON");
    let sid = told.as_object_mut().expect("is an object").remove("sid");
    assert!(sid.as_ref().and_then(Value::as_str).is_some_and(|sid| !sid.is_empty()), "{text}");
    let rest = json!({"upgrades": upgrades, "pingInterval": 300, "pingTimeout": 200, "maxPayload": 1_000_000});
    assert_eq!(told, rest);
}

#[test]
fn a_session_is_opened_by_polling() {
    for program in BOTH {
        let (status, body) = Server::new(program).get("EIO=4&transport=polling").expect("does not wait");
        assert_eq!(status, 200);
        handshake(&body, &json!(["websocket"]));
    }
}

#[test]
fn a_session_is_opened_by_web_socket() {
    for program in BOTH {
        let mut server = Server::new(program);
        let line = server.websocket("EIO=4&transport=websocket").expect("is let in");
        handshake(&server.hear(line)[0], &json!([]));
    }
}

#[test]
fn another_version_or_none_is_refused() {
    for version in ["", "EIO=abc&", "EIO=3&", "EIO=5&", "EIO=&", "eio=4&"] {
        let mut server = Server::new(Program::Messages);
        let (status, body) = server.get(&format!("{version}transport=polling")).expect("does not wait");
        assert_eq!((status, body.contains("\"code\":5")), (400, true), "{version}: {body}");
        assert!(server.websocket(&format!("{version}transport=websocket")).is_none(), "{version}");
    }
}

#[test]
fn another_transport_or_none_is_refused() {
    for transport in ["", "&transport=abc", "&transport=", "&transport=webtransport"] {
        let mut server = Server::new(Program::Messages);
        let (status, body) = server.get(&format!("EIO=4{transport}")).expect("does not wait");
        assert_eq!((status, body.contains("\"code\":0")), (400, true), "{transport}: {body}");
        assert!(server.websocket(&format!("EIO=4{transport}")).is_none(), "{transport}");
    }
}

#[test]
fn another_method_is_refused() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let mut server = Server::new(Program::Messages);
        assert_eq!(status(server.request(method, "EIO=4&transport=polling", "")), 400, "{method}");
        let sid = server.opened();
        if method != "POST" {
            let query = format!("EIO=4&transport=polling&sid={sid}");
            assert_eq!(status(server.request(method, &query, "")), 400, "{method}");
            assert_eq!(server.closed(&sid), None);
        }
    }
}

#[test]
fn a_name_that_no_session_has_is_refused() {
    let mut server = Server::new(Program::Messages);
    let told = r#"{"code":1,"message":"EngineSession ID unknown"}"#.to_owned();
    assert_eq!(server.poll("nobody"), Some((400, told.clone())));
    assert_eq!(server.post("nobody", "4x"), Some((400, told)));
    assert!(server.websocket("EIO=4&transport=websocket&sid=nobody").is_none());
}

#[test]
fn bodies_are_taken_and_given_back_in_their_order() {
    for body in ["4hello", "4one\u{1e}4two\u{1e}4three", "4hello\u{1e}bAQIDBA==", "4é€😀", "4"] {
        let mut server = Server::new(Program::Messages);
        let sid = server.opened();
        assert_eq!(server.post(&sid, body), ok("ok"));
        assert_eq!(server.poll(&sid), ok(body));
    }
}

#[test]
fn a_poll_waits_for_what_comes() {
    let mut server = Server::new(Program::Messages);
    let sid = server.opened();
    assert_eq!(server.poll(&sid), None);
    assert_eq!(server.post(&sid, "4later"), ok("ok"));
    assert_eq!(server.polled(&sid), ok("4later"));
}

#[test]
fn a_poll_brings_no_more_than_the_settings_allow() {
    let mut server = Server::new(Program::Messages);
    let sid = server.opened();
    server.post(&sid, &vec!["4x"; 40].join("\u{1e}"));
    for expected in [16, 16, 8] {
        let (_, body) = server.poll(&sid).expect("does not wait");
        assert_eq!(body.split('\u{1e}').count(), expected);
    }
    let large = format!("4{}", "y".repeat(40_000));
    server.post(&sid, &[large.as_str(); 3].join("\u{1e}"));
    for _ in 0..3 {
        assert_eq!(server.poll(&sid), ok(&large));
    }
    server.post(&sid, &vec!["4x"; SETTINGS.queue_packets_max + 1].join("\u{1e}"));
    assert_eq!(server.closed(&sid), Some(Closed::ByServer));
}

#[test]
fn a_body_that_is_none_ends_the_session() {
    for body in ["abc", "", "4one\u{1e}", "\u{1e}4one", "7", "bnot base64", "b=", "é", "2"] {
        let mut server = Server::new(Program::Messages);
        let sid = server.opened();
        // A ping is a packet, and one that no client of this version sends.
        assert_eq!(status(server.post(&sid, body)), if body == "2" { 200 } else { 400 }, "{body:?}");
        assert_eq!(status(server.poll(&sid)), 400, "{body:?}");
    }
}

#[test]
fn two_polls_at_once_end_the_session() {
    let mut server = Server::new(Program::Messages);
    let sid = server.opened();
    assert_eq!(server.poll(&sid), None);
    assert_eq!(status(server.poll(&sid)), 400);
    assert_eq!(server.polled(&sid), ok("1"), "the first one is told");
    assert_eq!(status(server.poll(&sid)), 400);
}

#[test]
fn a_poll_that_is_cut_ends_the_session() {
    let mut server = Server::new(Program::Messages);
    let sid = server.opened();
    assert_eq!(server.poll(&sid), None);
    server.cut(&sid);
    assert_eq!(status(server.poll(&sid)), 400);
}

#[test]
fn messages_travel_by_web_socket() {
    let mut server = Server::new(Program::Messages);
    let line = server.line();
    server.say(line, "4hello");
    server.say_binary(line, &[1, 2, 3, 4]);
    assert_eq!(server.hear(line), ["4hello", "binary [1, 2, 3, 4]"]);
}

#[test]
fn a_message_that_is_no_packet_ends_the_line() {
    for text in ["abc", "", "7", "2"] {
        let mut server = Server::new(Program::Messages);
        let line = server.line();
        server.say(line, text);
        assert!(server.is_closed(line), "{text:?}");
    }
}

#[test]
fn a_polling_client_is_pinged_after_each_interval() {
    for program in BOTH {
        let settings = Settings { connect_timeout: Duration::from_mins(1), ..SETTINGS };
        let mut server = Server::with(program, settings);
        let sid = server.opened();
        for _ in 0..3 {
            assert_eq!(server.poll(&sid), None);
            server.pass(JUST_BEFORE);
            assert_eq!(server.polled(&sid), None, "not before");
            server.pass(Duration::from_millis(1));
            assert_eq!(server.polled(&sid), ok("2"));
            assert_eq!(server.post(&sid, "3"), ok("ok"));
        }
    }
}

#[test]
fn a_web_socket_is_pinged_after_each_interval() {
    for program in BOTH {
        let settings = Settings { connect_timeout: Duration::from_mins(1), ..SETTINGS };
        let mut server = Server::with(program, settings);
        let line = server.line();
        for _ in 0..3 {
            server.pass(JUST_BEFORE);
            assert_eq!(server.hear(line), [""; 0], "not before");
            server.pass(Duration::from_millis(1));
            assert_eq!(server.hear(line), ["2"]);
            server.say(line, "3");
        }
    }
}

/// On a busy machine the end would come later than clients reckon; a machine that has slept would end sessions that live.
#[test]
fn a_ping_that_is_a_little_late_moves_no_end_and_one_that_is_very_late_does() {
    let began = std::time::Instant::now();
    for (late_ms, moves_ms) in [(0, 0), (49, 0), (50, 50), (3_600_000, 3_600_000)] {
        let mut session = EngineSession::open(SETTINGS, TransportKind::Polling, began);
        session.tick(began + PING_INTERVAL + Duration::from_millis(late_ms));
        let end = began + PING_INTERVAL + PING_TIMEOUT + Duration::from_millis(moves_ms);
        assert_eq!(session.due(), end, "{late_ms} ms late");
    }
}

#[test]
fn a_ping_that_is_not_answered_ends_the_session() {
    for program in BOTH {
        let mut server = Server::new(program);
        let (sid, line) = (server.opened(), server.line());
        server.pass(JUST_BEFORE + PING_TIMEOUT);
        assert!(!server.is_closed(line) && server.closed(&sid).is_none());
        server.pass(Duration::from_millis(1));
        assert!(server.is_closed(line));
        assert_eq!(status(server.poll(&sid)), 400);
    }
}

#[test]
fn an_answer_that_nobody_asked_for_puts_nothing_off() {
    let mut server = Server::new(Program::Messages);
    let line = server.line();
    server.pass(PING_INTERVAL / 2);
    server.say(line, "3");
    server.pass(PING_INTERVAL / 2);
    assert_eq!(server.hear(line), ["2"]);
}

#[test]
fn a_client_that_closes_finds_its_poll_ended() {
    for program in BOTH {
        let mut server = Server::new(program);
        let sid = server.opened();
        assert_eq!(server.poll(&sid), None);
        assert_eq!(server.post(&sid, "1"), ok("ok"));
        assert_eq!(server.polled(&sid), ok("6"));
        assert_eq!(status(server.poll(&sid)), 400);
        let line = server.line();
        server.say(line, "1");
        assert!(server.is_closed(line));
    }
}

#[test]
fn a_session_goes_over_to_a_web_socket() {
    for program in BOTH {
        let mut server = Server::new(program);
        let sid = server.opened();
        let line = server.upgrade(&sid);
        server.say(line, "2probe");
        assert_eq!(server.hear(line), ["3probe"]);
        // A poll is let go, so that its client can go on.
        assert_eq!(server.poll(&sid), None);
        server.pass(Duration::from_millis(100));
        assert_eq!(server.polled(&sid), ok("6"));
        server.say(line, "5");
        assert_eq!(status(server.poll(&sid)), 400, "it polls no more");
        let second = server.upgrade(&sid);
        assert!(server.is_closed(second) && !server.is_closed(line), "it has a line");
        if program == Program::Messages {
            server.say(line, "4hello");
            assert_eq!(server.hear(line), ["4hello"]);
        }
    }
}

#[test]
fn what_waits_goes_over_with_the_session() {
    let mut server = Server::new(Program::Messages);
    let sid = server.opened();
    assert_eq!(server.poll(&sid), None);
    let line = server.upgrade(&sid);
    server.say(line, "2probe");
    assert_eq!(server.polled(&sid), ok("6"), "a poll that waits is let go at once");
    server.post(&sid, "4before");
    server.say(line, "5");
    server.say(line, "4behind");
    assert_eq!(server.hear(line), ["3probe", "4before", "4behind"]);
}

#[test]
fn an_upgrade_that_fails_costs_the_session_nothing() {
    for said in [&[] as &[&str], &["2probe"], &["4hello"], &["5"], &["2probe", "2probe"], &["2"], &["abc"]] {
        let mut server = Server::new(Program::Messages);
        let sid = server.opened();
        let line = server.upgrade(&sid);
        for packet in said {
            server.say(line, packet);
        }
        server.hang_up(line);
        assert!(server.is_closed(line), "{said:?}");
        server.post(&sid, "4hello");
        assert_eq!(server.poll(&sid), ok("4hello"), "{said:?}");
        let again = server.upgrade(&sid);
        assert!(!server.is_closed(again), "another line may be tried");
    }
}

#[test]
fn a_line_that_is_silent_is_given_up() {
    let settings = Settings { ping_interval: Duration::from_mins(1), ..SETTINGS };
    for said in [&[] as &[&str], &["2probe"]] {
        let mut server = Server::with(Program::Messages, settings);
        let sid = server.opened();
        let line = server.upgrade(&sid);
        for packet in said {
            server.say(line, packet);
        }
        let second = server.upgrade(&sid);
        assert!(server.is_closed(second), "one at a time");
        server.pass(settings.upgrade_timeout);
        assert!(server.is_closed(line));
        let third = server.upgrade(&sid);
        assert!(!server.is_closed(third));
    }
}
