//! Socket.IO 5: connecting to namespaces, events, acknowledgements, attachments, disconnecting.

use std::time::Duration;

use socketio::Settings;

use crate::server::{Line, PING_INTERVAL, Program, SETTINGS, Server};

fn server() -> Server {
    Server::new(Program::Events)
}

fn connected(server: &mut Server) -> Line {
    let line = server.line();
    server.say(line, "40");
    assert_eq!(server.hear(line), [r#"40{"sid":"a-name"}"#, r#"42["auth",{}]"#]);
    line
}

/// What comes for what is said, on a line that is connected.
fn answered(said: &[&str]) -> Vec<String> {
    let mut server = server();
    let line = connected(&mut server);
    for text in said {
        server.say(line, text);
    }
    assert!(!server.is_closed(line), "{said:?}");
    server.hear(line)
}

#[test]
fn a_namespace_is_asked_for_and_granted() {
    for (said, granted, greeted) in [
        ("40", r#"40{"sid":"a-name"}"#, r#"42["auth",{}]"#),
        (r#"40{"token":"123"}"#, r#"40{"sid":"a-name"}"#, r#"42["auth",{"token":"123"}]"#),
        ("40/custom,", r#"40/custom,{"sid":"a-name"}"#, r#"42/custom,["auth",{}]"#),
        ("40/custom", r#"40/custom,{"sid":"a-name"}"#, r#"42/custom,["auth",{}]"#),
        (r#"40/custom,{"token":"abc"}"#, r#"40/custom,{"sid":"a-name"}"#, r#"42/custom,["auth",{"token":"abc"}]"#),
    ] {
        let mut server = server();
        let line = server.line();
        server.say(line, said);
        assert_eq!(server.hear(line), [granted, greeted], "{said}");
    }
}

#[test]
fn a_namespace_that_does_not_exist_is_refused_and_may_be_asked_for_again() {
    let mut server = server();
    let line = server.line();
    for _ in 0..3 {
        server.say(line, "40/random");
        assert_eq!(server.hear(line), [r#"44/random,{"message":"Invalid namespace"}"#]);
    }
    server.say(line, "40");
    assert_eq!(server.hear(line).len(), 2);
}

#[test]
fn who_does_not_connect_first_or_in_time_is_not_kept() {
    for said in ["4abc", "42[\"message\"]", "431[]", "41", "44{}", "451-[\"x\",{}]", "4", "40{"] {
        let mut server = server();
        let line = server.line();
        server.say(line, said);
        assert!(server.is_closed(line), "{said}");
    }
    let settings = Settings { ping_interval: Duration::from_mins(1), ..SETTINGS };
    let mut server = Server::with(Program::Events, settings);
    let (silent, refused) = (server.line(), server.line());
    server.say(refused, "40/random");
    let stays = connected(&mut server);
    server.pass(settings.connect_timeout);
    assert!(server.is_closed(silent) && server.is_closed(refused) && !server.is_closed(stays));
}

#[test]
fn a_binary_message_that_nothing_announced_ends_the_line() {
    let mut server = server();
    let line = connected(&mut server);
    server.say_binary(line, &[1]);
    assert!(server.is_closed(line));
}

#[test]
fn who_leaves_the_main_namespace_keeps_the_line_for_a_while() {
    let mut server = server();
    let line = connected(&mut server);
    server.say(line, "41");
    server.pass(PING_INTERVAL);
    assert_eq!(server.hear(line), ["2"]);
    server.say(line, "3");
    server.say(line, "40");
    assert_eq!(server.hear(line).len(), 2, "it may come back");
    server.say(line, "41");
    server.pass(SETTINGS.connect_timeout);
    assert!(server.is_closed(line));
}

#[test]
fn a_namespace_is_left_without_the_others() {
    let mut server = server();
    let line = connected(&mut server);
    server.say(line, "40/custom");
    assert_eq!(server.hear(line).len(), 2);
    server.say(line, "41/custom");
    server.say(line, r#"42["message","to the main namespace"]"#);
    assert_eq!(server.hear(line), [r#"42["message-back","to the main namespace"]"#]);
    server.say(line, r#"42/custom,["message"]"#);
    assert!(server.is_closed(line), "it is not connected to that any more");
}

#[test]
fn events_are_read_and_written() {
    assert_eq!(answered(&[r#"42["message",1,"2",{"3":[true]}]"#]), [r#"42["message-back",1,"2",{"3":[true]}]"#]);
    assert_eq!(answered(&[r#"42["message"]"#]), [r#"42["message-back"]"#]);
    assert_eq!(answered(&["42 [ \"message\" , [ ] ] "]), [r#"42["message-back",[ ]]"#]);
    assert_eq!(answered(&[r#"42["\u006dessage",1]"#]), [r#"42["message-back",1]"#]);
    let custom = answered(&["40/custom", r#"42/custom,["message",1]"#]);
    assert_eq!(custom[2], r#"42/custom,["message-back",1]"#);
}

#[test]
fn an_event_is_acknowledged_under_its_number() {
    let told = answered(&[r#"42456["message-with-ack",1,"2",{"3":[false]}]"#, r#"420["message-with-ack"]"#]);
    assert_eq!(told, [r#"43456[1,"2",{"3":[false]}]"#, "430[]"]);
    assert_eq!(answered(&["40/custom", r#"42/custom,7["message-with-ack",1]"#])[2], "43/custom,7[1]");
    // The answer to what the server never asked is nothing.
    assert_eq!(answered(&["431[]"]), [""; 0]);
}

#[test]
fn attachments_come_behind_their_packet() {
    for (said, told) in [
        (
            r#"452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            r#"452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
        ),
        (
            r#"452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
            r#"462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
        ),
    ] {
        let mut server = server();
        let line = connected(&mut server);
        server.say(line, said);
        server.say_binary(line, &[1, 2, 3]);
        assert_eq!(server.hear(line), [""; 0]);
        server.say_binary(line, &[4, 5, 6]);
        assert_eq!(server.hear(line), [told, "binary [1, 2, 3]", "binary [4, 5, 6]"]);
    }
}

#[test]
fn attachments_that_are_too_many_or_do_not_come_end_the_line() {
    let announced = r#"451-["message",{"_placeholder":true,"num":0}]"#;
    for said in [
        &["455-[\"message\"]"] as &[&str],
        &["450-[\"message\"]"],
        &["45[\"message\"]"],
        &["45-[\"message\"]"],
        &["45+1-[\"message\"]"],
        &["4599999999999999999999-[\"message\"]"],
        &["451-{}"],
        &[announced, "42[\"message\"]"],
        &[announced, "41"],
    ] {
        let mut server = server();
        let line = connected(&mut server);
        for text in said {
            server.say(line, text);
        }
        assert!(server.is_closed(line), "{said:?}");
    }
    let mut none = Server::with(Program::Events, Settings { attachments_max: 0, ..SETTINGS });
    let line = connected(&mut none);
    none.say(line, announced);
    assert!(none.is_closed(line), "where none are allowed");
}

#[test]
fn what_is_no_packet_ends_the_line() {
    for said in [
        "4abc",
        "47[]",
        "4",
        "4é",
        "42{}",
        "42",
        "42[]",
        "42[5]",
        "42[null]",
        "42[\"x\"",
        "42[\"x\"]]",
        "42[\"\\ud800\"]",
        "42\"x\"",
        "42abc[\"message-with-ack\",1]",
        "4299999999999999999999[\"message-with-ack\"]",
        "42-1[\"message-with-ack\"]",
        "43[]",
        "431",
        "431{}",
        "44{\"message\":\"x\"}",
        "40",
        "42/elsewhere,[\"message\"]",
    ] {
        let mut server = server();
        let line = connected(&mut server);
        server.say(line, said);
        assert!(server.is_closed(line), "{said}");
    }
    let mut server = server();
    let line = connected(&mut server);
    server.say(line, &format!("40/{}", "x".repeat(300)));
    assert!(server.is_closed(line), "a name has an end");
}

#[test]
fn namespaces_have_an_end() {
    let mut server = server();
    server.decides_late = true;
    let line = server.line();
    for number in 0..SETTINGS.namespaces_max {
        server.say(line, &format!("40/{number}"));
    }
    assert!(!server.is_closed(line));
    server.say(line, "40/more");
    assert!(server.is_closed(line));
}

#[test]
fn whoever_decides_late_may_find_that_nobody_waits() {
    let mut server = server();
    server.decides_late = true;
    let line = server.line();
    server.say(line, "40");
    server.say(line, "41");
    server.decide(line, "/");
    assert_eq!(server.hear(line), [""; 0]);
    server.say(line, "40");
    server.decide(line, "/");
    assert_eq!(server.hear(line), [r#"40{"sid":"late"}"#]);
    server.decide(line, "/");
    assert_eq!(server.hear(line), [""; 0], "once");
    // What comes before the grant is no client's.
    let early = server.line();
    server.say(early, "40");
    server.say(early, "42[\"message\"]");
    assert!(server.is_closed(early));
}

#[test]
fn what_a_client_had_sent_before_it_was_dismissed_goes_nowhere() {
    let mut server = server();
    let line = connected(&mut server);
    server.dismiss(line);
    assert_eq!(server.hear(line), ["41"]);
    for text in ["42[\"message\"]", "431[]", "41", "451-[\"message\",{}]"] {
        server.say(line, text);
    }
    assert!(!server.is_closed(line));
    assert_eq!(server.hear(line), [""; 0]);
    server.say(line, "40");
    assert!(server.is_closed(line), "and it does not come back on this line");
}
