//! Every event that is read or written is described, and what is written fits its description.

use std::collections::BTreeSet;

use protocol::{
    Activity, ClientId, DisplayName, Emoji, ErrorCode, Knocking, LeaveReason, Member, MemberId, Message, MessageId,
    Notice, Position, ReadUpTo, RoomCode, RoomInfo, RoomName, ServerFrame, Timer, Whisper,
};
use serde_json::{Value, json};

use super::{ACKNOWLEDGEMENT, By, events};
use crate::socketio::{encoder, inbound};
use realtime::dialect::Frame;

fn names(by: By) -> BTreeSet<&'static str> {
    events().into_iter().filter(|event| event.by == by).map(|event| event.name).collect()
}

/// The names in quotes that stand in a source between these two.
fn quoted(source: &'static str, before: &str, behind: &str) -> BTreeSet<&'static str> {
    let starts = source.match_indices(before).map(|(at, found)| at + found.len());
    starts
        .filter_map(|at| source[at..].split_once('"'))
        .filter(|(_, rest)| rest.starts_with(behind))
        .map(|it| it.0)
        .collect()
}

#[test]
fn what_is_listened_to_is_described_and_nothing_else() {
    let source = include_str!("../inbound.rs").split("#[cfg(test)]").next().expect("has a beginning");
    assert_eq!(quoted(source, "\n        \"", " =>"), names(By::Client));
    let cid = ClientId::parse("c1").expect("is a cid");
    for name in names(By::Client) {
        assert!(inbound::frame(name, Ok(&json!("KW7P3MXQ")), &cid).is_some(), "{name}");
    }
}

#[test]
fn what_is_told_is_described_and_nothing_else() {
    let mut written = quoted(include_str!("../encoder.rs"), "event(\"", "");
    written.extend(["user_typing", "user_stop_typing", ACKNOWLEDGEMENT]);
    assert_eq!(written, names(By::Server));
}

/// An event as it goes out: its name and arguments.
fn read(frame: &Frame) -> (String, Vec<Value>) {
    let text = std::str::from_utf8(&frame.bytes).expect("is text");
    if let Some((_, body)) = text.strip_prefix('a').and_then(|answer| answer.split_once('\n')) {
        return (ACKNOWLEDGEMENT.to_owned(), vec![serde_json::from_str(body).expect("is JSON")]);
    }
    // What burns has a line of its own before it.
    let packet = text.rsplit('\n').next().expect("has a last line");
    let packet = packet.strip_prefix("42").expect("is an event");
    let mut arguments: Vec<Value> = serde_json::from_str(packet).expect("is JSON");
    let name = arguments.remove(0).as_str().expect("has a name").to_owned();
    (name, arguments)
}

fn room() -> RoomCode {
    RoomCode::parse("KW7P3MXQ").expect("is a code")
}

fn id() -> MessageId {
    MessageId::parse("m1").expect("is an id")
}

fn cid() -> ClientId {
    ClientId::parse("c1").expect("is a cid")
}

fn member() -> MemberId {
    MemberId::parse(&"C".repeat(22)).expect("is an id")
}

fn name() -> DisplayName {
    DisplayName::parse("Ada").expect("is a name")
}

fn info() -> RoomInfo {
    RoomInfo {
        code: room(),
        name: RoomName::parse("Pier").expect("is a name"),
        topic: None,
        capacity: 5,
        pin: false,
        sealed: false,
        locked: true,
        timer_s: None,
        lobby: false,
        created_at: 1,
        expires_at: 2,
    }
}

/// What one session is told by itself.
fn replies() -> Vec<Frame> {
    let members = vec![Member { id: member(), name: name(), state: Activity::Online, owner: true, moderator: false }];
    let position = Position { epoch: 1, seq: 1, changes: None };
    let replies = [
        ServerFrame::Joined { cid: Some(cid()), room: info(), you: member(), position, count: 1, members },
        ServerFrame::Left { cid: None, room: room(), reason: LeaveReason::SignedOut },
        ServerFrame::Knocks { room: room(), knocks: vec![Knocking { id: member(), name: name() }] },
        ServerFrame::Done { cid: cid(), room: room() },
        ServerFrame::Ack { cid: cid(), room: room(), seq: 1, id: id(), at: 3 },
        ServerFrame::error(ErrorCode::RateLimited, Some(cid()), Some(5)),
        ServerFrame::Token { token: Some("t".to_owned()), expires_at: Some(9) },
        ServerFrame::Token { token: None, expires_at: None },
        ServerFrame::Receipt { room: room(), reads: vec![ReadUpTo { member: member(), from: 1, at: 2 }] },
    ];
    replies.iter().flat_map(|frame| encoder::replies(frame, "own")).collect()
}

/// What everybody in a room is told.
fn broadcasts() -> Vec<Frame> {
    let (room, timer) = (room(), Some(Timer { after_s: 5, ends_at: 10 }));
    let (text, html) = ("*x*".to_owned(), Some("<p><em>x</em></p>".to_owned()));
    let message = Message {
        room,
        seq: 1,
        id: id(),
        cid: cid(),
        member: member(),
        name: name(),
        at: 3,
        text: text.clone(),
        html: html.clone(),
        reply: None,
        mentions: Vec::new(),
        timer,
    };
    let (to, to_name) = (member(), name());
    let (member, name, reply) = (member(), name(), None);
    let emoji = Emoji::parse("🎉").expect("is an emoji");
    let reaction = ServerFrame::Reaction {
        room,
        id: id(),
        member: member.clone(),
        name: name.clone(),
        emoji,
        on: true,
        whisper: false,
    };
    let whisper = Whisper { room, id: id(), cid: cid(), member, name, to, to_name, at: 3, text, html, reply, timer };
    vec![
        encoder::message(&message, "x", "own"),
        encoder::message(&Message { html: None, timer: None, ..message }, "x", "own"),
        encoder::whisper(&whisper, "x", &whisper.member, "own"),
        encoder::updated(room, &id(), 4, "x", Some("<p>x</p>")),
        encoder::deleted(room, &id(), 4),
        encoder::reaction(&reaction, "own").expect("is one"),
        encoder::typing(true, room, &whisper.member, "Ada"),
        encoder::typing(false, room, &whisper.member, "Ada"),
        encoder::room_updated(&info()),
        encoder::room_updated(&RoomInfo { timer_s: Some(5), ..info() }),
        encoder::notice(Some(info().code), Notice::Apart, None),
        encoder::notice(None, Notice::Announcement, Some("Closed at eight")),
    ]
}

#[test]
fn what_is_told_fits_its_description_and_no_more_is_told() {
    let described = events();
    let mut seen = BTreeSet::new();
    for frame in [replies(), broadcasts()].concat() {
        let (name, arguments) = read(&frame);
        let event = described.iter().find(|event| event.by == By::Server && event.name == name);
        let event = event.unwrap_or_else(|| panic!("{name} is not described"));
        assert_eq!(event.arguments.len(), arguments.len(), "{name}");
        for (schema, argument) in event.arguments.iter().zip(&arguments) {
            let mut schema = schema.clone();
            if schema.get("properties").is_some() {
                schema["additionalProperties"] = json!(false);
            }
            let faults = jsonschema::draft7::new(&schema).expect("is a schema");
            let faults: Vec<_> = faults.iter_errors(argument).map(|error| error.to_string()).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}: {argument}");
            let wrong = if argument.is_string() { json!(1) } else { json!("x") };
            assert!(!jsonschema::draft7::is_valid(&schema, &wrong), "{name} may be anything");
        }
        seen.insert(event.name);
    }
    assert_eq!(seen, names(By::Server), "each of them was looked at");
}
