//! The seam between rooms and what their clients speak. A session owns its [`Dialect`]; a room keeps one [`Projection`] for
//! each dialect that is spoken inside. Rooms, sessions and the hub know these traits and no dialect by name.
//!
//! To add a dialect: implement both traits beside its transport, and give the dialect to `Hub::open_session`.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chat::{Monotonic, Room, Tells};
use protocol::{Limits, MemberId, MessageId, Millis, RoomCode, ServerFrame, Whisper};
use tokio::time::Instant;

use crate::identity::UserId;

/// How a frame counts for resuming. `P` is what has an order of its own: a room, where it is not said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted<P = RoomCode> {
    /// Of no use later: dropped where there is no line.
    No,
    /// Kept until confirmed; what it tells is told in another way where it could not be kept.
    Yes(Tells<P>),
}

impl Counted {
    /// What a frame of the protocol is, in any dialect whose clients may resume.
    #[must_use]
    pub fn of(frame: &ServerFrame) -> Self {
        match frame {
            ServerFrame::Message(message) => Self::Yes(Tells::Message(message.room)),
            ServerFrame::Sealed(message) => Self::Yes(Tells::Message(message.room)),
            // Who does not get it has a message that is out of date, or none, and is told that something was missed.
            ServerFrame::Whisper(Whisper { room, .. })
            | ServerFrame::Edited { room, .. }
            | ServerFrame::Deleted { room, .. }
            | ServerFrame::Reaction { room, .. } => Self::Yes(Tells::Gap(*room, None)),
            ServerFrame::Gap { room, missed } => Self::Yes(Tells::Gap(*room, *missed)),
            // The answer to a request comes once.
            ServerFrame::Joined { cid: None, room, .. } => Self::Yes(Tells::State(room.code)),
            other if other.is_counted() => Self::Yes(Tells::Nothing),
            _ => Self::No,
        }
    }
}

/// One encoded frame, shared by all who get it.
#[derive(Clone)]
pub struct Frame<P = RoomCode> {
    /// As its transport takes it. The native one takes whole WebSocket frames.
    pub bytes: Bytes,
    /// How it counts.
    pub counted: Counted<P>,
    /// What is left of it when its time is over; `None`: it does not burn.
    pub ashes: Option<Arc<Ashes>>,
    /// The message whose text it has, where that may be changed or taken back later.
    pub text_of: Option<TextOf>,
    /// The message whose earlier text is not to be told any more; `None`: it says nothing of that kind.
    pub revises: Option<Arc<Revises>>,
}

impl<P> Frame<P> {
    /// One that neither burns nor has to do with a message's text.
    #[must_use]
    pub const fn plain(bytes: Bytes, counted: Counted<P>) -> Self {
        Self { bytes, counted, ashes: None, text_of: None, revises: None }
    }
}

/// By this a message's frames are found again among those that a session has not confirmed. Two messages may have the same
/// one: who finds a frame looks once more ([`Retell`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOf(u64);

impl TextOf {
    /// What finds a frame; `None` where it has no message's text.
    #[must_use]
    pub fn frame(frame: &ServerFrame) -> Option<Self> {
        match frame {
            ServerFrame::Message(message) => Some(Self::message(&message.id)),
            ServerFrame::Sealed(message) => Some(Self::message(&message.id)),
            ServerFrame::Whisper(whisper) => Some(Self::message(&whisper.id)),
            ServerFrame::Edited { id, .. } => Some(Self::message(id)),
            _ => None,
        }
    }

    fn message(id: &MessageId) -> Self {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What is told in the place of a frame with a message's text when this edit or deletion is known; `None` where the frame
/// is about another message.
pub type Retell = fn(&Bytes, &ServerFrame) -> Option<Bytes>;

/// A message was edited or taken back: what it said before is not told any more to those who were not told yet. Each frame
/// keeps its place, so that counts stay right and nobody is told of a gap.
pub struct Revises {
    text_of: TextOf,
    by: ServerFrame,
    retell: Retell,
    /// Sessions share their frames, so each is made once.
    made: Mutex<Vec<(Bytes, Bytes)>>,
}

impl Revises {
    /// What a frame does to those before it; `None` where it leaves them as they are.
    #[must_use]
    pub fn frame(frame: &ServerFrame, retell: Retell) -> Option<Self> {
        match frame {
            ServerFrame::Edited { id, .. } | ServerFrame::Deleted { id, .. } => {
                Some(Self { text_of: TextOf::message(id), by: frame.clone(), retell, made: Mutex::default() })
            }
            _ => None,
        }
    }

    /// What finds the frames that it is about.
    #[must_use]
    pub const fn text_of(&self) -> TextOf {
        self.text_of
    }

    /// Whether nothing is left of the message.
    #[must_use]
    pub const fn takes_back(&self) -> bool {
        matches!(self.by, ServerFrame::Deleted { .. })
    }

    /// What is told in the place of such a frame.
    #[must_use]
    pub fn instead_of(&self, frame: &Bytes) -> Option<Bytes> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |known: &Bytes| known.as_ptr() == frame.as_ptr() && known.len() == frame.len();
        if let Some((_, other)) = made.iter().find(|(known, _)| is_same(known)) {
            return Some(other.clone());
        }
        let other = (self.retell)(frame, &self.by)?;
        made.push((frame.clone(), other.clone()));
        Some(other)
    }
}

/// What a client gets instead of a message with a burn timer that was over before it could be told: the same without its
/// text. The message keeps its place, so nobody is told of a gap where there is none.
pub struct Ashes {
    over_at: Instant,
    bytes: Bytes,
}

impl Ashes {
    /// Of a message that was taken just now and is over after so many milliseconds.
    #[must_use]
    pub fn after(ms: Millis, bytes: Bytes) -> Self {
        let far = Duration::from_secs(u32::MAX.into());
        Self { over_at: Instant::now() + Duration::from_millis(ms).min(far), bytes }
    }

    /// When the message is over.
    pub const fn over_at(&self) -> Instant {
        self.over_at
    }

    /// What is left of it.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Tells one dialect from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialectId(pub &'static str);

/// The words that a session's client speaks. It has no state: what is known of a person comes as an argument, what is
/// known of a room is the projection's.
pub trait Dialect: Send + Sync + 'static {
    /// Sessions with equal ids share a projection in each room.
    fn id(&self) -> DialectId;

    /// Whether it has words for what is said in sealed rooms. Who speaks one that has none is refused there.
    fn reads_sealed(&self) -> bool;

    /// What a frame for one session alone means to its client, whose user this is: any number of frames, in their order.
    /// A client that may resume has exactly one for [`ServerFrame::Welcome`], and one for [`ServerFrame::Gap`].
    fn reply(&self, user: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame));

    /// Begins to tell a room's state, when the first session of the dialect takes its seat.
    fn projection(&self) -> Box<dyn Projection>;
}

/// A room's state as one dialect tells it.
pub trait Projection: Send {
    /// One broadcast, encoded once; `None` where there is no word for it, or where the same was told before.
    fn broadcast(&mut self, frame: &ServerFrame, context: &RoomContext<'_>) -> Option<Broadcast>;

    /// When [`Projection::tick`] has something to tell.
    fn deadline(&self) -> Option<Monotonic> {
        None
    }

    /// What was held back until its time came.
    fn tick(&mut self, _: &RoomContext<'_>) -> Option<Broadcast> {
        None
    }
}

/// What a projection may look at.
#[derive(Debug, Clone, Copy)]
pub struct RoomContext<'a> {
    /// As it is after what is told.
    pub room: &'a Room,
    /// The limits in force.
    pub limits: &'a Limits,
    /// The time.
    pub now: Monotonic,
}

/// One broadcast in the words of one dialect.
pub enum Broadcast {
    /// The same bytes for all.
    Shared(Frame),
    /// Not the same for all.
    PerViewer(PerViewer),
}

/// A broadcast that some read differently from others: pushes what this one gets.
pub type PerViewer = Box<dyn FnMut(&Viewer<'_>, &mut dyn FnMut(&Frame)) + Send>;

/// Somebody inside who is told something.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// As the others see them.
    pub member: &'a MemberId,
    /// As the server knows them.
    pub user: UserId,
}

/// What a dialect that has exactly one word for a frame says.
pub fn one_word(dialect: &dyn Dialect, user: UserId, frame: &ServerFrame) -> Option<Frame> {
    let mut said = None;
    dialect.reply(user, frame, &mut |frame| said = Some(frame));
    said
}

impl<P> std::fmt::Debug for Frame<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({} bytes)", self.bytes.len())
    }
}

impl std::fmt::Debug for Ashes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ashes({} bytes)", self.bytes.len())
    }
}

impl std::fmt::Debug for Revises {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Revises(…)")
    }
}

impl std::fmt::Debug for dyn Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id().0)
    }
}

impl std::fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shared(frame) => write!(f, "Shared({frame:?})"),
            Self::PerViewer(_) => f.write_str("PerViewer(…)"),
        }
    }
}
