//! What goes into a room and what comes out: closed enums, so that the compiler lists the places to change.

use std::fmt;

use protocol::{
    Activity, ClientId, DisplayName, LeaveReason, MemberId, MessageId, Millis, Position, RoomInfo, ServerFrame, Text,
};

/// One session, as this server numbers it; never on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey(pub u64);

/// What was said, already sanitised.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// As typed.
    pub text: Text,
    /// Rendered and sanitised, where markup makes a difference.
    pub html: Option<String>,
}

/// One message on its way through the broker, before it has a place in the order.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    /// Which session waits for the ack.
    pub session: SessionKey,
    /// Its request.
    pub cid: ClientId,
    /// Who.
    pub member: MemberId,
    /// What they are called.
    pub name: DisplayName,
    /// When the server took it.
    pub at: Millis,
    /// What they said.
    pub body: Body,
}

/// Makes message ids; given by the server, because a keyed hash is its business.
pub trait MessageIds: Send {
    /// The id of the message at this place. Equal arguments give equal ids.
    fn message_id(&self, position: Position, at: Millis, member: &MemberId) -> MessageId;
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
        /// What.
        body: Body,
    },
    /// The broker brings a message back: now it gets its place.
    Relay(Item),
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
    /// The room has another owner.
    Owner {
        /// Who.
        member: MemberId,
    },
    /// The room changed.
    Changed(RoomInfo),
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
    /// One frame for every session inside, kept for those without a line.
    Broadcast(ServerFrame),
    /// One frame for every session with a line; of no use later.
    Volatile(ServerFrame),
    /// Hand this to the broker.
    Publish(Item),
    /// The room is over; nothing follows.
    Ended(Ended),
}

/// How a room ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(pub LeaveReason);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.text.as_str().len())
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({:?})", self.body)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Join { .. } => "Join",
            Self::Leave { .. } => "Leave",
            Self::Remove { .. } => "Remove",
            Self::Send { .. } => "Send",
            Self::Relay(_) => "Relay",
            Self::NotRelayed { .. } => "NotRelayed",
            Self::Answer { .. } => "Answer",
            Self::Typing { .. } => "Typing",
            Self::Status { .. } => "Status",
            Self::Dropped { .. } => "Dropped",
            Self::Resumed { .. } => "Resumed",
            Self::SessionEnded { .. } => "SessionEnded",
            Self::Rename { .. } => "Rename",
            Self::Owner { .. } => "Owner",
            Self::Changed(_) => "Changed",
            Self::End(_) => "End",
            Self::Tick => "Tick",
        })
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seated(session) => write!(f, "Seated({session:?})"),
            Self::Unseated(session) => write!(f, "Unseated({session:?})"),
            Self::Reply(session, frame) => write!(f, "Reply({session:?}, {frame:?})"),
            Self::Broadcast(frame) => write!(f, "Broadcast({frame:?})"),
            Self::Volatile(frame) => write!(f, "Volatile({frame:?})"),
            Self::Publish(item) => write!(f, "Publish({item:?})"),
            Self::Ended(ended) => write!(f, "{ended:?}"),
        }
    }
}
