//! What holds of whatever comes, whoever thought it up: the property tests here and the fuzzers under `fuzz/` run the same
//! checks. Each panics where something does not hold.

use std::time::Duration;

use bytes::Bytes;
use socketio::{Ask, Namespaces, Packet, Payload, Settings, packet};

use crate::server::{Program, SETTINGS, Server};

/// A body of a request is a payload, all of whose packets can be read, or a fault.
pub(crate) fn payload(body: &[u8]) {
    let Ok(mut payload) = Payload::parse(Bytes::copy_from_slice(body)) else { return };
    let mut count = 0;
    while let Some(text) = payload.take() {
        let text = std::str::from_utf8(&text).expect("was checked");
        assert!(Packet::parse(text).is_ok(), "was checked");
        count += 1;
    }
    assert_eq!(count, payload.packets());
}

/// A text is a packet of either protocol or a fault, and what was read is written as the same packet.
pub(crate) fn text(text: &str) {
    let now = std::time::Instant::now();
    let mut namespaces = Namespaces::new(SETTINGS, now);
    let _ = namespaces.receive(Packet::Message(text), now);
    let _ = Packet::parse(text);
    let _ = Ask::parse("GET", text);
    // No JSON begins with a slash: behind the main namespace, which is not written, it would be another one.
    if let Ok(packet) = packet::Packet::parse(text)
        && !packet.data.starts_with('/')
    {
        let written = packet.encode();
        assert_eq!(packet::Packet::parse(written.get(1..).expect("has a type")), Ok(packet));
    }
}

/// What a client does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Say(String),
    Binary(Vec<u8>),
    Post(Vec<String>),
    Poll,
    Cut,
    Upgrade,
    HangUp,
    Pass(u64),
}

/// Whatever a client does, its session stays within its bounds, and ends when nobody answers any more.
pub(crate) fn session(program: Program, steps: impl IntoIterator<Item = Step>) {
    let mut server = Server::with(program, Settings { queue_packets_max: 20, ..SETTINGS });
    let sid = server.opened();
    let (mut line, mut tried) = (server.line(), None);
    server.say(line, "40");
    server.post(&sid, "40");
    for step in steps {
        match step {
            Step::Say(text) => {
                server.say(line, &text);
                if let Some(tried) = tried {
                    server.say(tried, &text);
                }
            }
            Step::Binary(bytes) => server.say_binary(line, &bytes),
            Step::Post(packets) => {
                server.post(&sid, &packets.join("\u{1e}"));
            }
            Step::Poll => {
                server.poll(&sid);
            }
            Step::Cut => server.cut(&sid),
            Step::Upgrade => tried = server.websocket(&format!("EIO=4&transport=websocket&sid={sid}")),
            Step::HangUp => {
                if let Some(tried) = tried {
                    server.hang_up(tried);
                }
            }
            Step::Pass(ms) => server.pass(Duration::from_millis(ms)),
        }
        if server.is_closed(line) {
            line = server.line();
        }
    }
    server.pass(Duration::from_secs(20));
    assert!(server.closed(&sid).is_some() && server.is_closed(line));
}
