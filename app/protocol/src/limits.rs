//! Every limit of the product in one place, each configurable under its name here.
//!
//! A queue, list, string or loop that is bounded by a number takes the number from here.

use serde::{Deserialize, Serialize};

/// Lists and objects inside of one another that a client follows in what a server sends; the wire has five.
pub const JSON_DEPTH_MAX: u32 = 64;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $range:expr;)+) => {
        /// The limits in force on one server.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            /// Name, default and description of each limit, in the order of the reference.
            pub const REFERENCE: &[(&str, u64, &str)] = &[$((stringify!($name), $default as u64, concat!($($doc),+)),)+];

            /// Checks that each value is within what the program can honour.
            ///
            /// # Errors
            /// A sentence that names the limit and its range.
            pub fn check(&self) -> Result<(), String> {
                $(if !$range.contains(&self.$name) {
                    return Err(format!("{} must be within {:?}, not {}", stringify!($name), $range, self.$name));
                })+
                Ok(())
            }

            /// Sets one limit by its name, as the configuration does.
            ///
            /// # Errors
            /// A sentence that says what is wrong with name or value.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
                match name {
                    $(stringify!($name) => {
                        self.$name = value.trim().parse().map_err(|_| format!("{name} needs a whole number, not '{value}'"))?;
                    })+
                    unknown => return Err(format!("there is no limit named '{unknown}'")),
                }
                self.check()
            }
        }
    };
}

limits! {
    /// Characters in a message (Unicode scalar values, after trimming).
    text_chars_max: u32 = 5_000, (1..=16_000);
    /// Characters of base64url in a sealed message, which stand for three quarters as many bytes.
    sealed_chars_max: u32 = 32_768, (1_024..=131_072);
    /// Bytes in a WebSocket frame.
    frame_bytes_max: u32 = 65_536, (4_096..=1_048_576);
    /// Bytes in the body of an HTTP request.
    body_bytes_max: u32 = 65_536, (4_096..=1_048_576);
    /// Messages a user may send at once.
    sends_burst: u32 = 30, (1..=100_000);
    /// Milliseconds until one more message may be sent.
    sends_refill_ms: u64 = 2_000, (1..=3_600_000);
    /// Milliseconds after which a message can be edited and deleted no more.
    edit_window_ms: u64 = 900_000, (1_000..=604_800_000);
    /// Edits and deletions of a user in a minute.
    edits_per_minute: u32 = 30, (1..=100_000);
    /// Reactions that a user may add and take back in a minute.
    reactions_per_minute: u32 = 60, (1..=100_000);
    /// People whom one message may mention.
    mentions_max: u32 = 20, (0..=500);
    /// The shortest burn timer, in seconds from reading.
    burn_s_min: u32 = 5, (1..=3_600);
    /// The longest, in seconds.
    burn_s_max: u32 = 3_600, (1..=86_400);
    /// Milliseconds from its sending until a message with a timer is over for those, too, who have not read it.
    burn_unread_ms: u64 = 14_400_000, (1_000..=604_800_000);
    /// Milliseconds between two typing signals of one session that are passed on; further ones are merged.
    typing_every_ms: u64 = 2_000, (100..=60_000);
    /// Milliseconds until a typing signal ends by itself.
    typing_expires_ms: u64 = 5_000, (500..=60_000);
    /// People inside up to which it is told who has read how far.
    receipts_people_max: u32 = 50, (0..=10_000);
    /// Joins a user may ask for in a minute.
    joins_per_minute: u32 = 20, (1..=100_000);
    /// Frames of any kind that a session may send in a minute.
    frames_per_minute: u32 = 300, (10..=1_000_000);
    /// Refused frames of one connection at once before it counts as flooding.
    refusals_burst: u32 = 300, (1..=1_000_000);
    /// Milliseconds until one more of them is forgotten.
    refusals_refill_ms: u64 = 1_000, (1..=3_600_000);
    /// Rooms that one user may make in an hour; four times as many all users of an address together.
    rooms_made_per_hour: u32 = 20, (1..=1_000_000);
    /// Guests that one address may make in an hour; accounts that one user may try to make.
    guests_made_per_hour: u32 = 60, (1..=1_000_000);
    /// Look-ups of unknown codes in a minute by one user, by all of an address without a login, or by links of other sites.
    misses_per_minute: u32 = 30, (1..=1_000_000);
    /// Connections of one user at once.
    connections_per_user: u32 = 8, (1..=10_000);
    /// Sockets and Socket.IO sessions of one address at once; TCP connections of any kind may be four times as many.
    connections_per_address: u32 = 100, (1..=1_000_000);
    /// Sockets and Socket.IO sessions of the whole server at once; kept below the limit on open files, and so are TCP connections of any kind, a quarter more.
    connections_total: u32 = 100_000, (1..=10_000_000);
    /// Socket.IO sessions whose client has not said who it is, in all; the oldest makes way.
    strangers_total: u32 = 2_000, (10..=1_000_000);
    /// And of one network (an IPv4 /24, an IPv6 /48).
    strangers_per_network: u32 = 100, (2..=1_000_000);
    /// Rooms that one session may be in at once.
    rooms_per_session: u32 = 50, (1..=1_000);
    /// Changes of rooms and of who is inside that one user may ask for in a minute.
    powers_per_minute: u32 = 30, (1..=100_000);
    /// Moderators of one room.
    moderators_per_room: u32 = 20, (1..=1_000);
    /// People who are banned from one room, in memory; the oldest ban makes way.
    bans_per_room: u32 = 1_000, (1..=100_000);
    /// Invites of one room that are in force, in memory.
    invites_per_room: u32 = 50, (1..=10_000);
    /// Bytes of an address that is drawn as a QR code.
    qr_bytes_max: u32 = 300, (64..=1_000);
    /// People who may wait in front of one room to be let in.
    knocks_per_room: u32 = 50, (1..=10_000);
    /// Milliseconds that one request waits for the answer to a knock.
    knock_wait_ms: u64 = 10_000, (10..=60_000);
    /// Milliseconds for which a knock stands without anybody who waits, so that the next request finds it.
    knock_kept_ms: u64 = 5_000, (10..=60_000);
    /// Milliseconds until somebody who was not let in may knock again.
    knock_again_ms: u64 = 60_000, (0..=3_600_000);
    /// Stored members of one room.
    members_per_room: u32 = 10_000, (2..=100_000);
    /// The greatest capacity (people inside at once) that a room may ask for.
    capacity_max: u32 = 500, (2..=10_000);
    /// Capacity of a room that asks for none.
    capacity_default: u32 = 50, (2..=10_000);
    /// The longest lifetime of a room, in seconds.
    lifetime_s_max: u64 = 604_800, (3_600..=31_536_000);
    /// Lifetime of a room that asks for none, in seconds.
    lifetime_s_default: u64 = 86_400, (3_600..=31_536_000);
    /// Milliseconds without a seat until a room ends.
    room_empty_ms: u64 = 600_000, (1_000..=86_400_000);
    /// Milliseconds that a dropped session keeps its seat and its unconfirmed frames; 0 turns it off.
    grace_ms: u64 = 30_000, (0..=600_000);
    /// Bytes of unconfirmed frames kept in memory for a session.
    retention_bytes_max: u32 = 262_144, (0..=16_777_216);
    /// Bytes not yet written to a connection beyond which it counts as slow when it takes nothing for a quarter of `unwritten_ms_max`.
    unwritten_bytes_max: u32 = 262_144, (16_384..=16_777_216);
    /// Bytes not yet written to a connection before it counts as slow, whatever it takes.
    backlog_bytes_max: u32 = 2_097_152, (65_536..=67_108_864);
    /// Milliseconds without progress in writing before a connection of any kind ends.
    unwritten_ms_max: u64 = 10_000, (1_000..=60_000);
    /// Milliseconds from the connection to its hello.
    hello_ms_max: u64 = 5_000, (100..=60_000);
    /// Milliseconds for the head of an HTTP request.
    headers_ms_max: u64 = 10_000, (100..=60_000);
    /// Milliseconds between two pings of the server.
    ping_every_ms: u64 = 25_000, (100..=120_000);
    /// Milliseconds of silence after which a connection is dead.
    silence_ms_max: u64 = 40_000, (200..=300_000);
    /// Milliseconds over which changes of presence and typing are gathered into one frame.
    presence_tick_ms: u64 = 200, (10..=5_000);
    /// Members in one roster; of a larger room the count is told and the rest on request.
    roster_max: u32 = 200, (1..=10_000);
    /// Wrong PINs of one address for one room before it has to wait; of IPv6 twice as many of its /56, eight times of its /48.
    pin_tries: u32 = 5, (1..=1_000);
    /// Failed sign-ins of one address for one account in fifteen minutes.
    auth_failures: u32 = 5, (1..=1_000);
    /// Seconds that a token lasts; a live session has it renewed when half of them are over. A guest is kept as long.
    token_s: u64 = 86_400, (2..=2_592_000);
    /// Logins kept for one user; the oldest makes way.
    logins_per_user: u32 = 16, (1..=100);
    /// Messages that a page keeps of a room.
    page_messages_max: u32 = 2_000, (10..=100_000);
    /// Entries in any table of rate limits; the least recently used make way.
    rate_entries_max: u32 = 100_000, (100..=10_000_000);
    /// Codes of rooms that ended on this node that it still knows, in memory and as keyed hashes; the oldest makes way. 0 turns it off.
    ended_rooms_max: u32 = 10_000, (0..=1_000_000);
    /// Milliseconds until it forgets one.
    ended_rooms_ms: u64 = 86_400_000, (1_000..=604_800_000);
    /// Commands waiting for one room.
    room_mailbox_max: u32 = 4_096, (64..=1_000_000);
    /// Bytes of a token of an application.
    app_token_bytes_max: u32 = 8_192, (512..=65_536);
    /// Bytes in the body of a request to the API of an application.
    app_body_bytes_max: u32 = 1_048_576, (4_096..=16_777_216);
    /// Publications in one such request.
    app_batch_max: u32 = 1_000, (1..=10_000);
    /// Publications of the last minute, of all applications, that are known again by their ids.
    app_ids_max: u32 = 100_000, (1..=10_000_000);
    /// Calls to the backend of one application at once; four times as many may wait.
    app_calls_max: u32 = 64, (1..=10_000);
    /// Bytes of the answer to one.
    app_answer_bytes_max: u32 = 262_144, (1_024..=16_777_216);
    /// Milliseconds for the server to say goodbye when it stops.
    shutdown_ms_max: u64 = 10_000, (100..=120_000);
}
