//! What the log shows, line by line. Plain data: made by the timeline, drawn by the components.

use std::fmt;
use std::sync::Arc;

use protocol::{ClientId, DisplayName, ErrorCode, MemberId, MessageId, Millis};

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
    /// What has become of it since it was sent.
    pub revision: Revision,
    /// Other words of this person's that the server has not taken yet.
    pub edit: Option<PendingEdit>,
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
        })
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
            Self::Delete => "Delete",
        })
    }
}

impl fmt::Debug for MessageLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageLine({} bytes, {:?})", self.text.len(), self.delivery)
    }
}
