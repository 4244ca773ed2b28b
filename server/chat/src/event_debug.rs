//! How events are formatted: by their kind, and nothing of what a person wrote.

use std::fmt;

use crate::event::{
    Action, Body, Change, ChangeKind, Effect, EventKind, Input, NewMessage, NewWhisper, RoomEvent, Settings,
};

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text, .. } => text.fmt(f),
            Self::Sealed(sealed) => sealed.fmt(f),
        }
    }
}

impl fmt::Debug for RoomEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomEvent({:?}, {:?})", self.origin, self.kind)
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => message.fmt(f),
            Self::Whisper(whisper) => whisper.fmt(f),
            Self::Change(change) => change.fmt(f),
            Self::Action { action, .. } => action.fmt(f),
        }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Debug for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edit { text, .. } => write!(f, "Edit({text:?})"),
            Self::Delete => f.write_str("Delete"),
            Self::React { .. } => f.write_str("React"),
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings(_) => "Settings",
            Self::Kicked(_) => "Kicked",
            Self::Banned(_) => "Banned",
            Self::Barred(..) => "Barred",
            Self::Unbanned(_) => "Unbanned",
            Self::Role(..) => "Role",
            Self::Burned => "Burned",
        })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settings(…)")
    }
}

impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewMessage({:?})", self.body)
    }
}

impl fmt::Debug for NewWhisper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewWhisper({:?})", self.text)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Join { .. } => "Join",
            Self::Leave { .. } => "Leave",
            Self::Remove { .. } => "Remove",
            Self::Send { .. } => "Send",
            Self::Whisper { .. } => "Whisper",
            Self::Change { .. } => "Change",
            Self::Relay(_) => "Relay",
            Self::NotRelayed { .. } => "NotRelayed",
            Self::Answer { .. } => "Answer",
            Self::Typing { .. } => "Typing",
            Self::Read { .. } => "Read",
            Self::Status { .. } => "Status",
            Self::Dropped { .. } => "Dropped",
            Self::Resumed { .. } => "Resumed",
            Self::SessionEnded { .. } => "SessionEnded",
            Self::Rename { .. } => "Rename",
            Self::Act { .. } => "Act",
            Self::Knocks(_) => "Knocks",
            Self::Owner { .. } => "Owner",
            Self::People { .. } => "People",
            Self::NodeGone(_) => "NodeGone",
            Self::Missed => "Missed",
            Self::Recorded(_) => "Recorded",
            Self::Alone(_) => "Alone",
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
            Self::Between(_, frame) => write!(f, "Between({frame:?})"),
            Self::Publish(event) => write!(f, "Publish({event:?})"),
            Self::Ended(ended) => write!(f, "{ended:?}"),
        }
    }
}
