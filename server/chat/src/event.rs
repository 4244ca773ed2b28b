//! What goes into a room and what comes out: closed enums, so that the compiler lists the places to change.

use protocol::{
    Activity, ClientId, DisplayName, Emoji, Knocking, LeaveReason, MemberId, MessageId, Millis, Position, Refers, Role,
    RoomName, Sealed, ServerFrame, Text, Timer, Topic,
};
use serde::{Deserialize, Serialize};

use crate::bans::Mark;
use crate::ids::{NodeId, Origin, SessionKey};
use crate::people::People;
use crate::recorded::Recorded;

/// What was said. A room takes one of the two, by [`protocol::RoomInfo::sealed`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Something that the server has read.
    Text {
        /// As typed.
        text: Text,
        /// Rendered and sanitised, where markup makes a difference.
        html: Option<String>,
    },
    /// Something that only the members can read: relayed as it came.
    Sealed(Sealed),
}

/// Something that reaches several people, on its way through the broker to every node that serves the room. All of it is
/// made before it is published and is the same everywhere; only its place in the order (`seq`) is each node's own and comes
/// when the broker brings it back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEvent {
    /// Names it.
    pub id: MessageId,
    /// Who asked for it: the one session that is told that it was relayed.
    pub origin: Origin,
    /// When the server took it, by the wall clock.
    pub at: Millis,
    /// What it is.
    pub kind: EventKind,
}

/// Every kind of event. To add one (a new owner, say): a variant here with all that a node needs to apply
/// it, the room's function that checks the request and publishes it, and an arm in `Room::relay`, which is the only place
/// that tells those inside. The broker's suite carries one of each kind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// Somebody said something.
    Message(NewMessage),
    /// Somebody said something to one person. Every node tells it to the sessions of these two, and to nobody else.
    Whisper(NewWhisper),
    /// A message that was relayed before is another now. Its id was checked on the node that the event began on.
    Change(Change),
    /// Its owner or a moderator changed the room, or who is inside.
    Action {
        /// The request, where a session made it.
        cid: Option<ClientId>,
        /// Who.
        by: MemberId,
        /// What they did.
        action: Action,
    },
}

/// What happens to one message that was relayed before. The message itself is kept nowhere: those who have it know it by
/// its id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The request that brought it.
    pub cid: ClientId,
    /// The message's id.
    pub message: MessageId,
    /// Who asked for it.
    pub member: MemberId,
    /// What they are called.
    pub name: DisplayName,
    /// Whose ears it is for, where the message is a whisper.
    pub between: Option<[MemberId; 2]>,
    /// What becomes of it.
    pub kind: ChangeKind,
}

/// Every kind of change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeKind {
    /// It says this now. What is sealed is not edited.
    Edit {
        /// As typed.
        text: Text,
        /// Rendered and sanitised, where markup makes a difference.
        html: Option<String>,
    },
    /// It was taken back.
    Delete,
    /// An emoji was put to it, or taken away again.
    React {
        /// Which.
        emoji: Emoji,
        /// It is there now, or is not any more.
        on: bool,
    },
}

/// What owners and moderators do. Whoever makes one has looked whether they may, and has changed the record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// The room itself.
    Settings(Settings),
    /// Somebody was put out, who may come back.
    Kicked(MemberId),
    /// Somebody was put out, who may not.
    Banned(MemberId),
    /// Somebody who was not inside may not come in: who, what they wanted to be called, and where they come from.
    Barred(MemberId, DisplayName, Mark),
    /// Somebody may come back who was banned.
    Unbanned(MemberId),
    /// Somebody is something else. A new owner takes the place of the one before.
    Role(MemberId, Role),
    /// The room ends for everybody.
    Burned,
}

/// What is another of a room; `None`: as before.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What it is called.
    pub name: Option<RoomName>,
    /// What it is about; `Some(None)`: nothing any more.
    #[serde(with = "crate::in_list")]
    pub topic: Option<Option<Topic>>,
    /// Whether newcomers need a PIN. The PIN itself is the record's.
    pub pin: Option<bool>,
    /// The most people inside at once.
    pub capacity: Option<u32>,
    /// When it ends, later than before.
    pub expires_at: Option<Millis>,
    /// Whether no newcomers are let in.
    pub locked: Option<bool>,
    /// The burn timer of messages whose sender chose none; `Some(None)`: they have none either.
    #[serde(with = "crate::in_list")]
    pub timer_s: Option<Option<u32>>,
    /// Whether newcomers wait until somebody lets them in.
    pub lobby: Option<bool>,
}

/// One message, before it has a place in the order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMessage {
    /// The request that brought it.
    pub cid: ClientId,
    /// Who.
    pub member: MemberId,
    /// What they are called.
    pub name: DisplayName,
    /// What they said.
    pub body: Body,
    /// What it refers to: a message that the room made the id of, and people who were inside.
    pub refers: Refers,
    /// For how long it is there: its sender's choice, or else the room's.
    pub timer: Option<Timer>,
}

/// One whisper. It gets no place in the order of messages, by which others could see that there was one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWhisper {
    /// The request that brought it.
    pub cid: ClientId,
    /// Who.
    pub member: MemberId,
    /// What they are called.
    pub name: DisplayName,
    /// To whom: somebody who was inside.
    pub to: MemberId,
    /// What they are called.
    pub to_name: DisplayName,
    /// As typed.
    pub text: Text,
    /// Rendered and sanitised, where markup makes a difference.
    pub html: Option<String>,
    /// What it answers: a message of the room, or a whisper between the same two.
    pub reply: Option<MessageId>,
    /// When it burns.
    pub timer: Option<Timer>,
}

/// What happens to a room.
#[derive(Clone)]
pub enum Input {
    /// A session takes a seat, or joins its user's.
    Join {
        /// Which.
        session: SessionKey,
        /// The request; absent where the server asks by itself.
        cid: Option<ClientId>,
        /// Who.
        member: MemberId,
        /// What they want to be called.
        name: DisplayName,
        /// Whether they look.
        activity: Activity,
        /// What they saw last.
        since: Option<Position>,
        /// Where they come from.
        mark: Option<Mark>,
    },
    /// A person leaves for good, with every session.
    Leave {
        /// Which of them asked.
        session: SessionKey,
        /// The request.
        cid: Option<ClientId>,
    },
    /// A person is taken out (left by the API, signed out).
    Remove {
        /// Who.
        member: MemberId,
        /// Why.
        reason: LeaveReason,
    },
    /// A session says something.
    Send {
        /// Which.
        session: SessionKey,
        /// The request.
        cid: ClientId,
        /// 64 random bits, for the message's id.
        random: u64,
        /// What.
        body: Body,
        /// What it refers to, as it was asked for.
        refers: Refers,
    },
    /// A session says something to one person.
    Whisper {
        /// Which.
        session: SessionKey,
        /// The request.
        cid: ClientId,
        /// 64 random bits, for the whisper's id.
        random: u64,
        /// To whom, as it was asked for.
        to: MemberId,
        /// As typed.
        text: Text,
        /// Rendered and sanitised, where markup makes a difference.
        html: Option<String>,
        /// What it answers and for how long it is there, as it was asked for; it names nobody else.
        refers: Refers,
    },
    /// A session changes a message.
    Change {
        /// Which.
        session: SessionKey,
        /// The request.
        cid: ClientId,
        /// The message's id, as it was asked for.
        message: MessageId,
        /// What is to become of it.
        kind: ChangeKind,
        /// 64 random bits, for the event's id.
        random: u64,
    },
    /// The broker brings an event of this node or another: now it gets its place.
    Relay(RoomEvent),
    /// The broker would not take it.
    NotRelayed {
        /// Whose.
        session: SessionKey,
        /// Which.
        cid: ClientId,
    },
    /// Passes an answer through, so that answers come in the order of the requests. A refusal of what was acknowledged
    /// before becomes the ack again.
    Answer {
        /// For whom.
        session: SessionKey,
        /// What.
        frame: ServerFrame,
    },
    /// Started or stopped typing.
    Typing {
        /// Which session.
        session: SessionKey,
        /// Started or stopped.
        on: bool,
    },
    /// A session tells how far its person has read; without an id it tells, and is told, nothing of that any more.
    Read {
        /// Which session.
        session: SessionKey,
        /// The last message that they have seen, as it was told.
        id: Option<MessageId>,
    },
    /// Looks, or does not.
    Status {
        /// Which session.
        session: SessionKey,
        /// Online or away.
        activity: Activity,
    },
    /// A session lost its line; its grace period runs.
    Dropped {
        /// Which.
        session: SessionKey,
    },
    /// It came back in time.
    Resumed {
        /// Which.
        session: SessionKey,
    },
    /// It did not: the session is over.
    SessionEnded {
        /// Which.
        session: SessionKey,
    },
    /// A person is called something else now.
    Rename {
        /// Who.
        member: MemberId,
        /// What.
        name: DisplayName,
    },
    /// The room or who is inside was changed in the record: see [`Action`].
    Act {
        /// Who is told when it is done, and by which request; nobody where the API made it.
        asked: Option<(SessionKey, ClientId)>,
        /// 64 random bits, for the event's id.
        random: u64,
        /// Who did it.
        by: MemberId,
        /// What.
        action: Action,
    },
    /// Who waits at the door to be let in, instead of those before.
    Knocks(Vec<Knocking>),
    /// The room has another owner.
    Owner {
        /// Who.
        member: MemberId,
    },
    /// Another node tells who is inside on it, or asks who is here.
    People {
        /// Which.
        node: NodeId,
        /// What it tells.
        people: People,
    },
    /// Another node is gone, and with it whoever was inside there.
    NodeGone(NodeId),
    /// Something that others said was lost on its way between the nodes.
    Missed,
    /// The record was read again, since something of that may have been done to the room.
    Recorded(Box<Recorded>),
    /// Whether other nodes can be reached.
    Alone(bool),
    /// The room ends now.
    End(LeaveReason),
    /// Time went by: see [`crate::Room::deadline`].
    Tick,
}

/// What the server has to do, in this order.
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// A session is inside from here on: broadcasts reach it.
    Seated(SessionKey),
    /// A session is outside from here on.
    Unseated(SessionKey),
    /// One frame for one session.
    Reply(SessionKey, ServerFrame),
    /// One frame for every session inside. Whether it is kept for those without a line is a matter of the frame
    /// ([`ServerFrame::is_counted`]).
    Broadcast(ServerFrame),
    /// One frame for every session of these two, and for nobody else.
    Between([MemberId; 2], ServerFrame),
    /// Hand this to the broker.
    Publish(RoomEvent),
    /// The room is over; nothing follows.
    Ended(Ended),
}

/// How a room ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(pub LeaveReason);

impl RoomEvent {
    /// The request that brought it, which its origin waits to hear of; `None`: no session asked for it.
    #[must_use]
    pub const fn cid(&self) -> Option<&ClientId> {
        match &self.kind {
            EventKind::Message(message) => Some(&message.cid),
            EventKind::Whisper(whisper) => Some(&whisper.cid),
            EventKind::Change(change) => Some(&change.cid),
            EventKind::Action { cid, .. } => cid.as_ref(),
        }
    }
}
