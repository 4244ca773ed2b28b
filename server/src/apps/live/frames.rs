//! One event as each kind of connection reads it, encoded once for all who read it that way.

use bytes::Bytes;
use channels::{ChannelName, EventName, Namespace};
use chat::Tells;
use protocol::ChannelServerFrame;
use realtime::dialect::{Counted, Frame};
use socketio::packet::{Kind, Packet};
use websocket::WireFrame;

use super::listener::{Place, Way};

/// The main namespace, which frames do not name.
const MAIN: &str = "/";

/// One event of a namespace.
pub(crate) struct Encoded<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) event: &'a EventName,
    /// JSON.
    data: &'a str,
    socketio: Option<Frame<Place>>,
    plain: Option<Frame<Place>>,
    stream: Option<Frame<Place>>,
    /// It says where the event was told: another place, another frame.
    native: Option<((Place, u64), Frame<Place>)>,
}

/// Where an event is told.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    /// To a user, or in answer to one.
    User,
    /// In a channel, with its number there.
    Channel(&'a ChannelName, Place, u64),
    /// In a channel, and may be left out.
    Volatile(&'a ChannelName, Place),
}

impl At<'_> {
    /// No two have the same: numbers begin with 1.
    const fn key(&self) -> (Place, u64) {
        match self {
            Self::User => (Place::USER, 0),
            Self::Channel(_, place, seq) => (*place, *seq),
            Self::Volatile(_, place) => (*place, 0),
        }
    }
}

impl<'a> Encoded<'a> {
    pub(crate) const fn new(namespace: &'a Namespace, event: &'a EventName, data: &'a str) -> Self {
        Self { namespace, event, data, socketio: None, plain: None, stream: None, native: None }
    }

    /// JSON.
    pub(super) const fn data(&self) -> &'a str {
        self.data
    }

    /// As it is written for these.
    pub(crate) fn frame(&mut self, way: Way, at: At<'_>) -> &Frame<Place> {
        let (namespace, event, data) = (self.namespace, self.event.as_str(), self.data);
        match way {
            Way::SocketIo => self.socketio.get_or_insert_with(|| {
                let event = format!("[{},{data}]", quoted(event));
                frame(Packet::new(Kind::Event, namespace.as_str()).with(&event).encode())
            }),
            Way::Plain => {
                let event = |event| format!("{{\"event\":{},\"data\":{data}}}", quoted(event));
                self.plain.get_or_insert_with(|| framed(event(self.event.as_str()), Counted::No))
            }
            // A name has no line feed, and JSON is of one line where it was written by a server; where not, its line feeds are
            // white space between values.
            Way::Stream => self
                .stream
                .get_or_insert_with(|| frame(format!("event: {event}\ndata: {}\n\n", data.replace(['\r', '\n'], " ")))),
            Way::Native => {
                let made = self.native.take().filter(|(key, _)| *key == at.key());
                &self.native.insert(made.unwrap_or_else(|| (at.key(), native(namespace, event, data, at)))).1
            }
        }
    }
}

/// As `ChannelServerFrame::Event` is written, around data that is JSON already.
fn native(namespace: &Namespace, event: &str, data: &str, at: At<'_>) -> Frame<Place> {
    let mut text = String::with_capacity(96 + event.len() + data.len());
    text.push_str("{\"t\":\"event\"");
    let mut field = |name: &str, value: &str| {
        for part in [",\"", name, "\":", value] {
            text.push_str(part);
        }
    };
    let counted = match at {
        At::User => Counted::Yes(Tells::Message(Place::USER)),
        At::Channel(channel, place, seq) => {
            field("channel", &quoted(channel.as_str()));
            field("seq", &seq.to_string());
            Counted::Yes(Tells::Message(place))
        }
        At::Volatile(channel, _) => {
            field("channel", &quoted(channel.as_str()));
            Counted::No
        }
    };
    if namespace.as_str() != MAIN {
        field("namespace", &quoted(namespace.as_str()));
    }
    field("event", &quoted(event));
    field("data", data);
    text.push('}');
    framed(text, counted)
}

/// A frame of the native protocol that answers, or tells how things stand.
pub(crate) fn said(frame: &ChannelServerFrame<'_>, counted: Counted<Place>) -> Frame<Place> {
    framed(protocol::encode(frame), counted)
}

/// A whole WebSocket frame, made once.
pub(crate) fn framed(text: String, counted: Counted<Place>) -> Frame<Place> {
    // JSON is valid UTF-8.
    Frame::plain(WireFrame::text(text.into()).into_bytes(), counted)
}

/// An empty ping (RFC 6455, 5.5.2), for clients that are not to see one.
pub(crate) fn websocket_ping() -> Frame<Place> {
    Frame::plain(Bytes::from_static(&[0x89, 0]), Counted::No)
}

/// Nothing is kept for these connections beyond the line.
pub(crate) fn frame(text: String) -> Frame<Place> {
    Frame::plain(Bytes::from(text.into_bytes().into_boxed_slice()), Counted::No)
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    // A text cannot fail to be JSON.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_way_has_its_words() {
        let (main, social) = (Namespace::parse("/").expect("is one"), Namespace::parse("/social").expect("is one"));
        let name = EventName::parse("post:like").expect("is one");
        let mut said = Encoded::new(&social, &name, "{\"a\":\n1}");
        assert_eq!(said.frame(Way::SocketIo, At::User).bytes, "42/social,[\"post:like\",{\"a\":\n1}]");
        assert_eq!(said.frame(Way::Plain, At::User).bytes[2..], b"{\"event\":\"post:like\",\"data\":{\"a\":\n1}}"[..]);
        assert_eq!(said.frame(Way::Stream, At::User).bytes, "event: post:like\ndata: {\"a\": 1}\n\n");
        assert_eq!(Encoded::new(&main, &name, "1").frame(Way::SocketIo, At::User).bytes, "42[\"post:like\",1]");
    }

    #[test]
    fn an_event_is_written_as_the_protocol_has_it() {
        let (main, social) = (Namespace::parse("/").expect("is one"), Namespace::parse("/social").expect("is one"));
        let (name, data) = (EventName::parse("post:\"like\"").expect("is one"), json!({"a": [1, null]}));
        let channels = ["chat:1", "chat:\"2\""].map(|name| ChannelName::parse(name).expect("is one"));
        for namespace in [&main, &social] {
            let text = data.to_string();
            let mut encoded = Encoded::new(namespace, &name, &text);
            let [first, second] = &channels;
            let places = [
                At::User,
                At::Channel(first, Place::channel(7), 3),
                At::Channel(second, Place::channel(8), 1),
                At::Volatile(first, Place::channel(7)),
            ];
            for at in places {
                let (channel, seq) = match at {
                    At::User => (None, None),
                    At::Channel(channel, _, seq) => (Some(channel.as_str()), Some(seq)),
                    At::Volatile(channel, _) => (Some(channel.as_str()), None),
                };
                let namespace = Some(namespace.as_str()).filter(|name| *name != "/");
                let event = name.as_str();
                let wanted = ChannelServerFrame::Event { channel, seq, namespace, event, data: &data };
                assert_eq!(encoded.frame(Way::Native, at).bytes, said(&wanted, Counted::No).bytes);
            }
        }
    }
}
