//! The server's frames as the events that these clients know. Pure: no socket, no clock.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use crate::iso_time::iso;
use protocol::{
    Activity, ErrorCode, Knocking, LeaveReason, Member, MemberId, Message, MessageId, Millis, Notice, ReadUpTo,
    RoomCode, RoomInfo, ServerFrame, Timer, Whisper, encode,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::packet::{self, answer, event};
use realtime::dialect::Frame;

/// What an acknowledgement is called with.
#[derive(Serialize, Default)]
pub(super) struct Answer<'a> {
    ok: bool,
    /// The same under the name that other servers gave it.
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "messageId", skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(flatten)]
    fault: Option<Fault>,
}

impl Answer<'_> {
    pub(super) fn taken() -> Self {
        Self { ok: true, success: true, ..Self::default() }
    }

    fn done(room: &RoomCode) -> Answer<'_> {
        Answer { room: Some(room.as_str()), ..Answer::taken() }
    }

    pub(super) fn refused(code: ErrorCode, retry_after_ms: Option<u64>) -> Self {
        Self { fault: Some(Fault::new(code, retry_after_ms)), ..Self::default() }
    }
}

/// Why something was refused.
#[derive(Serialize, ToSchema)]
pub(super) struct Fault {
    message: &'static str,
    code: &'static str,
    /// The code of the native protocol: there are more of them, and they say more.
    reason: &'static str,
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Fault {
    const fn new(code: ErrorCode, retry_after_ms: Option<u64>) -> Self {
        Self { message: code.text(), code: name(code), reason: code.as_str(), retry_after_ms }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewMessage<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[schema(inline)]
    sender: Sender<'a>,
    room: &'a str,
    message_type: &'static str,
    created_at: String,
    is_edited: bool,
    /// Seconds from reading after which it is to be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    burn_after: Option<u32>,
    /// When it is over for those, too, who have not read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    burn_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Sender<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    username: &'a str,
    is_online: bool,
}

/// A message to one person. An event of its own: what a client does with `new_message`, it does for all to see.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewWhisper<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[schema(inline)]
    sender: Sender<'a>,
    #[schema(inline)]
    recipient: Sender<'a>,
    room: &'a str,
    message_type: &'static str,
    created_at: String,
    is_edited: bool,
}

/// What a message says from now on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdatedMessage<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    message_id: &'a str,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    room: &'a str,
    updated_at: String,
    is_edited: bool,
}

/// Something about the server itself.
#[derive(Serialize, ToSchema)]
pub(super) struct ServerNotice<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[schema(inline)]
    notice: Notice,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeletedMessage<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    message_id: &'a str,
    room: &'a str,
    deleted_at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageReaction<'a> {
    message_id: &'a str,
    emoji: &'a str,
    user_id: &'a str,
    username: &'a str,
    room: &'a str,
    on: bool,
}

/// One who types.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Typist<'a> {
    username: &'a str,
    user_id: &'a str,
    room: &'a str,
}

/// How far somebody has read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Receipt<'a> {
    room: &'a str,
    read_by: &'a str,
    /// What was sent before has not reached them.
    joined_at: String,
    /// When the last message that they have seen was sent.
    read_at: String,
}

/// What a room is now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomUpdated<'a> {
    room: &'a str,
    name: &'a str,
    topic: Option<&'a str>,
    capacity: u32,
    has_pin: bool,
    is_locked: bool,
    burn_after: Option<u32>,
    has_lobby: bool,
    expires_at: String,
}

/// The client's next token; without one: the word to have the cookie renewed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Renewed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    expires_at: Option<Millis>,
}

/// `new_message`, with the sender under this id.
pub(super) fn message(message: &Message, content: &str, sender: &str) -> Frame {
    let said = NewMessage {
        id: message.id.as_str(),
        content,
        html: message.html.as_deref(),
        sender: Sender { id: sender, username: message.name.as_str(), is_online: true },
        room: message.room.as_str(),
        message_type: "text",
        created_at: iso(message.at),
        is_edited: false,
        burn_after: message.timer.map(|timer| timer.after_s),
        burn_at: message.timer.map(|timer| iso(timer.ends_at)),
    };
    burning(event("new_message", &[&encode(&said)]), message.timer, message.at)
}

/// What was said, no longer than it is there.
fn burning(frame: Frame, timer: Option<Timer>, at: Millis) -> Frame {
    match timer {
        Some(timer) => packet::burning(&frame, timer.ends_at.saturating_sub(at)),
        None => frame,
    }
}

/// `whisper`, as one of the two reads it: their own id is the one that the API told them.
pub(super) fn whisper(whisper: &Whisper, content: &str, viewer: &MemberId, own_id: &str) -> Frame {
    let id = |member: &MemberId| if member == viewer { own_id.to_owned() } else { member.as_str().to_owned() };
    let (sender, recipient) = (id(&whisper.member), id(&whisper.to));
    let said = NewWhisper {
        id: whisper.id.as_str(),
        content,
        html: whisper.html.as_deref(),
        sender: Sender { id: &sender, username: whisper.name.as_str(), is_online: true },
        recipient: Sender { id: &recipient, username: whisper.to_name.as_str(), is_online: true },
        room: whisper.room.as_str(),
        message_type: "whisper",
        created_at: iso(whisper.at),
        is_edited: false,
    };
    burning(event("whisper", &[&encode(&said)]), whisper.timer, whisper.at)
}

/// `message-updated`.
pub(super) fn updated(room: RoomCode, id: &MessageId, at: Millis, content: &str, html: Option<&str>) -> Frame {
    let (id, room, updated_at) = (id.as_str(), room.as_str(), iso(at));
    let updated = UpdatedMessage { id, message_id: id, content, html, room, updated_at, is_edited: true };
    event("message-updated", &[&encode(&updated)])
}

/// `message-deleted`.
pub(super) fn deleted(room: RoomCode, id: &MessageId, at: Millis) -> Frame {
    let id = id.as_str();
    let deleted = DeletedMessage { id, message_id: id, room: room.as_str(), deleted_at: iso(at) };
    event("message-deleted", &[&encode(&deleted)])
}

/// `message-reaction`, of who has this id; nothing for any other frame.
pub(super) fn reaction(frame: &ServerFrame, user_id: &str) -> Option<Frame> {
    let ServerFrame::Reaction { room, id, name, emoji, on, .. } = frame else { return None };
    let (message_id, emoji, username, room) = (id.as_str(), emoji.as_str(), name.as_str(), room.as_str());
    let reaction = MessageReaction { message_id, emoji, user_id, username, room, on: *on };
    Some(event("message-reaction", &[&encode(&reaction)]))
}

/// `message-read`.
fn receipt(room: RoomCode, read: &ReadUpTo) -> Frame {
    let told = Receipt {
        room: room.as_str(),
        read_by: read.member.as_str(),
        joined_at: iso(read.from),
        read_at: iso(read.at),
    };
    event("message-read", &[&encode(&told)])
}

/// `user_typing` or `user_stop_typing`.
pub(super) fn typing(on: bool, room: RoomCode, member: &MemberId, username: &str) -> Frame {
    let typist = Typist { username, user_id: member.as_str(), room: room.as_str() };
    event(if on { "user_typing" } else { "user_stop_typing" }, &[&encode(&typist)])
}

/// `error`.
pub(super) fn error(code: ErrorCode, retry_after_ms: Option<u64>) -> Frame {
    event("error", &[&encode(&Fault::new(code, retry_after_ms))])
}

/// `room_updated`.
pub(super) fn room_updated(info: &RoomInfo) -> Frame {
    let told = RoomUpdated {
        room: info.code.as_str(),
        name: info.name.as_str(),
        topic: info.topic.as_ref().map(protocol::Topic::as_str),
        capacity: info.capacity,
        has_pin: info.pin,
        is_locked: info.locked,
        burn_after: info.timer_s,
        has_lobby: info.lobby,
        expires_at: iso(info.expires_at),
    };
    event("room_updated", &[&encode(&told)])
}

/// `server_notice`.
pub(super) fn notice(room: Option<RoomCode>, notice: Notice, text: Option<&str>) -> Frame {
    event("server_notice", &[&encode(&ServerNotice { room: room.as_ref().map(RoomCode::as_str), notice, text })])
}

/// `left_room`.
pub(super) fn left(room: RoomCode, reason: LeaveReason) -> Frame {
    event("left_room", &[&encode(&room), &encode(&reason)])
}

/// Everything that a frame for one session means to it. `own_id`: what the API told them as theirs.
pub(crate) fn replies(frame: &ServerFrame, own_id: &str) -> Vec<Frame> {
    match frame {
        ServerFrame::Joined { cid, room, you, members, .. } => {
            let answered = cid.iter().map(|cid| answer(cid, &Answer::done(&room.code)));
            let state = [event("joined_room", &[&encode(&room.code)]), Roster::new(room.code, members).of(you, own_id)];
            answered.chain(state).collect()
        }
        ServerFrame::Left { cid, room, reason } => {
            let answered = cid.iter().map(|cid| answer(cid, &Answer::done(room)));
            answered.chain([left(*room, *reason)]).collect()
        }
        ServerFrame::Knocks { room, knocks } => {
            let told = |one: &Knocking| json!({"userId": one.id, "username": one.name});
            let list = Value::from(knocks.iter().map(told).collect::<Vec<_>>());
            vec![event("knocks", &[&encode(room), &encode(&list)])]
        }
        ServerFrame::Done { cid, room } => vec![answer(cid, &Answer::done(room))],
        ServerFrame::Ack { cid, room, id, at, .. } => {
            let (id, timestamp) = (Some(id.as_str()), Some(iso(*at)));
            vec![answer(cid, &Answer { id, message_id: id, timestamp, ..Answer::done(room) })]
        }
        ServerFrame::Error { code, cid, retry_after_ms, .. } => {
            let answered = cid.iter().map(|cid| answer(cid, &Answer::refused(*code, *retry_after_ms)));
            answered.chain([error(*code, *retry_after_ms)]).collect()
        }
        ServerFrame::Token { token, expires_at } => {
            let renewed = Renewed { token: token.as_deref(), expires_at: *expires_at };
            vec![event("token", &[&encode(&renewed)])]
        }
        ServerFrame::Notice { room, notice: told, text } => vec![notice(*room, *told, text.as_deref())],
        ServerFrame::Receipt { room, reads } => reads.iter().map(|read| receipt(*room, read)).collect(),
        // What these clients have no event for, and what only a broadcast brings.
        ServerFrame::Welcome { .. }
        | ServerFrame::Room { .. }
        | ServerFrame::Message(_)
        | ServerFrame::Sealed(_)
        | ServerFrame::Whisper(_)
        | ServerFrame::Edited { .. }
        | ServerFrame::Deleted { .. }
        | ServerFrame::Reaction { .. }
        | ServerFrame::Presence { .. }
        | ServerFrame::Typing { .. }
        | ServerFrame::Gap { .. }
        | ServerFrame::Bye { .. }
        | ServerFrame::Ping {}
        | ServerFrame::Pong {}
        | ServerFrame::Unknown => Vec::new(),
    }
}

/// `users_online`, encoded once; each reader's own entry is exchanged in a copy of the bytes.
pub(super) struct Roster {
    list: String,
    code: String,
    ids: HashMap<MemberId, Range<usize>>,
}

impl Roster {
    /// Those of these people who have a line.
    pub(super) fn new<'m>(room: RoomCode, members: impl IntoIterator<Item = &'m Member>) -> Self {
        let (mut list, mut ids) = (String::from("["), HashMap::new());
        for member in members {
            match member.state {
                Activity::Online | Activity::Away => {}
                Activity::Offline => continue,
            }
            list.push_str(if list.len() == 1 { "{\"userId\":\"" } else { ",{\"userId\":\"" });
            let start = list.len();
            // An id is base64url, so it is the same in JSON.
            list.push_str(member.id.as_str());
            ids.insert(member.id.clone(), start..list.len());
            let username = encode(&member.name);
            let _ = write!(list, "\",\"username\":{username},\"isOnline\":true}}");
        }
        list.push(']');
        Self { list, code: encode(&room), ids }
    }

    /// As this member reads it.
    pub(super) fn of(&self, member: &MemberId, own_id: &str) -> Frame {
        match self.ids.get(member).and_then(|id| Some((self.list.get(..id.start)?, self.list.get(id.end..)?))) {
            Some((before, after)) => event("users_online", &[&[before, own_id, after].concat(), &self.code]),
            None => event("users_online", &[&self.list, &self.code]),
        }
    }

    /// How many people it names.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether both say the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

/// The few codes that clients of this interface branch on, by the status that the table gives a code.
pub(super) const fn name(code: ErrorCode) -> &'static str {
    match code.http_status() {
        400 | 405 | 413 | 415 | 426 => "INVALID_INPUT",
        401 | 403 => "UNAUTHORIZED",
        404 | 410 => "NOT_FOUND",
        409 => "FULL",
        429 => "RATE_LIMIT",
        _ => "SEND_MESSAGE_ERROR",
    }
}
