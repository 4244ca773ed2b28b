//! A server around the machines, without IO: requests and WebSocket messages are calls, time passes when a test says so.
//! Its two programs are those that the official suites expect.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use socketio::packet::{self, Kind, MAIN};
use socketio::{
    Ask, Closed, Encoded, EngineSession, Event, Incoming, Namespaces, Packet, Payload, Probe, Refusal, Settings,
    TransportKind,
};

pub(crate) const PING_INTERVAL: Duration = Duration::from_millis(300);
pub(crate) const PING_TIMEOUT: Duration = Duration::from_millis(200);

pub(crate) const SETTINGS: Settings = Settings {
    ping_interval: PING_INTERVAL,
    ping_timeout: PING_TIMEOUT,
    connect_timeout: Duration::from_secs(1),
    upgrade_timeout: Duration::from_secs(10),
    payload_bytes_max: 1_000_000,
    poll_packets_max: 16,
    poll_bytes_max: 64 * 1024,
    queue_packets_max: 64,
    attachments_max: 4,
    namespaces_max: 4,
};

/// What it does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// Sends every message of Engine.IO back.
    Messages,
    /// Greets with `auth`, and sends events back, in `/` and `/custom`.
    Events,
}

/// Answers of requests that wait, and of those that do not.
pub(crate) type Answer = Option<(u16, String)>;

/// A WebSocket, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Line(usize);

#[derive(Default)]
struct Wire {
    sid: String,
    heard: Vec<Encoded>,
    is_closed: bool,
}

struct Live {
    session: EngineSession,
    namespaces: Namespaces,
    /// The session's own WebSocket.
    line: Option<Line>,
    probing: Option<Line>,
    /// What the poll that waited was answered.
    polled: Answer,
    /// A namespace is answered only when the test says so.
    undecided: Vec<String>,
}

pub(crate) struct Server {
    pub(crate) now: Instant,
    program: Program,
    settings: Settings,
    live: HashMap<String, Live>,
    wires: Vec<Wire>,
    pub(crate) decides_late: bool,
}

impl Server {
    pub(crate) fn new(program: Program) -> Self {
        Self::with(program, SETTINGS)
    }

    pub(crate) fn with(program: Program, settings: Settings) -> Self {
        let (live, wires) = (HashMap::new(), Vec::new());
        Self { now: Instant::now(), program, settings, live, wires, decides_late: false }
    }

    #[expect(clippy::unnecessary_wraps, reason = "one of the answers, of which some wait")]
    fn refused(refusal: Refusal) -> Answer {
        Some((400, refusal.body().to_owned()))
    }

    /// One request by polling; `None` where it waits for an answer.
    pub(crate) fn request(&mut self, method: &str, query: &str, body: &str) -> Answer {
        let ask = match Ask::parse(method, query) {
            Ok(ask) => ask,
            Err(refusal) => return Self::refused(refusal),
        };
        match ask {
            Ask::Open(transport) => {
                let sid = self.open(transport);
                Some((200, EngineSession::handshake(&self.settings, transport, &sid)))
            }
            Ask::Poll(sid) => {
                let sid = sid.to_owned();
                let Some(live) = self.live.get_mut(&sid) else { return Self::refused(Refusal::UnknownSession) };
                let refused = live.session.poll().err();
                self.settle(&sid);
                refused.map_or_else(|| self.polled(&sid), Self::refused)
            }
            Ask::Post(sid) => {
                let sid = sid.to_owned();
                let Some(live) = self.live.get_mut(&sid) else { return Self::refused(Refusal::UnknownSession) };
                let payload = live.session.post(Bytes::from(body.to_owned()));
                let answer = payload.map(|payload| self.payload(&sid, payload));
                self.settle(&sid);
                Some(answer.map_or_else(|refusal| (400, refusal.body().to_owned()), |()| (200, "ok".to_owned())))
            }
            Ask::Upgrade(_) => panic!("a WebSocket is opened with `websocket`"),
        }
    }

    fn open(&mut self, transport: TransportKind) -> String {
        let sid = format!("session-{}", self.live.len());
        let session = EngineSession::open(self.settings, transport, self.now);
        let namespaces = Namespaces::new(self.settings, self.now);
        let (undecided, polled) = (Vec::new(), None);
        self.live.insert(sid.clone(), Live { session, namespaces, line: None, probing: None, polled, undecided });
        sid
    }

    /// A polling session; its name.
    pub(crate) fn opened(&mut self) -> String {
        let (status, body) = self.get("EIO=4&transport=polling").expect("does not wait");
        assert_eq!(status, 200);
        let handshake: serde_json::Value = serde_json::from_str(&body[1..]).expect("is JSON");
        handshake["sid"].as_str().expect("is a name").to_owned()
    }

    pub(crate) fn get(&mut self, query: &str) -> Answer {
        self.request("GET", query, "")
    }

    pub(crate) fn poll(&mut self, sid: &str) -> Answer {
        self.get(&format!("EIO=4&transport=polling&sid={sid}"))
    }

    pub(crate) fn post(&mut self, sid: &str, body: &str) -> Answer {
        self.request("POST", &format!("EIO=4&transport=polling&sid={sid}"), body)
    }

    /// The client lets go of its poll.
    pub(crate) fn cut(&mut self, sid: &str) {
        if let Some(live) = self.live.get_mut(sid) {
            live.session.cut();
        }
        self.settle(sid);
    }

    /// What the poll was answered that had to wait.
    pub(crate) fn polled(&mut self, sid: &str) -> Answer {
        self.live.get_mut(sid)?.polled.take()
    }

    pub(crate) fn closed(&self, sid: &str) -> Option<Closed> {
        self.live.get(sid).and_then(|live| live.session.closed())
    }

    /// Opens a WebSocket; `None` where the request is refused. A session that may not be upgraded has it closed.
    pub(crate) fn websocket(&mut self, query: &str) -> Option<Line> {
        let line = Line(self.wires.len());
        let (sid, wire) = match Ask::parse("GET", query) {
            Ok(Ask::Open(TransportKind::WebSocket)) => {
                let sid = self.open(TransportKind::WebSocket);
                let handshake = EngineSession::handshake(&self.settings, TransportKind::WebSocket, &sid);
                self.live.get_mut(&sid)?.line = Some(line);
                (sid, Wire { heard: vec![handshake.into()], ..Wire::default() })
            }
            Ok(Ask::Upgrade(sid)) => {
                let live = self.live.get_mut(sid)?;
                let claims = live.session.claim_upgrade(self.now);
                if claims {
                    live.probing = Some(line);
                }
                (sid.to_owned(), Wire { is_closed: !claims, ..Wire::default() })
            }
            Ok(_) | Err(_) => return None,
        };
        self.wires.push(Wire { sid, ..wire });
        Some(line)
    }

    pub(crate) fn upgrade(&mut self, sid: &str) -> Line {
        self.websocket(&format!("EIO=4&transport=websocket&sid={sid}")).expect("is let in")
    }

    /// A WebSocket session whose handshake was read.
    pub(crate) fn line(&mut self) -> Line {
        let line = self.websocket("EIO=4&transport=websocket").expect("is let in");
        assert!(self.hear(line)[0].starts_with('0'));
        line
    }

    pub(crate) fn say(&mut self, line: Line, text: &str) {
        self.message(line, Packet::parse(text).ok());
    }

    pub(crate) fn say_binary(&mut self, line: Line, bytes: &[u8]) {
        self.message(line, Some(Packet::Binary(bytes.into())));
    }

    fn message(&mut self, line: Line, packet: Option<Packet<'_>>) {
        if self.is_closed(line) {
            return;
        }
        let (sid, now) = (self.wires[line.0].sid.clone(), self.now);
        let live = self.live.get_mut(&sid).expect("a line has a session");
        if live.line == Some(line) {
            match packet {
                Some(packet) => self.receive(&sid, packet),
                None => live.session.close(Closed::Malformed),
            }
        } else {
            match packet.map_or(Probe::Failed, |packet| live.session.probe(&packet, now)) {
                Probe::Answer(answer) => self.wires[line.0].heard.push(answer),
                Probe::Upgraded => (live.line, live.probing) = (Some(line), None),
                Probe::Failed => live.session.upgrade_failed(),
            }
        }
        self.settle(&sid);
    }

    /// The client's end of the line is gone.
    pub(crate) fn hang_up(&mut self, line: Line) {
        let sid = self.wires[line.0].sid.clone();
        let live = self.live.get_mut(&sid).expect("a line has a session");
        if live.line == Some(line) {
            live.session.close(Closed::ByClient);
        } else {
            live.session.upgrade_failed();
        }
        self.settle(&sid);
    }

    /// Every text since the last time.
    pub(crate) fn hear(&mut self, line: Line) -> Vec<String> {
        let heard = std::mem::take(&mut self.wires[line.0].heard);
        let text = |packet: Encoded| match packet {
            Encoded::Text(text) => String::from_utf8(text.to_vec()).expect("is text"),
            Encoded::Binary(bytes) => format!("binary {:?}", bytes.as_ref()),
        };
        heard.into_iter().map(text).collect()
    }

    pub(crate) fn is_closed(&self, line: Line) -> bool {
        self.wires[line.0].is_closed
    }

    /// Time passes, whatever is due on the way.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let open = self.live.values().filter(|live| live.session.closed().is_none());
            let is_socket_io = self.program == Program::Events;
            let namespaces = |live: &Live| live.namespaces.due().filter(|_| is_socket_io);
            let due = open.flat_map(|live| [Some(live.session.due()), namespaces(live)]).flatten().min();
            let next = due.filter(|due| *due <= end);
            self.now = next.unwrap_or(end).max(self.now);
            let sids: Vec<_> = self.live.keys().cloned().collect();
            for sid in sids {
                let live = self.live.get_mut(&sid).expect("was there");
                live.session.tick(self.now);
                if self.program == Program::Events && live.namespaces.tick(self.now).is_err() {
                    live.session.close(Closed::ByServer);
                }
                self.settle(&sid);
            }
            if next.is_none() {
                return;
            }
        }
    }

    fn payload(&mut self, sid: &str, mut payload: Payload) {
        while let Some(text) = payload.take() {
            let text = std::str::from_utf8(&text).expect("was checked");
            self.receive(sid, Packet::parse(text).expect("was checked"));
        }
    }

    fn receive(&mut self, sid: &str, packet: Packet<'_>) {
        let (program, late, now) = (self.program, self.decides_late, self.now);
        let Some(live) = self.live.get_mut(sid) else { return };
        match (live.session.receive(packet, now), program) {
            (Some(Packet::Message(text)), Program::Messages) => live.session.send(format!("4{text}").into()),
            (Some(Packet::Binary(bytes)), Program::Messages) => {
                live.session.send(Encoded::Binary(bytes.into_owned().into()));
            }
            (Some(packet), Program::Events) => live.message(packet, late, now),
            (None | Some(_), Program::Messages) | (None, Program::Events) => {}
        }
    }

    /// What the test has to say of a namespace that was asked for.
    pub(crate) fn decide(&mut self, line: Line, namespace: &str) {
        let sid = self.wires[line.0].sid.clone();
        let live = self.live.get_mut(&sid).expect("a line has a session");
        live.undecided.retain(|name| name != namespace);
        if let Some(answer) = live.namespaces.accept(namespace, "late") {
            live.session.send(answer);
        }
        self.settle(&sid);
    }

    pub(crate) fn dismiss(&mut self, line: Line) {
        let sid = self.wires[line.0].sid.clone();
        let live = self.live.get_mut(&sid).expect("a line has a session");
        let packet = live.namespaces.dismiss(MAIN);
        live.session.send(packet);
        self.settle(&sid);
    }

    /// Sends what can be sent and ends what has ended.
    fn settle(&mut self, sid: &str) {
        let Some(live) = self.live.get_mut(sid) else { return };
        if let Some(answer) = live.session.answer() {
            live.polled = Some(match answer {
                Ok(body) => (200, String::from_utf8(body.to_vec()).expect("is text")),
                Err(refusal) => (400, refusal.body().to_owned()),
            });
        }
        if let Some(line) = live.line {
            while let Some(packet) = live.session.take() {
                self.wires[line.0].heard.push(packet);
            }
            self.wires[line.0].is_closed = live.session.closed().is_some();
        }
        if let Some(line) = live.probing.filter(|_| !live.session.is_upgrading()) {
            self.wires[line.0].is_closed = true;
            live.probing = None;
        }
    }
}

impl Live {
    fn message(&mut self, packet: Packet<'_>, decides_late: bool, now: Instant) {
        match self.namespaces.receive(packet, now) {
            Ok(Some(Incoming::Connect { namespace, .. })) if decides_late => self.undecided.push(namespace.to_owned()),
            Ok(Some(Incoming::Connect { namespace: namespace @ (MAIN | "/custom"), auth })) => {
                let auth = format!("[\"auth\",{}]", auth.map_or("{}", |auth| auth.get()));
                let greeting = packet::Packet::new(Kind::Event, namespace).with(&auth).encode();
                let accepted = self.namespaces.accept(namespace, "a-name").expect("was asked for");
                self.session.send(accepted);
                self.session.send(greeting.into());
            }
            Ok(Some(Incoming::Connect { namespace, .. })) => {
                let refused = self.namespaces.refuse(namespace, "Invalid namespace").expect("was asked for");
                self.session.send(refused);
            }
            Ok(Some(Incoming::Event(event))) => self.echo(&event, &[]),
            Ok(Some(Incoming::Attached(attached))) => {
                if let Some(event) = attached.event() {
                    self.echo(&event, &attached.attachments);
                }
            }
            Ok(Some(Incoming::Disconnect { .. } | Incoming::Acknowledgement { .. }) | None) => {}
            Err(_) => self.session.close(Closed::Malformed),
        }
    }

    fn echo(&mut self, event: &Event<'_>, attachments: &[Bytes]) {
        let arguments = event.arguments.iter().map(|argument| argument.get());
        let (kind, data) = match (event.name.as_str(), event.id) {
            ("message", _) => {
                let all: Vec<_> = std::iter::once("\"message-back\"").chain(arguments).collect();
                (Kind::Event, format!("[{}]", all.join(",")))
            }
            ("message-with-ack", Some(_)) => {
                (Kind::Acknowledgement, format!("[{}]", arguments.collect::<Vec<_>>().join(",")))
            }
            (_, _) => return,
        };
        let id = event.id.filter(|_| kind == Kind::Acknowledgement);
        let count = (!attachments.is_empty()).then_some(attachments.len());
        let packet = packet::Packet { kind, attachments: count, namespace: event.namespace, id, data: &data };
        self.session.send(packet.encode().into());
        for attachment in attachments {
            self.session.send(Encoded::Binary(attachment.clone()));
        }
    }
}
