//! A client that has said hello: it counts frames, names its requests, and waits for what it expects.

use std::net::SocketAddr;

use protocol::{
    Activity, ClientFrame, ClientId, ErrorCode, LeaveReason, Me, Member, MemberId, Message, MessageId, Position,
    Refers, Resume, RoomCode, RoomInfo, SealedMessage, Secret, SendBody, SendMessage, SendWhisper, ServerFrame,
    SessionId,
};

use super::wire::{Heard, Wire, frame};

/// One connection of one session.
pub(crate) struct TestClient {
    addr: SocketAddr,
    token: String,
    pub(crate) wire: Wire,
    pub(crate) session: SessionId,
    pub(crate) secret: Secret,
    pub(crate) resumed: bool,
    pub(crate) rooms: Vec<RoomCode>,
    pub(crate) me: Me,
    /// Counted frames since `welcome`.
    pub(crate) have: u64,
    asked: u32,
}

/// What is left of a connection that was cut: enough to come back.
#[derive(Clone)]
pub(crate) struct Lost {
    pub(crate) addr: SocketAddr,
    pub(crate) token: String,
    pub(crate) session: SessionId,
    pub(crate) secret: Secret,
    pub(crate) have: u64,
}

/// The answer to a join.
#[derive(Clone)]
pub(crate) struct Joined {
    pub(crate) room: RoomInfo,
    pub(crate) you: MemberId,
    pub(crate) position: Position,
    pub(crate) count: u32,
    pub(crate) members: Vec<Member>,
}

/// The answer to a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) cid: ClientId,
    pub(crate) seq: u64,
    pub(crate) id: MessageId,
}

impl TestClient {
    /// Connects, says hello with a token, waits for the welcome.
    pub(crate) async fn connect(addr: SocketAddr, token: &str) -> Self {
        Self::hello(Wire::open(addr).await, addr, token, None).await
    }

    /// Claims a session that was cut.
    pub(crate) async fn resume(lost: &Lost) -> Self {
        let resume = Resume { session: lost.session.clone(), secret: lost.secret.clone(), have: lost.have };
        Self::hello(Wire::open(lost.addr).await, lost.addr, &lost.token, Some(resume)).await
    }

    pub(crate) async fn hello(mut wire: Wire, addr: SocketAddr, token: &str, resume: Option<Resume>) -> Self {
        let hello = ClientFrame::Hello { token: Some(token.to_owned()), resume, follow: false };
        wire.text(&frame(&hello)).await;
        Self::welcomed(wire, addr, token).await
    }

    /// Takes over a wire on which a hello is under way.
    pub(crate) async fn welcomed(mut wire: Wire, addr: SocketAddr, token: &str) -> Self {
        match wire.next().await {
            Heard::Frame(ServerFrame::Welcome { session, secret, resumed, rooms, me, .. }) => {
                let token = token.to_owned();
                Self { addr, token, wire, session, secret, resumed, rooms, me, have: 0, asked: 0 }
            }
            other => panic!("no welcome but {other:?}"),
        }
    }

    /// The next frame or the end.
    pub(crate) async fn next(&mut self) -> Heard {
        let heard = self.wire.next().await;
        if let Heard::Frame(frame) = &heard {
            self.have += u64::from(frame.is_counted());
        }
        heard
    }

    /// Waits for a frame, passing over others.
    pub(crate) async fn expect<T>(&mut self, what: &str, mut wanted: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        let mut passed = Vec::new();
        loop {
            let heard = self.next().await;
            match &heard {
                Heard::Frame(frame) => {
                    if let Some(found) = wanted(frame) {
                        return found;
                    }
                }
                Heard::Closed(_) => panic!("no {what} before the end; heard {passed:?}, {heard:?}"),
            }
            passed.push(heard);
        }
    }

    /// Sends one frame.
    pub(crate) async fn tell(&mut self, told: &ClientFrame) {
        self.wire.text(&frame(told)).await;
    }

    /// A name for a request that this client has not used.
    pub(crate) fn cid(&mut self) -> ClientId {
        self.asked += 1;
        let digits: String = self.session.as_str().chars().take(8).collect();
        ClientId::parse(&format!("c{}-{digits}", self.asked)).expect("is a cid")
    }

    /// Asks for a seat; answers the request's name.
    pub(crate) async fn ask_join(&mut self, code: &str, pin: Option<&str>, since: Option<Position>) -> ClientId {
        let cid = self.cid();
        let join = ClientFrame::Join {
            cid: cid.clone(),
            code: code.to_owned(),
            pin: pin.map(str::to_owned),
            invite: None,
            since,
        };
        self.tell(&join).await;
        cid
    }

    /// Takes a seat.
    pub(crate) async fn join(&mut self, code: &str) -> Joined {
        let cid = self.ask_join(code, None, None).await;
        self.expect_joined(Some(cid)).await
    }

    pub(crate) async fn expect_joined(&mut self, asked: Option<ClientId>) -> Joined {
        self.expect("joined", |frame| match frame {
            ServerFrame::Joined { cid, room, you, position, count, members } if *cid == asked => {
                let (room, you, position, count, members) =
                    (room.clone(), you.clone(), *position, *count, members.clone());
                Some(Joined { room, you, position, count, members })
            }
            _ => None,
        })
        .await
    }

    /// Asks to leave for good, and waits until it is so.
    pub(crate) async fn leave(&mut self, room: &str) {
        let cid = self.cid();
        self.tell(&ClientFrame::Leave { cid: cid.clone(), room: room.to_owned() }).await;
        self.expect("left", |frame| match frame {
            ServerFrame::Left { cid: Some(by), .. } if *by == cid => Some(()),
            ServerFrame::Error { cid: Some(by), code, .. } if *by == cid => panic!("the leave is refused: {code}"),
            _ => None,
        })
        .await;
    }

    /// Waits for the word that the seat in any room has ended.
    pub(crate) async fn expect_left(&mut self) -> LeaveReason {
        self.expect("left", |frame| match frame {
            ServerFrame::Left { cid: None, reason, .. } => Some(*reason),
            _ => None,
        })
        .await
    }

    /// Sends a message without waiting for anything; answers the request's name.
    pub(crate) async fn send(&mut self, room: &str, text: &str) -> ClientId {
        let cid = self.cid();
        self.send_as(&cid, room, text).await;
        cid
    }

    pub(crate) async fn send_as(&mut self, cid: &ClientId, room: &str, text: &str) {
        let body = SendBody::Text(text.to_owned());
        let send =
            ClientFrame::Send(SendMessage { cid: cid.clone(), room: room.to_owned(), body, refers: Refers::default() });
        self.tell(&send).await;
    }

    /// Sends what is said to be encrypted, without waiting for anything; answers the request's name.
    pub(crate) async fn seal(&mut self, room: &str, sealed: &str) -> ClientId {
        let (cid, body) = (self.cid(), SendBody::Sealed(sealed.to_owned()));
        self.tell(&ClientFrame::Send(SendMessage {
            cid: cid.clone(),
            room: room.to_owned(),
            body,
            refers: Refers::default(),
        }))
        .await;
        cid
    }

    /// Waits for the next message of a sealed room.
    pub(crate) async fn expect_sealed(&mut self) -> SealedMessage {
        self.expect("a sealed message", |frame| match frame {
            ServerFrame::Sealed(message) => Some(message.clone()),
            _ => None,
        })
        .await
    }

    /// Sends a message and waits for its ack.
    pub(crate) async fn say(&mut self, room: &str, text: &str) -> Ack {
        let cid = self.send(room, text).await;
        self.expect_ack(&cid).await
    }

    pub(crate) async fn expect_ack(&mut self, asked: &ClientId) -> Ack {
        self.expect("ack", |frame| match frame {
            ServerFrame::Ack { cid, seq, id, .. } if cid == asked => {
                Some(Ack { cid: cid.clone(), seq: *seq, id: id.clone() })
            }
            _ => None,
        })
        .await
    }

    /// Says something to one person, without waiting for anything; answers the request's name.
    pub(crate) async fn whisper(
        &mut self,
        room: &str,
        to: &MemberId,
        text: &str,
        reply: Option<&MessageId>,
    ) -> ClientId {
        let cid = self.cid();
        self.whisper_as(&cid, room, to, text, reply).await;
        cid
    }

    /// The same under a name of the caller's choice.
    pub(crate) async fn whisper_as(
        &mut self,
        cid: &ClientId,
        room: &str,
        to: &MemberId,
        text: &str,
        reply: Option<&MessageId>,
    ) {
        let (cid, room, to, text) = (cid.clone(), room.to_owned(), to.clone(), text.to_owned());
        self.tell(&ClientFrame::Whisper(SendWhisper { cid, room, to, text, reply: reply.cloned(), timer_s: None }))
            .await;
    }

    /// Asks for a message in other words, without waiting for anything; answers the request's name.
    pub(crate) async fn edit(&mut self, room: &str, id: &MessageId, text: &str) -> ClientId {
        let (cid, room, id, text) = (self.cid(), room.to_owned(), id.clone(), text.to_owned());
        self.tell(&ClientFrame::Edit { cid: cid.clone(), room, id, text }).await;
        cid
    }

    /// The same to take it back.
    pub(crate) async fn delete(&mut self, room: &str, id: &MessageId) -> ClientId {
        let (cid, room, id) = (self.cid(), room.to_owned(), id.clone());
        self.tell(&ClientFrame::Delete { cid: cid.clone(), room, id }).await;
        cid
    }

    /// Puts an emoji to a message, or takes it away, without waiting for anything; answers the request's name.
    pub(crate) async fn react(&mut self, room: &str, id: &MessageId, emoji: &str, on: bool) -> ClientId {
        let (cid, room, id, emoji) = (self.cid(), room.to_owned(), id.clone(), emoji.to_owned());
        self.tell(&ClientFrame::React { cid: cid.clone(), room, id, emoji, on }).await;
        cid
    }

    /// Waits for a reaction to this message.
    pub(crate) async fn expect_reaction(&mut self, message: &MessageId) -> (String, bool) {
        self.expect("a reaction", |frame| match frame {
            ServerFrame::Reaction { id, emoji, on, .. } if id == message => Some((emoji.as_str().to_owned(), *on)),
            _ => None,
        })
        .await
    }

    /// Waits for a change of this message: its new text, or nothing where it was taken back.
    pub(crate) async fn expect_change(&mut self, message: &MessageId) -> Option<String> {
        self.expect("a change", |frame| match frame {
            ServerFrame::Edited { id, text, .. } if id == message => Some(Some(text.clone())),
            ServerFrame::Deleted { id, .. } if id == message => Some(None),
            _ => None,
        })
        .await
    }

    /// Waits for the message of a text.
    pub(crate) async fn expect_message(&mut self, said: &str) -> Message {
        self.expect("message", |frame| match frame {
            ServerFrame::Message(message) if message.text == said => Some(message.clone()),
            _ => None,
        })
        .await
    }

    /// The messages until the one of a text, that one included.
    pub(crate) async fn messages_until(&mut self, last: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        self.expect("the last message", |frame| match frame {
            ServerFrame::Message(message) => {
                messages.push(message.clone());
                (message.text == last).then_some(())
            }
            _ => None,
        })
        .await;
        messages
    }

    /// Waits for the error that answers a request; answers how long to wait.
    pub(crate) async fn expect_error(&mut self, code: ErrorCode, asked: Option<&ClientId>) -> Option<u64> {
        let (got, retry_after_ms) = self.next_error(asked).await;
        assert_eq!(got, code);
        retry_after_ms
    }

    /// The next error for a request.
    pub(crate) async fn next_error(&mut self, asked: Option<&ClientId>) -> (ErrorCode, Option<u64>) {
        self.expect("error", |frame| match frame {
            ServerFrame::Error { code, cid, retry_after_ms, text } if cid.as_ref() == asked => {
                assert_eq!(text, code.text());
                Some((*code, *retry_after_ms))
            }
            _ => None,
        })
        .await
    }

    /// Waits until a person is inside and in this state.
    pub(crate) async fn expect_state(&mut self, person: &MemberId, state: Activity) -> Member {
        self.expect("that state", |frame| {
            let ServerFrame::Presence { joined, changed, .. } = frame else {
                return None;
            };
            joined.iter().chain(changed).find(|member| member.id == *person && member.state == state).cloned()
        })
        .await
    }

    /// Waits until a person is outside; answers how many are inside.
    pub(crate) async fn expect_gone(&mut self, person: &MemberId) -> u32 {
        self.expect("that leave", |frame| match frame {
            ServerFrame::Presence { left, count, .. } if left.contains(person) => Some(*count),
            _ => None,
        })
        .await
    }

    /// Waits for who types.
    pub(crate) async fn expect_typing(&mut self) -> Vec<MemberId> {
        self.expect("typing", |frame| match frame {
            ServerFrame::Typing { members, .. } => Some(members.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn typing(&mut self, room: &str, on: bool) {
        self.tell(&ClientFrame::Typing { room: room.to_owned(), on }).await;
    }

    pub(crate) async fn status(&mut self, state: Activity) {
        self.tell(&ClientFrame::Status { state, room: None }).await;
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Asks whether the server is there; answers what came before its answer.
    pub(crate) async fn ping(&mut self) -> Vec<ServerFrame> {
        self.tell(&ClientFrame::Ping { have: None }).await;
        let mut before = Vec::new();
        self.expect("pong", |frame| {
            if *frame == (ServerFrame::Pong {}) {
                return Some(());
            }
            before.push(frame.clone());
            None
        })
        .await;
        before
    }

    /// Cuts the line without a goodbye.
    pub(crate) fn cut(self) -> Lost {
        Lost { addr: self.addr, token: self.token, session: self.session, secret: self.secret, have: self.have }
    }

    /// Closes as a page does that is closed.
    pub(crate) async fn close(self) -> Lost {
        let Self { addr, token, session, secret, have, wire, .. } = self;
        wire.close().await;
        Lost { addr, token, session, secret, have }
    }
}
