//! How far people have read, between clients of both dialects.

use protocol::{ClientFrame, MessageId, ReadUpTo, ServerFrame};
use serde_json::json;

use crate::harness::{Guest, TestClient, TestServer};
use crate::socketio::Raw;

async fn read(client: &mut TestClient, room: &str, id: &MessageId) {
    client.tell(&ClientFrame::Read { room: room.to_owned(), id: Some(id.clone()) }).await;
}

async fn receipt(client: &mut TestClient) -> Vec<ReadUpTo> {
    client
        .expect("receipt", |frame| match frame {
            ServerFrame::Receipt { reads, .. } => Some(reads.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_tells_how_far_they_have_read_is_told_it_of_others_over_every_transport() {
    let server = TestServer::spawn().await;
    let (ada, ben) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = ada.room().await;
    let (mut ada, mut silent) = (ada.enter(&room).await, Guest::new(&server).await.enter(&room).await);
    let mut events = Raw::connect(server.addr, &json!({"token": ben.token()})).await;
    events.send(&format!("42[\"join_room\",\"{}\"]", room.code)).await;
    events.expect("42[\"joined_room\"").await;
    let said = ada.say(&room.code, "news").await;
    let sent_at = ada.expect_message("news").await.at;
    read(&mut ada, &room.code, &said.id).await;
    let you = ada.join(&room.code).await.you;
    assert!(receipt(&mut ada).await.iter().all(|read| read.member == you && read.at == sent_at));

    events.send(&format!("427{}", json!(["message:read", {"room": room.code, "messageId": said.id.as_str()}]))).await;
    let taken = events.expect("437").await;
    assert!(taken.contains("\"ok\":true"), "{taken}");
    let told = receipt(&mut ada).await;
    let [ReadUpTo { member, from, at }] = &told[..] else { panic!("{told:?}") };
    assert!(*member != you && *from <= sent_at && *at == sent_at);
    let heard = events.expect("42[\"message-read\"").await;
    assert!(heard.contains("\"readAt\":") && heard.contains(&room.code), "{heard}");
    let told = silent.ping().await;
    assert!(
        !told.iter().any(|frame| matches!(frame, ServerFrame::Receipt { .. })),
        "who tells nothing is told nothing"
    );
}
