//! The one table of errors: HTTP answers, WebSocket `error` frames, closes and the interface all read it.
//!
//! Each text says what happened and what to do next. The interface may translate it by its code.

use serde::{Deserialize, Serialize};

use crate::decode::{Read, field};
use crate::json::Value;

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $http:literal, $close:literal, $text:literal;)+) => {
        /// What went wrong, as a code that programs branch on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
            /// A code that this version does not know, read from a newer server.
            #[serde(other)]
            Unknown,
        }

        impl ErrorCode {
            /// Every code a server sends, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code as it travels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ Self::Unknown => "unknown" }
            }

            /// The HTTP status that carries it.
            #[must_use]
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $http,)+ Self::Unknown => 500 }
            }

            /// The close code of a connection that ends for this reason.
            ///
            /// 4000-4499, 1012 and 1013: connect again. 4500-4999: do not, the same would happen. 1002 and 1007: something
            /// garbles frames or text on their way; where it is not the client itself, connecting again may help.
            #[must_use]
            pub const fn close_code(self) -> u16 {
                match self { $(Self::$name => $close,)+ Self::Unknown => 4000 }
            }

            /// What happened and what to do next, in English.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ Self::Unknown => "Something went wrong. Try again." }
            }
        }
    };
}

errors! {
    /// Not JSON, not a known frame, a missing or mistyped field.
    BadFrame = "bad_frame", 400, 4500, "That request can't be read. Check its fields against the protocol.";
    /// A frame or body over the limit.
    TooLarge = "too_large", 413, 4501, "That is too large. Send less at once.";
    /// A text frame that is not UTF-8. Its close code is RFC 6455's.
    InvalidUtf8 = "invalid_utf8", 400, 1007, "That text is not valid UTF-8. Check how the client encodes it.";
    /// Frames that break RFC 6455, whose close code this is.
    ProtocolError = "protocol_error", 400, 1002, "The connection broke the rules of WebSockets. Check the client and what stands between.";
    /// No subprotocol in common.
    UnsupportedVersion = "unsupported_version", 426, 4502, "This server speaks another version. Reload the page or update the client.";
    /// No hello, or no body of a request, in time.
    HelloTimeout = "hello_timeout", 408, 4003, "What should have come took too long. Connect again.";
    /// No login, or one that has ended.
    Unauthorized = "unauthorized", 401, 4510, "You are not signed in. Reload the page or sign in again.";
    /// The login was revoked.
    Revoked = "revoked", 401, 4511, "This login was ended. Sign in again.";
    /// Signed in, but not allowed.
    Forbidden = "forbidden", 403, 4512, "You are not allowed to do that.";
    /// The operator has closed registration, or the making of rooms.
    Closed = "closed", 403, 4517, "The operator of this server has closed that for now. Ask them, or try again later.";
    /// A cross-site request without a bearer token.
    BadOrigin = "bad_origin", 403, 4513, "This request came from another site. Use the site's own page, or a bearer token.";
    /// Two cookies of one request claim to be the login: one of them is another site's.
    TwoLogins = "two_logins", 401, 4515, "Two logins came with one request, so neither counts. Delete this site's cookies, then sign in again.";
    /// A form came from a browser that does not send back the cookie it was given.
    CookiesBlocked = "cookies_blocked", 403, 4516, "Cookies of this site are blocked, so it cannot tell who you are, and no room can be entered. Allow them, then try again.";
    /// Another connection took over the session.
    Replaced = "replaced", 409, 4514, "This session went on in another tab.";
    /// No such path.
    NotFound = "not_found", 404, 4520, "There is nothing here. Check the address.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, 4521, "That can't be done with this address. Check the method.";
    /// The body is not of the type that the path takes.
    UnsupportedMedia = "unsupported_media", 415, 4522, "That is not JSON. Send it with the header Content-Type: application/json.";
    /// What was typed is no room code.
    InvalidCode = "invalid_code", 400, 4530, "A room code has 8 letters and digits, like KW7P-3MXQ. Check it.";
    /// No live room has this code.
    RoomNotFound = "room_not_found", 404, 4531, "No room with that code. Check it, or create a new one.";
    /// The room ended while it was used.
    RoomEnded = "room_ended", 410, 4532, "This room has ended. Nothing was kept.";
    /// Every seat is taken.
    RoomFull = "room_full", 409, 4533, "This room is full. Try again when somebody has left.";
    /// The room needs a PIN and none came.
    PinRequired = "pin_required", 403, 4534, "This room needs a PIN. Ask somebody inside for it.";
    /// The PIN is another.
    WrongPin = "wrong_pin", 403, 4535, "That PIN doesn't match. Check it and try again.";
    /// So many wrong PINs from one address that it has to wait.
    TooManyTries = "too_many_tries", 429, 4032, "Too many wrong PINs. Wait until the time is up, then try again.";
    /// The room's member list cannot grow.
    TooManyMembers = "too_many_members", 409, 4536, "This room has as many members as it can keep. Create a new one.";
    /// The session is in as many rooms as it may.
    TooManyRooms = "too_many_rooms", 409, 4537, "You are in as many rooms as one session may be. Leave one first.";
    /// A request for a room that the session is not in.
    NotInRoom = "not_in_room", 403, 4538, "You are not in that room. Join it first.";
    /// Put out of the room for good.
    Banned = "banned", 403, 4560, "You were banned from this room. Create a room of your own, or ask its owner.";
    /// No newcomers are let in.
    RoomLocked = "room_locked", 403, 4561, "This room is locked. Ask somebody inside to unlock it.";
    /// Whom a request is about is no member of the room.
    NoSuchMember = "no_such_member", 404, 4562, "That person is not in this room any more. Look who is inside.";
    /// The room has as many moderators as it may.
    TooManyModerators = "too_many_moderators", 409, 4563, "This room has as many moderators as it can. Make one of them a member first.";
    /// An invite that lets nobody in: used up, taken back, run out, or none at all.
    InvalidInvite = "invalid_invite", 403, 4570, "This invite is used up, was taken back or has run out. Ask for a new one.";
    /// The room has as many invites as it may.
    TooManyInvites = "too_many_invites", 409, 4571, "This room has as many invites as it can. Take one back first.";
    /// A room that newcomers are let into one by one.
    KnockFirst = "knock_first", 403, 4572, "Somebody inside has to let you in. Knock on the room's page, and wait for them.";
    /// Those inside said no.
    NotLetIn = "not_let_in", 403, 4573, "You were not let in. Ask somebody inside, or create a room of your own.";
    /// As many wait already as may.
    TooManyKnocks = "too_many_knocks", 409, 4574, "Too many people wait in front of this room. Try again in a while.";
    /// A display name outside its rules.
    InvalidName = "invalid_name", 400, 4540, "A name has 1 to 30 visible characters and fits into 1,080 bytes. Choose another.";
    /// A room name outside its rules.
    InvalidRoomName = "invalid_room_name", 400, 4541, "A room's name has 1 to 50 visible characters and fits into 1,800 bytes. Choose another.";
    /// A burn timer outside of its bounds.
    InvalidTimer = "invalid_timer", 400, 4580, "A burn timer lasts from 5 seconds to 1 hour, as far as the server allows it. Choose another time.";
    /// A topic outside its rules.
    InvalidTopic = "invalid_topic", 400, 4564, "A topic has at most 200 visible characters on one line and fits into 7,200 bytes. Shorten it.";
    /// A PIN outside its rules.
    InvalidPin = "invalid_pin", 400, 4542, "A PIN or passphrase has 4 to 64 visible characters. Choose another.";
    /// A capacity outside the server's limits.
    InvalidCapacity = "invalid_capacity", 400, 4543, "That many people don't fit. Choose a number from 2 to the server's limit.";
    /// A lifetime outside the server's limits.
    InvalidLifetime = "invalid_lifetime", 400, 4544, "A room lasts from 1 hour to the server's limit. Choose another time.";
    /// A time for an invite outside the server's limits.
    InvalidInviteTime = "invalid_invite_time", 400, 4575, "An invite lasts from 1 hour to the server's limit. Choose another time.";
    /// An account name outside its rules.
    InvalidUsername = "invalid_username", 400, 4545, "A user name has 3 to 32 letters, digits, dots, dashes or underscores, and is not of signs alone. Choose another.";
    /// A password outside its rules.
    InvalidPassword = "invalid_password", 400, 4546, "A password has 8 to 256 characters. Choose another.";
    /// The account name is taken.
    UsernameTaken = "username_taken", 409, 4547, "That user name is taken. Choose another.";
    /// Unknown user or wrong password: deliberately one answer.
    BadCredentials = "bad_credentials", 401, 4548, "User name and password don't match. Check both.";
    /// A device that is not made of the words for it.
    InvalidDevice = "invalid_device", 400, 4549, "That device isn't known. Name a browser and a system, or leave it out.";
    /// Nothing but white space.
    EmptyText = "empty_text", 400, 4550, "There is nothing to send. Write something first.";
    /// Over the limit of characters.
    TextTooLong = "text_too_long", 400, 4551, "That message is too long. Shorten it, or send it in parts.";
    /// A text for a room that takes only sealed messages, or a client that knows none.
    SealedRoom = "sealed_room", 403, 4552, "This room is sealed: only clients that encrypt for themselves can read and write in it, and this one can't. Use one that can.";
    /// A sealed message for a room that takes text.
    NotSealed = "not_sealed", 400, 4553, "This room isn't sealed, so it takes only text. Send text, or use a sealed room.";
    /// An id that this room gave to no message.
    UnknownMessage = "unknown_message", 404, 4554, "That is no message of this room. Check its id.";
    /// A message of somebody else.
    NotYours = "not_yours", 403, 4555, "That message is somebody else's. Only who wrote it can change it.";
    /// The time in which a message can be changed is over.
    TooLate = "too_late", 400, 4556, "That message is too old to be changed. Write a new one.";
    /// A reaction that is no emoji.
    InvalidEmoji = "invalid_emoji", 400, 4557, "That is no emoji. Choose one.";
    /// Too much, too fast.
    RateLimited = "rate_limited", 429, 4029, "That was a bit fast. Wait a moment and try again.";
    /// Flooding in spite of `rate_limited`.
    Flooding = "flooding", 429, 4508, "This connection sent far too much and was closed.";
    /// Too many connections of one user or address.
    TooManyConnections = "too_many_connections", 429, 4030, "There are too many connections from you. Close one and try again.";
    /// The server is at its limit.
    Overloaded = "overloaded", 503, 1013, "The server is busy. Try again in a moment.";
    /// The database is away.
    Unavailable = "unavailable", 503, 4031, "The server can't reach its database. People inside can go on; try again in a moment.";
    /// The server stops or restarts.
    ShuttingDown = "shutting_down", 503, 1012, "The server is restarting. You will be connected again.";
    /// The connection did not take what was sent to it.
    SlowConsumer = "slow_consumer", 408, 4009, "Your connection is too slow for this room. Connecting again.";
    /// Nothing was heard for too long.
    Silence = "silence", 408, 4010, "Nothing was heard from you for too long. Connecting again.";
    /// A fault of ours.
    Internal = "internal", 500, 4000, "Something went wrong on the server. Try again.";
}

/// An HTTP error body: `application/problem+json` (RFC 9457) with the code of the table as an extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "describe", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:whisperspace:error:CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The table's text.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// The table's code.
    pub code: ErrorCode,
    /// When it makes sense to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// After a wrong PIN: tries before the next wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u64>,
    /// The greatest number that this server takes, in the unit of the field that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The request's id, as in the answer's header X-Request-Id: the operator's log has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Read for ErrorCode {
    fn read(value: Value) -> Option<Self> {
        let code = value.as_str()?;
        Some(Self::ALL.iter().copied().find(|known| known.as_str() == code).unwrap_or(Self::Unknown))
    }
}

impl Read for Problem {
    fn read(value: Value) -> Option<Self> {
        let Value::Object(mut object) = value else { return None };
        let object = &mut object;
        let kind = field(object, "type")?;
        let (title, status) = (field(object, "title")?, field(object, "status")?);
        Some(Self {
            kind,
            title,
            status,
            code: field(object, "code")?,
            retry_after_ms: field(object, "retry_after_ms")?,
            tries_left: field(object, "tries_left")?,
            limit: field(object, "limit")?,
            request_id: field(object, "request_id")?,
        })
    }
}

impl Problem {
    /// The problem for a code.
    #[must_use]
    pub fn new(code: ErrorCode, retry_after_ms: Option<u64>) -> Self {
        Self {
            kind: format!("urn:whisperspace:error:{}", code.as_str()),
            title: code.text().to_owned(),
            status: code.http_status(),
            code,
            retry_after_ms,
            tries_left: None,
            limit: None,
            request_id: None,
        }
    }

    /// The same with the number that its text speaks of: by the code, tries that are left or the limit.
    #[must_use]
    pub fn with_number(mut self, number: Option<u64>) -> Self {
        if self.code == ErrorCode::WrongPin {
            self.tries_left = number;
        } else if matches!(
            self.code,
            ErrorCode::InvalidCapacity | ErrorCode::InvalidLifetime | ErrorCode::InvalidInviteTime
        ) {
            self.limit = number;
        }
        self
    }

    /// That number again.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.tries_left.or(self.limit)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for ErrorCode {}
