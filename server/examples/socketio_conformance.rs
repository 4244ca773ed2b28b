//! The official conformance suites of Engine.IO 4 and Socket.IO 5 against the server's transport.
//!
//! `cargo run --package server --example socketio_conformance` serves what the suites expect at 127.0.0.1:3000: the very
//! transport of the product with the suites' timings, and applications that send back what comes. The suites are published
//! in the repository socketio/socket.io: `docs/engine.io-protocol/v4-test-suite` and
//! `docs/socket.io-protocol/v5-test-suite`, `npm ci && npm test` in each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use bytes::Bytes;
use protocol::Limits;
use server::listen::serve_line;
use server::socketio::{Application, Engine, Service};
use server::transports::Transports;
use socketio::packet::{self, Kind, MAIN};
use socketio::{Closed, Encoded, EngineSession, Event, Fault, Incoming, Namespaces, Packet, Settings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// As the suites have them.
pub(crate) const SETTINGS: Settings = Settings {
    ping_interval: Duration::from_millis(300),
    ping_timeout: Duration::from_millis(200),
    connect_timeout: Duration::from_secs(1),
    upgrade_timeout: Duration::from_secs(10),
    payload_bytes_max: 1_000_000,
    poll_packets_max: 16,
    poll_bytes_max: 64 * 1024,
    queue_packets_max: 256,
    attachments_max: 4,
    namespaces_max: 4,
};

/// For the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// On one thread, as the reference: the suites send two requests at once and expect the first one to be met first.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    serve(TcpListener::bind("127.0.0.1:3000").await?, SETTINGS).await
}

/// Serves both protocols for as long as it is polled. The project's own cases (`tests/it/conformance`) mount it too.
pub(crate) async fn serve(listener: TcpListener, settings: Settings) -> anyhow::Result<()> {
    let limits = Arc::new(Limits::default());
    let service = || {
        let (stopping, tracker) = (CancellationToken::new(), TaskTracker::new());
        Service::new(settings, Arc::clone(&limits), stopping, tracker, Transports::default())
    };
    let (events, messages) = (service(), service());
    let application = move || Events::new(settings);
    let router = Router::new()
        .route("/socket.io/", any(async move |request: Request| events.serve_anybody(request, application).await))
        .route("/engine.io/", any(async move |request: Request| messages.serve_anybody(request, || Echo).await));
    loop {
        let (stream, peer) = listener.accept().await?;
        let router = router.clone();
        tokio::spawn(async move { serve_line(stream, peer, router, PATIENCE, &CancellationToken::new()).await });
    }
}

/// Sends every message of Engine.IO back.
struct Echo;

impl Application for Echo {
    async fn run(self, mut engine: Box<Engine>) {
        while engine.write_own().await.is_ok() {
            let next = engine.next(true, None, |session, packet, _| {
                match packet {
                    Packet::Message(text) => session.send(format!("4{text}").into()),
                    Packet::Binary(bytes) => session.send(Encoded::Binary(bytes.into_owned().into())),
                    Packet::Open
                    | Packet::Close
                    | Packet::Ping(_)
                    | Packet::Pong(_)
                    | Packet::Upgrade
                    | Packet::Noop => {}
                }
                Ok(None::<()>)
            });
            if next.await.is_err() {
                break;
            }
        }
        engine.leave().await;
    }
}

/// Greets who connects to `/` or `/custom` with what it said of itself, and sends events back.
struct Events {
    namespaces: Namespaces,
}

impl Events {
    fn new(settings: Settings) -> Self {
        Self { namespaces: Namespaces::new(settings, Instant::now()) }
    }

    fn incoming(&mut self, session: &mut EngineSession, incoming: Incoming<'_>) {
        match incoming {
            Incoming::Connect { namespace: namespace @ (MAIN | "/custom"), auth } => {
                let greeting = format!("[\"auth\",{}]", auth.map_or("{}", |auth| auth.get()));
                let greeting = packet::Packet::new(Kind::Event, namespace).with(&greeting).encode();
                if let Some(granted) = self.namespaces.accept(namespace, "a-name") {
                    session.send(granted);
                }
                session.send(greeting.into());
            }
            Incoming::Connect { namespace, .. } => {
                if let Some(refused) = self.namespaces.refuse(namespace, "Invalid namespace") {
                    session.send(refused);
                }
            }
            Incoming::Event(event) => echo(session, &event, &[]),
            Incoming::Attached(attached) => {
                if let Some(event) = attached.event() {
                    echo(session, &event, &attached.attachments);
                }
            }
            Incoming::Disconnect { .. } | Incoming::Acknowledgement { .. } => {}
        }
    }
}

fn echo(session: &mut EngineSession, event: &Event<'_>, attachments: &[Bytes]) {
    let mut all: Vec<_> = event.arguments.iter().map(|argument| argument.get()).collect();
    let kind = match (event.name.as_str(), event.id) {
        ("message", _) => Kind::Event,
        ("message-with-ack", Some(_)) => Kind::Acknowledgement,
        _ => return,
    };
    if kind == Kind::Event {
        all.insert(0, "\"message-back\"");
    }
    let data = format!("[{}]", all.join(","));
    let (id, count) = (event.id.filter(|_| kind == Kind::Acknowledgement), attachments.len());
    let attached = (count > 0).then_some(count);
    let packet = packet::Packet { kind, attachments: attached, namespace: event.namespace, id, data: &data };
    session.send(packet.encode().into());
    for attachment in attachments {
        session.send(Encoded::Binary(attachment.clone()));
    }
}

impl Application for Events {
    async fn run(mut self, mut engine: Box<Engine>) {
        while self.namespaces.tick(Instant::now()).is_ok() && engine.write_own().await.is_ok() {
            let next = engine.next(true, self.namespaces.due(), |session, packet, now| {
                match self.namespaces.receive(packet, now) {
                    Ok(Some(incoming)) => self.incoming(session, incoming),
                    Ok(None) => {}
                    Err(Fault) => session.close(Closed::Malformed),
                }
                Ok(None::<()>)
            });
            if next.await.is_err() {
                break;
            }
        }
        engine.leave().await;
    }
}
