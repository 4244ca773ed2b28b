//! One event as each kind of connection reads it, encoded once for all who read it that way.

use bytes::Bytes;
use channels::{EventName, Namespace};
use realtime::dialect::{Counted, Frame};
use socketio::packet::{Kind, Packet};

use super::listener::Way;

/// One event of a namespace.
pub(crate) struct Encoded<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) event: &'a EventName,
    /// JSON.
    data: &'a str,
    socketio: Option<Frame>,
    plain: Option<Frame>,
    stream: Option<Frame>,
}

impl<'a> Encoded<'a> {
    pub(crate) const fn new(namespace: &'a Namespace, event: &'a EventName, data: &'a str) -> Self {
        Self { namespace, event, data, socketio: None, plain: None, stream: None }
    }

    /// As it is written for these.
    pub(crate) fn frame(&mut self, way: Way) -> &Frame {
        let (namespace, event, data) = (self.namespace, self.event.as_str(), self.data);
        match way {
            Way::SocketIo => self.socketio.get_or_insert_with(|| {
                let event = format!("[{},{data}]", quoted(event));
                frame(Packet::new(Kind::Event, namespace.as_str()).with(&event).encode())
            }),
            Way::Plain => {
                self.plain.get_or_insert_with(|| frame(format!("{{\"event\":{},\"data\":{data}}}", quoted(event))))
            }
            // A name has no line feed, and JSON is of one line where it was written by a server; where not, its line feeds are
            // white space between values.
            Way::Stream => self
                .stream
                .get_or_insert_with(|| frame(format!("event: {event}\ndata: {}\n\n", data.replace(['\r', '\n'], " ")))),
        }
    }
}

/// Nothing is kept for these connections beyond the line.
pub(crate) fn frame(text: String) -> Frame {
    Frame::plain(Bytes::from(text.into_bytes().into_boxed_slice()), Counted::No)
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    // A text cannot fail to be JSON.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_its_words() {
        let (main, social) = (Namespace::parse("/").expect("is one"), Namespace::parse("/social").expect("is one"));
        let name = EventName::parse("post:like").expect("is one");
        let mut said = Encoded::new(&social, &name, "{\"a\":\n1}");
        assert_eq!(said.frame(Way::SocketIo).bytes, "42/social,[\"post:like\",{\"a\":\n1}]");
        assert_eq!(said.frame(Way::Plain).bytes, "{\"event\":\"post:like\",\"data\":{\"a\":\n1}}");
        assert_eq!(said.frame(Way::Stream).bytes, "event: post:like\ndata: {\"a\": 1}\n\n");
        assert_eq!(Encoded::new(&main, &name, "1").frame(Way::SocketIo).bytes, "42[\"post:like\",1]");
    }
}
