//! One file a variant under `golden/`: what is written there is what travels, to the byte.
//!
//! A change of a file is a change of the protocol. `WHISPERSPACE_BLESS=1 cargo test -p protocol` writes them anew.

use std::fs;
use std::path::Path;

use crate::{ClientFrame, ServerFrame, decode_channel_client, decode_client, decode_server, encode};

const CLIENT: &[(&str, &str)] = &[
    ("hello", r#"{"t":"hello","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}"#),
    ("hello_cookie", r#"{"t":"hello"}"#),
    (
        "hello_resume",
        r#"{"t":"hello","resume":{"session":"AAAAAAAAAAAAAAAAAAAAAA","secret":"BBBBBBBBBBBBBBBBBBBBBB","have":17}}"#,
    ),
    ("hello_follow", r#"{"t":"hello","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln","follow":true}"#),
    ("join", r#"{"t":"join","cid":"c1","code":"kw7p-3mxq"}"#),
    ("join_since_changes", r#"{"t":"join","cid":"c1","code":"KW7P3MXQ","since":{"epoch":7,"seq":12,"changes":3}}"#),
    ("join_pin_since", r#"{"t":"join","cid":"c1","code":"KW7P3MXQ","pin":"4711","since":{"epoch":7,"seq":12}}"#),
    ("join_invite", r#"{"t":"join","cid":"c1","code":"KW7P3MXQ","invite":"AAAAAAAAAAAAAAAAAAAAAA"}"#),
    ("leave", r#"{"t":"leave","cid":"c2","room":"KW7P3MXQ"}"#),
    ("send", r#"{"t":"send","cid":"c3","room":"KW7P3MXQ","text":"2 < 3 && x > 1"}"#),
    ("send_sealed", r#"{"t":"send","cid":"c3","room":"KW7P3MXQ","sealed":"q83vASNFZ4mrze8-_w"}"#),
    (
        "send_reply",
        r#"{"t":"send","cid":"c3","room":"KW7P3MXQ","text":"@Amber Finch yes","reply":"bWVzc2FnZQ","mentions":["CCCCCCCCCCCCCCCCCCCCCC"]}"#,
    ),
    ("send_timer", r#"{"t":"send","cid":"c3","room":"KW7P3MXQ","text":"The key is under the mat","timer_s":30}"#),
    (
        "whisper",
        r#"{"t":"whisper","cid":"c3","room":"KW7P3MXQ","to":"CCCCCCCCCCCCCCCCCCCCCC","text":"2 < 3 && x > 1"}"#,
    ),
    (
        "whisper_reply",
        r#"{"t":"whisper","cid":"c3","room":"KW7P3MXQ","to":"CCCCCCCCCCCCCCCCCCCCCC","text":"yes","reply":"bWVzc2FnZQ","timer_s":30}"#,
    ),
    ("edit", r#"{"t":"edit","cid":"c5","room":"KW7P3MXQ","id":"bWVzc2FnZQ","text":"2 > 1"}"#),
    ("delete", r#"{"t":"delete","cid":"c6","room":"KW7P3MXQ","id":"bWVzc2FnZQ"}"#),
    (
        "change",
        r#"{"t":"change","cid":"c5","room":"KW7P3MXQ","set":{"name":"Friday handover","topic":"Who has the keys","pin":"4711","capacity":80,"lifetime_s":172800,"locked":true}}"#,
    ),
    ("change_timer", r#"{"t":"change","cid":"c5","room":"KW7P3MXQ","set":{"timer_s":300}}"#),
    ("change_pin_cleared", r#"{"t":"change","cid":"c5","room":"KW7P3MXQ","set":{"pin":""}}"#),
    ("knock", r#"{"t":"knock","cid":"c1","code":"kw7p-3mxq","pin":"4711"}"#),
    ("admit", r#"{"t":"admit","cid":"c2","room":"KW7P3MXQ","member":"CCCCCCCCCCCCCCCCCCCCCC","on":true}"#),
    ("unban", r#"{"t":"unban","cid":"c3","room":"KW7P3MXQ","member":"CCCCCCCCCCCCCCCCCCCCCC"}"#),
    ("change_lobby", r#"{"t":"change","cid":"c5","room":"KW7P3MXQ","set":{"lobby":true}}"#),
    ("kick", r#"{"t":"kick","cid":"c6","room":"KW7P3MXQ","member":"CCCCCCCCCCCCCCCCCCCCCC"}"#),
    ("ban", r#"{"t":"ban","cid":"c7","room":"KW7P3MXQ","member":"CCCCCCCCCCCCCCCCCCCCCC"}"#),
    ("role", r#"{"t":"role","cid":"c8","room":"KW7P3MXQ","member":"CCCCCCCCCCCCCCCCCCCCCC","role":"moderator"}"#),
    ("burn", r#"{"t":"burn","cid":"c9","room":"KW7P3MXQ"}"#),
    ("react", r#"{"t":"react","cid":"c7","room":"KW7P3MXQ","id":"bWVzc2FnZQ","emoji":"🎉","on":true}"#),
    ("typing", r#"{"t":"typing","room":"KW7P3MXQ","on":true}"#),
    ("read", r#"{"t":"read","room":"KW7P3MXQ","id":"bWVzc2FnZQ"}"#),
    ("read_off", r#"{"t":"read","room":"KW7P3MXQ"}"#),
    ("status", r#"{"t":"status","state":"away"}"#),
    ("status_room", r#"{"t":"status","state":"online","room":"KW7P3MXQ"}"#),
    ("ping", r#"{"t":"ping"}"#),
    ("pong", r#"{"t":"pong","have":64}"#),
];

const SERVER: &[(&str, &str)] = &[
    (
        "welcome",
        r#"{"t":"welcome","session":"AAAAAAAAAAAAAAAAAAAAAA","secret":"BBBBBBBBBBBBBBBBBBBBBB","resumed":false,"rooms":["KW7P3MXQ"],"me":{"kind":"guest","name":"Quiet Heron"},"now":1795219200000,"limits":{"text_chars_max":5000,"sealed_chars_max":32768,"frame_bytes_max":65536,"silence_ms_max":40000,"grace_ms":30000,"edit_window_ms":900000,"burn_unread_ms":14400000}}"#,
    ),
    (
        "joined",
        r#"{"t":"joined","cid":"c1","room":{"code":"KW7P3MXQ","name":"Thursday handover","capacity":50,"pin":false,"created_at":1795219200000,"expires_at":1795305600000},"you":"AAAAAAAAAAAAAAAAAAAAAA","position":{"epoch":7,"seq":12,"changes":3},"count":2,"members":[{"id":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","state":"online","owner":true},{"id":"CCCCCCCCCCCCCCCCCCCCCC","name":"Amber Finch","state":"away"}]}"#,
    ),
    ("left", r#"{"t":"left","cid":"c2","room":"KW7P3MXQ","reason":"left"}"#),
    ("left_expired", r#"{"t":"left","room":"KW7P3MXQ","reason":"expired"}"#),
    (
        "room",
        r#"{"t":"room","room":{"code":"KW7P3MXQ","name":"Thursday handover","capacity":80,"pin":true,"created_at":1795219200000,"expires_at":1795305600000}}"#,
    ),
    (
        "room_locked",
        r#"{"t":"room","room":{"code":"KW7P3MXQ","name":"Friday handover","topic":"Who has the keys","capacity":80,"pin":true,"locked":true,"created_at":1795219200000,"expires_at":1795392000000},"by":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
    ),
    (
        "room_timer",
        r#"{"t":"room","room":{"code":"KW7P3MXQ","name":"Friday handover","capacity":80,"pin":false,"timer_s":300,"created_at":1795219200000,"expires_at":1795392000000}}"#,
    ),
    ("knocks", r#"{"t":"knocks","room":"KW7P3MXQ","knocks":[{"id":"CCCCCCCCCCCCCCCCCCCCCC","name":"Amber Finch"}]}"#),
    (
        "room_lobby",
        r#"{"t":"room","room":{"code":"KW7P3MXQ","name":"Friday handover","capacity":80,"pin":false,"lobby":true,"created_at":1795219200000,"expires_at":1795392000000}}"#,
    ),
    ("done", r#"{"t":"done","cid":"c5","room":"KW7P3MXQ"}"#),
    ("left_kicked", r#"{"t":"left","room":"KW7P3MXQ","reason":"kicked"}"#),
    ("left_banned", r#"{"t":"left","room":"KW7P3MXQ","reason":"banned"}"#),
    (
        "presence_moderator",
        r#"{"t":"presence","room":"KW7P3MXQ","count":2,"changed":[{"id":"CCCCCCCCCCCCCCCCCCCCCC","name":"Amber Finch","state":"online","moderator":true}]}"#,
    ),
    (
        "message",
        r#"{"t":"message","room":"KW7P3MXQ","seq":13,"id":"bWVzc2FnZQ","cid":"c3","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","at":1795219261000,"text":"2 < 3 && x > 1"}"#,
    ),
    (
        "message_html",
        r#"{"t":"message","room":"KW7P3MXQ","seq":14,"id":"bWVzc2FnZTI","cid":"c4","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","at":1795219262000,"text":"**now**","html":"<p><strong>now</strong></p>"}"#,
    ),
    (
        "room_sealed",
        r#"{"t":"room","room":{"code":"KW7P3MXQ","name":"Thursday handover","capacity":80,"pin":false,"sealed":true,"created_at":1795219200000,"expires_at":1795305600000}}"#,
    ),
    (
        "sealed",
        r#"{"t":"sealed","room":"KW7P3MXQ","seq":13,"id":"bWVzc2FnZQ","cid":"c3","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","at":1795219261000,"sealed":"q83vASNFZ4mrze8-_w"}"#,
    ),
    (
        "message_reply",
        r#"{"t":"message","room":"KW7P3MXQ","seq":15,"id":"bWVzc2FnZTM","cid":"c3","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","at":1795219262000,"text":"@Amber Finch yes","reply":"bWVzc2FnZQ","mentions":["CCCCCCCCCCCCCCCCCCCCCC"]}"#,
    ),
    (
        "message_timer",
        r#"{"t":"message","room":"KW7P3MXQ","seq":16,"id":"bWVzc2FnZTQ","cid":"c3","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","at":1795219263000,"text":"The key is under the mat","timer":{"after_s":30,"ends_at":1795233663000}}"#,
    ),
    (
        "message_timer_over",
        r#"{"t":"message","room":"KW7P3MXQ","seq":16,"id":"bWVzc2FnZTQ","cid":"c3","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","at":1795219263000,"text":"","timer":{"after_s":30,"ends_at":1795233663000}}"#,
    ),
    (
        "whisper",
        r#"{"t":"whisper","room":"KW7P3MXQ","id":"d2hpc3Blcg","cid":"c3","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","to":"CCCCCCCCCCCCCCCCCCCCCC","to_name":"Amber Finch","at":1795219261000,"text":"2 < 3 && x > 1"}"#,
    ),
    (
        "whisper_reply",
        r#"{"t":"whisper","room":"KW7P3MXQ","id":"d2hpc3Blcg","cid":"c3","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","to":"CCCCCCCCCCCCCCCCCCCCCC","to_name":"Amber Finch","at":1795219261000,"text":"**now**","html":"<p><strong>now</strong></p>","reply":"bWVzc2FnZQ","timer":{"after_s":30,"ends_at":1795233661000}}"#,
    ),
    (
        "edited_whisper",
        r#"{"t":"edited","room":"KW7P3MXQ","id":"d2hpc3Blcg","at":1795219265000,"text":"2 > 1","whisper":true}"#,
    ),
    ("deleted_whisper", r#"{"t":"deleted","room":"KW7P3MXQ","id":"d2hpc3Blcg","at":1795219266000,"whisper":true}"#),
    (
        "reaction_whisper",
        r#"{"t":"reaction","room":"KW7P3MXQ","id":"d2hpc3Blcg","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","emoji":"🎉","on":true,"whisper":true}"#,
    ),
    ("edited", r#"{"t":"edited","room":"KW7P3MXQ","id":"bWVzc2FnZQ","at":1795219265000,"text":"2 > 1"}"#),
    (
        "edited_html",
        r#"{"t":"edited","room":"KW7P3MXQ","id":"bWVzc2FnZQ","at":1795219265000,"text":"*2*","html":"<p><em>2</em></p>"}"#,
    ),
    ("deleted", r#"{"t":"deleted","room":"KW7P3MXQ","id":"bWVzc2FnZQ","at":1795219266000}"#),
    (
        "reaction",
        r#"{"t":"reaction","room":"KW7P3MXQ","id":"bWVzc2FnZQ","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","emoji":"🎉","on":true}"#,
    ),
    (
        "reaction_off",
        r#"{"t":"reaction","room":"KW7P3MXQ","id":"bWVzc2FnZQ","member":"AAAAAAAAAAAAAAAAAAAAAA","name":"Quiet Heron","emoji":"❤️","on":false}"#,
    ),
    ("ack", r#"{"t":"ack","cid":"c3","room":"KW7P3MXQ","seq":13,"id":"bWVzc2FnZQ","at":1795219261000}"#),
    (
        "presence",
        r#"{"t":"presence","room":"KW7P3MXQ","count":2,"joined":[{"id":"CCCCCCCCCCCCCCCCCCCCCC","name":"Amber Finch","state":"online"}],"left":["DDDDDDDDDDDDDDDDDDDDDD"]}"#,
    ),
    (
        "presence_changed",
        r#"{"t":"presence","room":"KW7P3MXQ","count":2,"changed":[{"id":"CCCCCCCCCCCCCCCCCCCCCC","name":"Amber Finch","state":"offline"}]}"#,
    ),
    ("typing", r#"{"t":"typing","room":"KW7P3MXQ","members":["CCCCCCCCCCCCCCCCCCCCCC"]}"#),
    (
        "receipt",
        r#"{"t":"receipt","room":"KW7P3MXQ","reads":[{"member":"CCCCCCCCCCCCCCCCCCCCCC","from":1795219200000,"at":1795219261000}]}"#,
    ),
    ("gap", r#"{"t":"gap","room":"KW7P3MXQ","missed":3}"#),
    ("gap_some", r#"{"t":"gap","room":"KW7P3MXQ"}"#),
    ("notice", r#"{"t":"notice","room":"KW7P3MXQ","notice":"apart"}"#),
    ("notice_together", r#"{"t":"notice","room":"KW7P3MXQ","notice":"together"}"#),
    ("notice_announcement", r#"{"t":"notice","notice":"announcement","text":"Closed from 8 to 9 tonight"}"#),
    (
        "error",
        r#"{"t":"error","code":"rate_limited","text":"That was a bit fast. Wait a moment and try again.","cid":"c3","retry_after_ms":2000}"#,
    ),
    ("token", r#"{"t":"token","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln","expires_at":1795305600000}"#),
    ("token_cookie", r#"{"t":"token"}"#),
    ("bye", r#"{"t":"bye","code":"shutting_down","reconnect_in_ms":1800}"#),
    ("ping", r#"{"t":"ping"}"#),
    ("pong", r#"{"t":"pong"}"#),
];

const CHANNELS: &[(&str, &str)] = &[
    (
        "hello",
        r#"{"t":"hello","app":"projects","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln","resume":{"session":"AAAAAAAAAAAAAAAAAAAAAA","secret":"BBBBBBBBBBBBBBBBBBBBBB","have":17},"namespaces":["/","/social"]}"#,
    ),
    ("subscribe", r#"{"t":"subscribe","cid":"c1","channel":"project:p1"}"#),
    ("subscribe_since", r#"{"t":"subscribe","cid":"c1","channel":"project:p1","since":{"epoch":7,"seq":12}}"#),
    ("unsubscribe", r#"{"t":"unsubscribe","cid":"c2","channel":"project:p1"}"#),
    ("publish", r#"{"t":"publish","cid":"c3","channel":"board:b1","event":"cursor","data":{"x":1,"y":[2.5,null]}}"#),
    ("event", r#"{"t":"event","cid":"c4","namespace":"/social","event":"post:like","data":{"postId":"p"}}"#),
    ("event_bare", r#"{"t":"event","cid":"c4","event":"ping_me"}"#),
    ("token", r#"{"t":"token","cid":"c5","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}"#),
    ("ping", r#"{"t":"ping","have":3}"#),
    ("pong", r#"{"t":"pong","have":3}"#),
];

fn check(side: &str, cases: &[(&str, &str)], again: impl Fn(&str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/golden");
    for (name, json) in cases {
        let file = folder.join(format!("{side}_{name}.json"));
        let written = again(json);
        if option_env!("WHISPERSPACE_BLESS").is_some() {
            fs::write(&file, format!("{written}\n")).unwrap();
        }
        let golden = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(golden.trim_end(), written, "{} differs from what travels", file.display());
        assert_eq!(golden.trim_end(), *json, "{name}");
    }
    let files = fs::read_dir(&folder).unwrap().filter_map(Result::ok);
    let count = files.filter(|file| file.file_name().to_string_lossy().starts_with(side)).count();
    assert_eq!(count, cases.len(), "a golden file of the {side} belongs to no case");
}

#[test]
fn client_frames() {
    check("client", CLIENT, |json| encode(&decode_client(json).unwrap()));
}

#[test]
fn channel_frames_of_clients() {
    check("channels_client", CHANNELS, |json| encode(&decode_channel_client(json).unwrap()));
}

/// The server writes them only, so they are made here.
#[test]
fn channel_frames_of_the_server() {
    use crate::{ChannelLimits, ChannelPosition, ChannelServerFrame as Frame, ClientId, Secret, SessionId};
    let (session, secret) = (SessionId::parse(&"A".repeat(22)).unwrap(), Secret::parse(&"B".repeat(22)).unwrap());
    let (cid, data, channel) = (ClientId::parse("c1").unwrap(), serde_json::json!({"id": "t1"}), "project:p1");
    let limits = ChannelLimits {
        frame_bytes_max: 65_536,
        frames_per_minute: 300,
        channels_max: 200,
        grace_ms: 30_000,
        ping_every_ms: 25_000,
        silence_ms_max: 40_000,
    };
    let position = ChannelPosition { epoch: 7, seq: 12 };
    let event = |channel, seq, namespace| Frame::Event { channel, seq, namespace, event: "task_updated", data: &data };
    let (namespaces, channels) = (vec!["/"], vec![channel]);
    let frames = [
        (
            "welcome",
            Frame::Welcome {
                session: &session,
                secret: &secret,
                resumed: true,
                app: "projects",
                user: "u1",
                namespaces,
                channels,
                now: 1_795_219_200_000,
                limits,
            },
        ),
        ("subscribed", Frame::Subscribed { cid: None, channel, position, count: None, users: None }),
        (
            "subscribed_presence",
            Frame::Subscribed {
                cid: Some(&cid),
                channel,
                position,
                count: Some(1),
                users: Some(vec!["u1".to_owned()]),
            },
        ),
        ("unsubscribed", Frame::Unsubscribed { cid: Some(&cid), channel }),
        ("done", Frame::Done { cid: &cid, data: None }),
        ("done_data", Frame::Done { cid: &cid, data: Some(&data) }),
        ("event", event(Some(channel), Some(13), None)),
        ("event_volatile", event(Some(channel), None, None)),
        ("event_user", event(None, None, Some("/social"))),
        ("gap", Frame::Gap { channel: Some(channel), missed: Some(3) }),
        ("gap_some", Frame::Gap { channel: None, missed: None }),
        ("error", Frame::Error { code: "UNAUTHORIZED", text: "Not authorized", cid: Some(&cid), retry_after_ms: None }),
    ];
    let written: Vec<(&str, String)> = frames.iter().map(|(name, frame)| (*name, encode(frame))).collect();
    let cases: Vec<(&str, &str)> = written.iter().map(|(name, json)| (*name, json.as_str())).collect();
    check("channels_server", &cases, str::to_owned);
}

#[test]
fn server_frames() {
    check("server", SERVER, |json| encode(&decode_server(json).unwrap()));
}

#[test]
fn clients_ignore_frames_of_the_future_and_the_server_does_not() {
    assert_eq!(decode_server(r#"{"t":"of_the_future","x":1}"#).unwrap(), ServerFrame::Unknown);
    assert!(decode_client(r#"{"t":"of_the_future"}"#).is_err());
    assert!(decode_client(r#"{"t":"ping","x":1}"#).is_err(), "unknown fields are refused");
    assert!(decode_client(r#"{"t":"ping","t":"ping"}"#).is_err(), "doubled fields are refused");
}

#[test]
fn a_faulty_frame_is_answered_by_its_name() {
    let error = decode_client(r#"{"t":"send","cid":"c9","room":{"$ne":null},"text":"x"}"#).unwrap_err();
    assert_eq!(error.cid.as_ref().map(crate::ClientId::as_str), Some("c9"));
    assert_eq!(decode_client("{").unwrap_err().cid, None);
}

#[test]
fn what_counts_is_what_must_not_be_lost() {
    let counted: Vec<_> =
        SERVER.iter().filter(|(_, json)| decode_server(json).unwrap().is_counted()).map(|(name, _)| *name).collect();
    let expected = [
        "joined",
        "left",
        "left_expired",
        "room",
        "room_locked",
        "room_timer",
        "room_lobby",
        "done",
        "left_kicked",
        "left_banned",
        "message",
        "message_html",
        "room_sealed",
        "sealed",
        "message_reply",
        "message_timer",
        "message_timer_over",
        "whisper",
        "whisper_reply",
        "edited_whisper",
        "deleted_whisper",
        "reaction_whisper",
        "edited",
        "edited_html",
        "deleted",
        "reaction",
        "reaction_off",
        "ack",
        "gap",
        "gap_some",
        "error",
        "token",
        "token_cookie",
    ];
    assert_eq!(counted, expected);
}

#[test]
fn a_lone_surrogate_is_refused() {
    assert!(decode_client(r#"{"t":"send","cid":"c1","room":"KW7P3MXQ","text":"\ud800"}"#).is_err());
}

#[test]
fn a_send_says_one_thing() {
    for fields in ["", r#","text":"x","sealed":"eA""#, r#","text":null"#, r#","sealed":1"#, r#","text":"x","html":"x""#]
    {
        let error = decode_client(&format!(r#"{{"t":"send","cid":"c9","room":"KW7P3MXQ"{fields}}}"#)).unwrap_err();
        assert_eq!(error.cid.as_ref().map(crate::ClientId::as_str), Some("c9"), "{fields}");
    }
}

#[test]
fn every_client_variant_has_a_case() {
    let tags: std::collections::BTreeSet<_> = CLIENT
        .iter()
        .map(|(_, json)| match decode_client(json).unwrap() {
            ClientFrame::Hello { .. } => 0,
            ClientFrame::Join { .. } => 1,
            ClientFrame::Leave { .. } => 2,
            ClientFrame::Send(_) => 3,
            ClientFrame::Typing { .. } => 4,
            ClientFrame::Status { .. } => 5,
            ClientFrame::Ping { .. } => 6,
            ClientFrame::Pong { .. } => 7,
            ClientFrame::Edit { .. } => 8,
            ClientFrame::Delete { .. } => 9,
            ClientFrame::Change { .. } => 10,
            ClientFrame::Kick { .. } => 11,
            ClientFrame::Ban { .. } => 12,
            ClientFrame::Role { .. } => 13,
            ClientFrame::Burn { .. } => 14,
            ClientFrame::React { .. } => 15,
            ClientFrame::Knock { .. } => 16,
            ClientFrame::Admit { .. } => 17,
            ClientFrame::Unban { .. } => 18,
            ClientFrame::Whisper(_) => 19,
            ClientFrame::Read { .. } => 20,
        })
        .collect();
    assert_eq!(tags.len(), 21);
}
