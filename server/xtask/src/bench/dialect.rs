//! What a client says to each kind of server, and how much it has to understand of the answers: their first bytes.

use std::net::SocketAddr;

use super::frames;

/// Bytes of a message where the server adds nothing: about as long as a `message` frame of the native protocol.
const PLAIN_BYTES: usize = 300;
/// So many of a frame's first bytes tell what it is.
pub(super) const TELLING_BYTES: usize = 32;
/// A native client reports what it has every so many counted frames (`app/protocol/README.md`).
pub(super) const REPORT_EVERY: u64 = 64;

/// A user of the application in `peers/channels`, whose secret is there: all of a crowd are this one.
const APPLICATION_TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJiZW5jaCIsInN1YiI6ImNyb3dkIiwiZXhwIjo0MDAwMDAwMDAwfQ.\
gi_SYv53g2g0-wYHghtwo9TT2I5ffKXYRCIZx9tiiI0";

/// The language of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The floor's: frames as the server shall send them, on a bare TCP connection.
    Bare,
    /// The same over `WebSocket`.
    Plain,
    /// `WhisperSpace`'s own.
    Native,
    /// The product's events over Socket.IO.
    Events,
    /// Two events of an application on the product (`peers/channels`): `join` and `say`.
    Channel,
    /// Two events of other Socket.IO servers: `join` and `message`.
    SocketIo,
}

/// One thing that a client sends, and what it waits for before the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) send: Vec<u8>,
    pub(super) until: Until,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The answer to the upgrade.
    Upgraded,
    /// A message that begins so.
    Starts(&'static str),
}

/// What a frame from a server is to the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Somebody said something.
    Message,
    /// The server wants to hear that the client lives.
    Ping,
    /// It did not do what it was asked.
    Refused,
    /// Anything else that a native client counts.
    Counted,
    /// Anything else.
    Other,
}

impl Dialect {
    /// From a connected socket to a client that the server knows.
    pub(super) fn opening(self, address: SocketAddr, token: &str) -> Vec<Step> {
        let upgrade = |path: &str| Step {
            send: format!(
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            .into_bytes(),
            until: Until::Upgraded,
        };
        let socketio = |auth: String| {
            // The server speaks first behind the upgrade.
            let opened = Step { send: Vec::new(), until: Until::Starts("0{") };
            let connect = Step { send: self.frame(&auth), until: Until::Starts("40") };
            vec![upgrade("/socket.io/?EIO=4&transport=websocket"), opened, connect]
        };
        match self {
            Self::Bare => Vec::new(),
            Self::Plain => vec![upgrade("/")],
            Self::Native => {
                let hello = format!("{{\"t\":\"hello\",\"token\":\"{token}\"}}");
                vec![upgrade("/ws"), Step { send: self.frame(&hello), until: Until::Starts("{\"t\":\"welcome\"") }]
            }
            Self::Events => socketio(format!("40{{\"token\":\"{token}\"}}")),
            Self::Channel => socketio(format!("40{{\"token\":\"{APPLICATION_TOKEN}\"}}")),
            Self::SocketIo => socketio("40".to_owned()),
        }
    }

    pub(super) fn join(self, room: &str) -> Step {
        let (text, until) = match self {
            Self::Bare | Self::Plain => (format!("j{room}"), "j"),
            Self::Native => {
                (format!("{{\"t\":\"join\",\"cid\":\"j-{room}\",\"code\":\"{room}\"}}"), "{\"t\":\"joined\"")
            }
            Self::Events => (format!("42[\"join_room\",\"{room}\"]"), "42[\"joined_room\""),
            Self::Channel | Self::SocketIo => (format!("42[\"join\",\"{room}\"]"), "42[\"joined\""),
        };
        Step { send: self.frame(&text), until: Until::Starts(until) }
    }

    /// A message of ordinary length, or with `filling` characters behind it. `number` is new each time.
    pub(super) fn publish(self, room: &str, number: u64, filling: usize) -> Vec<u8> {
        let filling = "x".repeat(filling);
        let text = format!("message {number} of an ordinary length, as people write them to each other{filling}");
        let plain = format!("{text:<PLAIN_BYTES$}");
        self.frame(&match self {
            Self::Bare | Self::Plain => format!("m{plain}"),
            Self::Native => {
                format!("{{\"t\":\"send\",\"cid\":\"c{number}\",\"room\":\"{room}\",\"text\":\"{text}\"}}")
            }
            Self::Events => format!("42[\"send_message\",{{\"room\":\"{room}\",\"content\":\"{text}\"}}]"),
            Self::Channel => format!("42[\"say\",{{\"room\":\"{room}\",\"text\":\"{text}\"}}]"),
            Self::SocketIo => format!("42[\"message\",\"{plain}\"]"),
        })
    }

    /// The same for the backend of the application in `peers/channels`.
    pub(super) fn publication(room: &str, number: u64, filling: usize) -> String {
        let filling = "x".repeat(filling);
        let text = format!("message {number} of an ordinary length, as people write them to each other{filling}");
        // What a relayed one says, with as much around it.
        format!(
            "{{\"channel\":\"room:{room}\",\"event\":\"said\",\"data\":{{\"id\":\"{number:022}\",\"room\":\"{room}\",\
             \"text\":\"{text}\",\"user\":\"crowd\",\"at\":\"2026-01-01T00:00:00.000Z\"}}}}"
        )
    }

    /// The answer to a ping, or a report of what a native client has.
    pub(super) fn pong(self, have: u64) -> Vec<u8> {
        self.frame(&match self {
            Self::Native => format!("{{\"t\":\"pong\",\"have\":{have}}}"),
            Self::Bare | Self::Plain | Self::Events | Self::Channel | Self::SocketIo => "3".to_owned(),
        })
    }

    fn frame(self, text: &str) -> Vec<u8> {
        match self {
            Self::Bare => frames::unmasked_text(text.as_bytes()),
            Self::Plain | Self::Native | Self::Events | Self::Channel | Self::SocketIo => {
                frames::masked_text(text.as_bytes())
            }
        }
    }

    /// What the frame is that begins so.
    pub(super) fn kind(self, start: &[u8]) -> Kind {
        let is = |prefix: &str| start.starts_with(prefix.as_bytes());
        match self {
            Self::Bare | Self::Plain => {
                if is("m") {
                    Kind::Message
                } else {
                    Kind::Other
                }
            }
            Self::Native => {
                let Some(tag) = start.strip_prefix(b"{\"t\":\"") else { return Kind::Other };
                match tag.split(|&byte| byte == b'"').next().unwrap_or_default() {
                    b"message" => Kind::Message,
                    b"ping" => Kind::Ping,
                    b"error" | b"bye" => Kind::Refused,
                    b"welcome" | b"presence" | b"typing" | b"pong" => Kind::Other,
                    _ => Kind::Counted,
                }
            }
            Self::Events | Self::Channel | Self::SocketIo if start == b"2" => Kind::Ping,
            Self::Channel if is("42[\"said\"") => Kind::Message,
            Self::Events if is("42[\"new_message\"") => Kind::Message,
            Self::SocketIo if is("42[\"message\"") => Kind::Message,
            Self::Events | Self::Channel | Self::SocketIo if is("44") || is("42[\"error\"") => Kind::Refused,
            Self::Events | Self::Channel | Self::SocketIo => Kind::Other,
        }
    }

    /// Whether a client that does as the protocol says reports its count.
    pub(super) const fn reports(self) -> bool {
        matches!(self, Self::Native)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Dialect; 6] =
        [Dialect::Bare, Dialect::Plain, Dialect::Native, Dialect::Events, Dialect::Channel, Dialect::SocketIo];

    #[test]
    fn frames_are_told_apart_by_their_first_bytes() {
        let kinds = |dialect: Dialect, frames: &[&str]| -> Vec<Kind> {
            frames.iter().map(|frame| dialect.kind(&frame.as_bytes()[..frame.len().min(TELLING_BYTES)])).collect()
        };
        assert_eq!(
            kinds(
                Dialect::Native,
                &[
                    "{\"t\":\"message\",\"room\":\"KW7P3MXQ\",\"seq\":13}",
                    "{\"t\":\"ack\",\"cid\":\"1\"}",
                    "{\"t\":\"ping\"}",
                    "{\"t\":\"presence\",\"room\":\"KW7P3MXQ\"}",
                    "{\"t\":\"error\",\"code\":\"rate_limited\"}",
                    "strange",
                ]
            ),
            [Kind::Message, Kind::Counted, Kind::Ping, Kind::Other, Kind::Refused, Kind::Other]
        );
        assert_eq!(
            kinds(Dialect::Events, &["2", "42[\"new_message\",{}]", "42[\"users_online\",[]]", "44{}", "40{}"]),
            [Kind::Ping, Kind::Message, Kind::Other, Kind::Refused, Kind::Other]
        );
        assert_eq!(
            kinds(Dialect::SocketIo, &["42[\"message\",\"m\"]", "42[\"joined\"]"]),
            [Kind::Message, Kind::Other]
        );
        assert_eq!(kinds(Dialect::Plain, &["m1", "jroom"]), [Kind::Message, Kind::Other]);
    }

    #[test]
    fn what_the_plain_servers_relay_is_a_message_to_whoever_gets_it() {
        for dialect in ALL {
            let frame = dialect.publish("KW7P3MXQ", 7, 0);
            let masked = usize::from(dialect != Dialect::Bare) * 4;
            let payload = &frame[frames::head(&frame).expect("is whole").header + masked..];
            assert!(std::str::from_utf8(payload).expect("is text").contains("message 7 of"), "{dialect:?}");
            if matches!(dialect, Dialect::Bare | Dialect::Plain | Dialect::SocketIo) {
                assert_eq!(dialect.kind(payload), Kind::Message, "{dialect:?}");
                assert!(payload.len() >= PLAIN_BYTES);
            }
            let longer = dialect.publish("KW7P3MXQ", 7, 4_000).len();
            assert!(longer > 4_000 && longer > frame.len());
        }
    }
}
