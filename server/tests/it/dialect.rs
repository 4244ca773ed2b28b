//! A third dialect, of plain lines, that the product does not have: the core serves whatever implements its seam.

use std::sync::Arc;

use bytes::Bytes;
use chat::Input;
use protocol::{Activity, ClientId, ServerFrame, Text};
use realtime::dialect::{Broadcast, Counted, Dialect, DialectId, Frame, PerViewer, Projection, RoomContext, Viewer};
use realtime::session::{Carrier, Session, Turn};
use server::store::UserId;

use crate::harness::{Guest, Room, TestServer, poll};

/// `* who came`, `< who: what` and `> what` for what one has said oneself.
struct Lines;

fn line(text: String) -> Frame {
    Frame { bytes: Bytes::from(text + "\n"), counted: Counted::No }
}

impl Dialect for Lines {
    fn id(&self) -> DialectId {
        DialectId("lines")
    }

    fn reply(&self, _: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame)) {
        match frame {
            ServerFrame::Joined { room, count, .. } => push(line(format!("* {} ({count})", room.code.as_str()))),
            ServerFrame::Error { code, .. } => push(line(format!("! {code}"))),
            // Everything else has no word of its own in lines.
            _ => {}
        }
    }

    fn projection(&self) -> Box<dyn Projection> {
        Box::new(Self)
    }
}

impl Projection for Lines {
    fn broadcast(&mut self, frame: &ServerFrame, _: &RoomContext<'_>) -> Option<Broadcast> {
        match frame {
            ServerFrame::Message(message) => {
                let [others, own] =
                    [format!("< {}: {}", message.name.as_str(), message.text), format!("> {}", message.text)];
                let said = Said { sender: message.member.clone(), others: line(others), own: line(own) };
                Some(Broadcast::PerViewer(Box::new(said)))
            }
            ServerFrame::Left { .. } => Some(Broadcast::Shared(line("* the room has ended".to_owned()))),
            _ => None,
        }
    }
}

struct Said {
    sender: protocol::MemberId,
    others: Frame,
    own: Frame,
}

impl PerViewer for Said {
    fn deliver(&mut self, viewer: &Viewer<'_>, push: &mut dyn FnMut(&Frame)) {
        push(if self.sender == *viewer.member { &self.own } else { &self.others });
    }
}

/// Somebody who speaks lines, inside a room.
struct Liner {
    session: Arc<Session>,
    generation: u64,
    heard: String,
}

impl Liner {
    async fn enter(server: &TestServer, guest: &Guest, room: &Room) -> Self {
        let (state, identity) = (&server.state, server.identity(guest.token()).await);
        let session = state.hub.open_session(&identity, Carrier::Bearer, &Lines).expect("there is a place");
        let generation = session.connect();
        let kept = state.store.room_by_code(room.code(), 0).await;
        let room = state.rooms.live(&kept.expect("the store answers").expect("there is a room"));
        let input = Input::Join {
            session: session.key,
            cid: None,
            member: state.keys.member_id(room.id, identity.user),
            name: identity.name,
            activity: Activity::Online,
            since: None,
        };
        room.request(&session, input).expect("there is a place");
        Self { session, generation, heard: String::new() }
    }

    /// Waits until it has heard this line.
    async fn hears(&mut self, line: &str) {
        poll(line, async || {
            if let Some(Turn::Write(frames)) = self.session.turn(self.generation) {
                self.heard.extend(frames.iter().map(|bytes| std::str::from_utf8(bytes).expect("is text")));
            }
            self.heard.lines().any(|told| told == line).then_some(())
        })
        .await;
    }

    fn says(&self, text: &str) {
        let room = self.session.insides().pop().expect("is inside").room;
        let body = server::sanitize::body(Text::parse(text, 100).expect("is a text"));
        let cid = ClientId::parse(&realtime::clock::random_id()).expect("is a cid");
        room.request(&self.session, Input::Send { session: self.session.key, cid, random: 1, body })
            .expect("there is a place");
    }
}

#[tokio::test]
async fn rooms_serve_a_dialect_that_they_do_not_know() {
    let server = TestServer::spawn().await;
    let (ada, ben, cem) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = ada.room().await;
    let mut native = cem.enter(&room).await;
    let mut one = Liner::enter(&server, &ada, &room).await;
    one.hears(&format!("* {} (2)", room.code().as_str())).await;
    let mut two = Liner::enter(&server, &ben, &room).await;
    two.hears(&format!("* {} (3)", room.code().as_str())).await;
    one.says("2 < 3");
    one.hears("> 2 < 3").await;
    let name = server.identity(ada.token()).await.name;
    two.hears(&format!("< {}: 2 < 3", name.as_str())).await;
    assert_eq!(native.expect_message("2 < 3").await.text, "2 < 3", "those who speak another dialect are told as ever");
}
