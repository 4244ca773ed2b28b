//! The fields of requests that a room hands on among its own files.

use protocol::{ClientId, MemberId, MessageId, Refers, Text};

use crate::event::{Body, ChangeKind};
use crate::ids::SessionKey;

/// The fields of [`crate::Input::Send`].
pub(crate) struct SendRequest {
    pub(crate) session: SessionKey,
    pub(crate) cid: ClientId,
    pub(crate) random: u64,
    pub(crate) body: Body,
    pub(crate) refers: Refers,
}

/// The fields of [`crate::Input::Whisper`].
pub(crate) struct WhisperRequest {
    pub(crate) session: SessionKey,
    pub(crate) cid: ClientId,
    pub(crate) random: u64,
    pub(crate) to: MemberId,
    pub(crate) text: Text,
    pub(crate) html: Option<String>,
    pub(crate) refers: Refers,
}

/// The fields of [`crate::Input::Change`].
pub(crate) struct ChangeRequest {
    pub(crate) session: SessionKey,
    pub(crate) cid: ClientId,
    pub(crate) message: MessageId,
    pub(crate) kind: ChangeKind,
    pub(crate) random: u64,
}
