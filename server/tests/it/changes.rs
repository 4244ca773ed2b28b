//! Own messages edited and deleted, over every transport; nobody else's, and none that the room did not make.

use protocol::{ErrorCode, Message, MessageId, ServerFrame};
use serde_json::json;

use crate::harness::{Guest, Room, TestClient, TestServer};
use crate::socketio::Raw;

async fn two_inside(server: &TestServer) -> (Room, TestClient, TestClient) {
    let (one, two) = (Guest::new(server).await, Guest::new(server).await);
    let room = one.room().await;
    let (one, two) = (one.enter(&room).await, two.enter(&room).await);
    (room, one, two)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_is_rendered_as_a_message_is_and_a_deletion_names_no_text() {
    let server = TestServer::spawn().await;
    let (room, mut writer, mut reader) = two_inside(&server).await;
    let said = writer.say(&room.code, "first words").await;
    let cid = writer.edit(&room.code, &said.id, " **other** <b>words</b> ").await;
    let ack = writer.expect_ack(&cid).await;
    assert_eq!((ack.seq, &ack.id), (said.seq, &said.id));
    for client in [&mut writer, &mut reader] {
        let (text, html) = client
            .expect("edited", |frame| match frame {
                ServerFrame::Edited { id, text, html, .. } if *id == said.id => Some((text.clone(), html.clone())),
                _ => None,
            })
            .await;
        assert_eq!(text, "**other** <b>words</b>");
        let html = html.expect("there is markup");
        assert!(html.contains("<strong>other</strong>") && html.contains("&lt;b&gt;"), "{html}");
    }
    let cid = writer.delete(&room.code, &said.id).await;
    writer.expect_ack(&cid).await;
    assert_eq!(reader.expect_change(&said.id).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_foreign_and_others_ids_are_refused_by_their_codes() {
    let server = TestServer::spawn().await;
    let (room, mut writer, mut other) = two_inside(&server).await;
    let said = writer.say(&room.code, "mine").await;
    let cid = other.edit(&room.code, &said.id, "yours").await;
    other.expect_error(ErrorCode::NotYours, Some(&cid)).await;
    let cid = other.delete(&room.code, &said.id).await;
    other.expect_error(ErrorCode::NotYours, Some(&cid)).await;

    // The same person's message of another room, and the same bytes with one of them another.
    let elsewhere = Guest::new(&server).await;
    let (second, mut away) = (elsewhere.room().await, elsewhere.connect().await);
    away.join(&second.code).await;
    away.join(&room.code).await;
    let there = away.say(&second.code, "there").await;
    let mut forged = said.id.as_str().to_owned();
    let last = if forged.ends_with('A') { "B" } else { "A" };
    forged.replace_range(63.., last);
    for id in [there.id.clone(), MessageId::parse(&forged).expect("has the shape")] {
        let cid = away.edit(&room.code, &id, "x").await;
        away.expect_error(ErrorCode::UnknownMessage, Some(&cid)).await;
        let cid = away.delete(&room.code, &id).await;
        away.expect_error(ErrorCode::UnknownMessage, Some(&cid)).await;
    }
    let cid = away.edit(&second.code, &there.id, "").await;
    away.expect_error(ErrorCode::EmptyText, Some(&cid)).await;
    let (code, frame) = (&room.code, "\"t\":\"delete\",\"cid\":\"d1\"");
    away.wire.text(&format!("{{{frame},\"room\":\"{code}\",\"id\":{{\"$ne\":1}}}}")).await;
    away.expect("bad_frame", |frame| {
        matches!(frame, ServerFrame::Error { code: ErrorCode::BadFrame, .. }).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_old_stands() {
    let server = TestServer::limited(|limits| limits.edit_window_ms = 1_000).await;
    let (room, mut writer, _reader) = two_inside(&server).await;
    let said = writer.say(&room.code, "for good").await;
    server.state.clock.advance(1_500);
    let cid = writer.edit(&room.code, &said.id, "x").await;
    writer.expect_error(ErrorCode::TooLate, Some(&cid)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_come_at_a_rate_of_their_own() {
    let server = TestServer::limited(|limits| limits.edits_per_minute = 2).await;
    let (room, mut writer, _reader) = two_inside(&server).await;
    let said = writer.say(&room.code, "words").await;
    for number in 0..2 {
        let cid = writer.edit(&room.code, &said.id, &format!("words {number}")).await;
        writer.expect_ack(&cid).await;
    }
    let cid = writer.delete(&room.code, &said.id).await;
    assert!(writer.expect_error(ErrorCode::RateLimited, Some(&cid)).await.is_some());
    writer.say(&room.code, "a message is none of them").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_gets_changes_in_their_places_and_nothing_that_was_changed_or_taken_back() {
    let server = TestServer::spawn().await;
    let (room, mut writer, reader) = two_inside(&server).await;
    let lost = reader.cut();
    let first = writer.say(&room.code, "one").await;
    writer.edit(&room.code, &first.id, "one, mended").await;
    let second = writer.say(&room.code, "two").await;
    for words in ["two, mended", "*two* once more"] {
        writer.edit(&room.code, &second.id, words).await;
    }
    let cid = writer.delete(&room.code, &first.id).await;
    writer.expect_ack(&cid).await;
    let mut back = TestClient::resume(&lost).await;
    assert!(back.resumed);
    let (mut heard, mut changes) = (Vec::new(), None);
    back.expect("joined", |frame| match frame {
        ServerFrame::Message(Message { seq, text, html, .. }) => {
            assert_eq!(html.is_some(), text.contains('*'), "the HTML is that of the text");
            heard.push(format!("{seq} said {text}"));
            None
        }
        ServerFrame::Edited { text, .. } => {
            heard.push(format!("edited {text}"));
            None
        }
        ServerFrame::Deleted { .. } => {
            heard.push("deleted".to_owned());
            None
        }
        ServerFrame::Joined { position, .. } => {
            changes = position.changes;
            Some(())
        }
        _ => None,
    })
    .await;
    let [mended, once_more] = [(); 2].map(|()| "edited *two* once more");
    assert_eq!(heard, ["1 said ", "edited ", "2 said *two* once more", mended, once_more, "deleted"]);
    assert_eq!(changes, Some(4));
    assert_ne!(first.id, second.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whisper_that_was_taken_back_is_not_told_to_whom_it_was_for_when_they_are_back() {
    let server = TestServer::spawn().await;
    let (ada, ben) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = ada.room().await;
    let (mut writer, mut reader) = (ada.enter(&room).await, ben.connect().await);
    let to = reader.join(&room.code).await.you;
    let lost = reader.cut();
    let cid = writer.whisper(&room.code, &to, "for you alone", None).await;
    let said = writer.expect_ack(&cid).await;
    let cid = writer.delete(&room.code, &said.id).await;
    writer.expect_ack(&cid).await;
    let mut back = TestClient::resume(&lost).await;
    let whisper = |frame: &ServerFrame| match frame {
        ServerFrame::Whisper(whisper) => Some((whisper.id.clone(), whisper.text.clone())),
        _ => None,
    };
    assert_eq!(back.expect("the whisper's place", whisper).await, (said.id.clone(), String::new()));
    assert_eq!(back.expect_change(&said.id).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_io_clients_edit_and_delete_by_the_names_they_know() {
    let server = TestServer::spawn().await;
    let (ada, ben) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = ada.room().await;
    let mut browser = ben.enter(&room).await;
    let mut client = Raw::connect(server.addr, &json!({"token": ada.token()})).await;
    client.send(&format!("42[\"join_room\",\"{}\"]", room.code)).await;
    client.expect("42[\"joined_room\"").await;
    client.send(&format!("421[\"send_message\",{{\"room\":\"{}\",\"content\":\"words\"}}]", room.code)).await;
    let id = browser.expect_message("words").await.id;
    let edit = json!(["message:edit", {"room": room.code, "messageId": id.as_str(), "content": "*other* words"}]);
    client.send(&format!("422{edit}")).await;
    let updated = client.expect("42[\"message-updated\"").await;
    for part in ["\"content\":\"*other* words\"", "<em>other</em>", "\"isEdited\":true", id.as_str()] {
        assert!(updated.contains(part), "{updated}");
    }
    assert_eq!(browser.expect_change(&id).await.as_deref(), Some("*other* words"));
    let delete = json!(["message:delete", {"room": room.code, "messageId": id.as_str()}]);
    client.send(&format!("423{delete}")).await;
    let deleted = client.expect("42[\"message-deleted\"").await;
    assert!(deleted.contains(&format!("\"messageId\":\"{}\"", id.as_str())), "{deleted}");
    assert_eq!(browser.expect_change(&id).await, None);
    // Another's stays as it is, and the call is answered.
    let theirs = browser.say(&room.code, "theirs").await;
    let edit = json!(["message:edit", {"room": room.code, "_id": theirs.id.as_str(), "content": "x"}]);
    client.send(&format!("424{edit}")).await;
    let refused = client.expect("434[").await;
    assert!(refused.contains("\"code\":\"UNAUTHORIZED\"") && refused.contains("not_yours"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_reach_all_by_both_dialects_and_only_emoji_do() {
    let server = TestServer::limited(|limits| limits.reactions_per_minute = 3).await;
    let (room, mut writer, mut reader) = two_inside(&server).await;
    let ada = Guest::new(&server).await;
    let mut client = Raw::connect(server.addr, &json!({"token": ada.token()})).await;
    client.send(&format!("42[\"join_room\",\"{}\"]", room.code)).await;
    client.expect("42[\"joined_room\"").await;
    let said = writer.say(&room.code, "news").await;
    let cid = reader.react(&room.code, &said.id, "❤", true).await;
    assert_eq!(reader.expect_ack(&cid).await.id, said.id);
    assert_eq!(writer.expect_reaction(&said.id).await, ("❤\u{FE0F}".to_owned(), true), "in one spelling");
    let heard = client.expect("42[\"message-reaction\"").await;
    assert!(heard.contains("\"emoji\":\"❤\u{FE0F}\"") && heard.contains(said.id.as_str()), "{heard}");
    let react =
        json!(["message:reaction", {"room": room.code, "messageId": said.id.as_str(), "emoji": "🎉", "on": false}]);
    client.send(&format!("42{react}")).await;
    assert_eq!(reader.expect_reaction(&said.id).await, ("❤\u{FE0F}".to_owned(), true));
    assert_eq!(reader.expect_reaction(&said.id).await, ("🎉".to_owned(), false));
    let own = client.expect("42[\"message-reaction\"").await;
    assert!(own.contains(&format!("\"userId\":\"{}\"", ada.session.id)), "{own}");
    let cid = reader.react(&room.code, &said.id, "words", true).await;
    reader.expect_error(ErrorCode::InvalidEmoji, Some(&cid)).await;
    let cid = reader.react(&room.code, &MessageId::parse("forged").expect("has the shape"), "🎉", true).await;
    reader.expect_error(ErrorCode::UnknownMessage, Some(&cid)).await;
    let cid = reader.react(&room.code, &said.id, "🎉", true).await;
    reader.expect_ack(&cid).await;
    let cid = reader.react(&room.code, &said.id, "🎉", false).await;
    reader.expect_error(ErrorCode::RateLimited, Some(&cid)).await;
}
