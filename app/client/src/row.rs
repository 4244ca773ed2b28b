//! What the log shows, line by line. Plain data: made by the timeline, drawn by the components.

use std::fmt;
use std::sync::Arc;

use protocol::{ClientId, DisplayName, Emoji, ErrorCode, MemberId, MessageId, Millis, Role, RoomName, Topic};

/// Characters that are shown of a message elsewhere than in its row.
pub(crate) const BEGINNING_CHARS: usize = 120;

/// Kinds of reactions that are shown at one message; how many more there are is a number.
pub const REACTIONS_SHOWN: usize = 20;

/// One line of the log. A list keyed by `(key, version)` draws exactly the lines that are new or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The same for as long as the line exists.
    pub key: u64,
    /// Grows with every change of `kind`.
    pub version: u32,
    /// What the line says.
    pub kind: RowKind,
}

/// Rows that are drawn together, and left out together while they are out of view: then a long log costs what a short
/// one does.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// The same for as long as the block exists.
    pub key: u64,
    /// Oldest first, at least one.
    pub rows: Vec<Arc<Row>>,
}

/// By what is drawn: a row that changes gets another version.
impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Arc<Row>, &Arc<Row>)| a.key == b.key && a.version == b.version;
        self.key == other.key && self.rows.len() == other.rows.len() && self.rows.iter().zip(&other.rows).all(same)
    }
}

/// What a line says.
#[derive(Clone, PartialEq)]
pub enum RowKind {
    /// Somebody said something.
    Message(MessageLine),
    /// People came and went since the line before; who did both is in both lists.
    Joins {
        /// Came, and were not here before.
        joined: Vec<DisplayName>,
        /// Went, and are not back.
        left: Vec<DisplayName>,
    },
    /// Messages were relayed here that this page did not get: how many, or possibly some.
    Missed(Option<u64>),
    /// Where reading ended: what is below came while nobody looked.
    Unread,
    /// The room is another, or who somebody is in it.
    Changed {
        /// Who changed it, or whose role it is; `None`: it is not known.
        who: Option<DisplayName>,
        /// What is another.
        what: RoomNews,
    },
}

/// What is another of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomNews {
    /// Its name.
    Name(RoomName),
    /// What it is about; `None`: nothing any more.
    Topic(Option<Topic>),
    /// Whether it is locked.
    Locked(bool),
    /// Whether newcomers need a PIN.
    Pin(bool),
    /// Whether newcomers wait until somebody lets them in.
    Lobby(bool),
    /// How many people it takes.
    Capacity(u32),
    /// It ends later.
    Extended,
    /// The burn timer of what is said without one.
    Timer(Option<u32>),
    /// What somebody is in it.
    Role(Role),
    /// Whether other servers of the site are out of reach.
    Apart(bool),
    /// What the operator says to everybody.
    Announced(String),
}

/// One message.
#[derive(Clone, PartialEq)]
pub struct MessageLine {
    /// Its id, as soon as the server has given it one.
    pub id: Option<MessageId>,
    /// Who; picture and colour are drawn from it. Absent only on an own message typed before the room was joined.
    pub member: Option<MemberId>,
    /// What they were called then.
    pub name: DisplayName,
    /// When, by the server's clock.
    pub at: Millis,
    /// What was typed; to be shown as text.
    pub text: String,
    /// The same as HTML that the server sanitised, only where markup makes a difference.
    pub html: Option<String>,
    /// Whether this person said it, on this page or on another of theirs.
    pub own: bool,
    /// Where it stands; always [`Delivery::Sent`] for the messages of others.
    pub delivery: Delivery,
    /// The message that it answers.
    pub reply: Option<Box<Quote>>,
    /// It names this person.
    pub mentions_you: bool,
    /// To whom it was whispered; `None`: it was said to all.
    pub whisper: Option<Box<Confidant>>,
    /// What has become of it since it was sent.
    pub revision: Revision,
    /// What people have put to it, in the order in which each came first.
    pub reactions: Vec<Reaction>,
    /// Other words of this person's that the server has not taken yet.
    pub edit: Option<Box<PendingEdit>>,
    /// Seconds from reading until it burns.
    pub timer_s: Option<u32>,
    /// Whether it starts a group: another author, another day part, or another kind of line before it.
    pub first: bool,
}

/// What has become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// It is as it was sent.
    Original,
    /// Its author has changed it.
    Edited,
    /// Its author has taken it back: its text is nowhere any more.
    Deleted,
    /// Its timer is over: the same.
    Burned,
}

impl Revision {
    /// Nothing is left of it.
    pub const fn is_gone(self) -> bool {
        match self {
            Self::Original | Self::Edited => false,
            Self::Deleted | Self::Burned => true,
        }
    }
}

impl MessageLine {
    /// What was said is not here any more, for this reason.
    pub fn forget(&mut self, why: Revision) {
        self.text = String::new();
        self.html = None;
        self.edit = None;
        self.reactions = Vec::new();
        self.reply = None;
        self.timer_s = None;
        self.revision = why;
    }
}

/// Somebody to whom something is whispered.
#[derive(Clone, PartialEq, Eq)]
pub struct Confidant {
    /// Who.
    pub member: MemberId,
    /// What they were called then.
    pub name: DisplayName,
}

/// A message that another answers.
#[derive(Clone, PartialEq)]
pub struct Quote {
    /// Its id.
    pub id: MessageId,
    /// What this page has of it.
    pub quoted: Quoted,
}

/// What a page has of a message that is answered. Nothing of it travels with the answer: who has not got the message
/// does not get it that way, and nobody is quoted with what they did not say.
#[derive(Clone, PartialEq)]
pub enum Quoted {
    /// It is in the log.
    Here {
        /// Its row.
        key: u64,
        /// Who said it.
        name: DisplayName,
        /// How it begins.
        beginning: String,
    },
    /// It was taken back.
    Deleted,
    /// Its timer was over.
    Burned,
    /// It is from before this page came, or was removed from a long log.
    Elsewhere,
}

/// An emoji at a message, and who has put it there.
#[derive(Clone, PartialEq)]
pub struct Reaction {
    /// Which.
    pub emoji: Emoji,
    /// In the order in which they did; never empty.
    pub by: Vec<Reactor>,
    /// This person is one of them.
    pub own: bool,
}

/// Somebody who has reacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Reactor {
    /// Who.
    pub member: MemberId,
    /// What they were called then.
    pub name: DisplayName,
}

/// Other words for an own message.
#[derive(Clone, PartialEq)]
pub struct PendingEdit {
    /// The request.
    pub cid: ClientId,
    /// The words.
    pub text: String,
    /// Where the request stands.
    pub delivery: Delivery,
}

/// What a person does to a message.
#[derive(Clone, PartialEq, Eq)]
pub enum RowAction {
    /// Say it in these words.
    Edit(String),
    /// Put this emoji to it, or take it away where the person has put it there.
    React(String),
    /// Take it back.
    Delete,
}

/// Where an own message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// On its way, or next to go.
    Sending,
    /// Accepted and relayed. It does not mean read.
    Sent,
    /// The server asked for patience, or there is no connection: it is sent later without the person doing anything.
    Waiting {
        /// When, by the server's clock, where that is known.
        retry_at: Option<Millis>,
    },
    /// Refused: the person decides between trying again and discarding it.
    Failed(ErrorCode),
}

/// Lines carry text and names: only the kind is ever formatted.
impl fmt::Debug for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => "Message",
            Self::Joins { .. } => "Joins",
            Self::Missed(_) => "Missed",
            Self::Unread => "Unread",
            Self::Changed { .. } => "Changed",
        })
    }
}

impl fmt::Debug for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.quoted.fmt(f)
    }
}

impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Here { .. } => "Here",
            Self::Deleted => "Deleted",
            Self::Burned => "Burned",
            Self::Elsewhere => "Elsewhere",
        })
    }
}

impl fmt::Debug for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reaction({} people)", self.by.len())
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reactor(…)")
    }
}

impl fmt::Debug for Confidant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confidant(…)")
    }
}

impl fmt::Debug for PendingEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingEdit({} bytes, {:?})", self.text.len(), self.delivery)
    }
}

impl fmt::Debug for RowAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edit(_) => "Edit",
            Self::React(_) => "React",
            Self::Delete => "Delete",
        })
    }
}

impl fmt::Debug for MessageLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageLine({} bytes, {:?})", self.text.len(), self.delivery)
    }
}
