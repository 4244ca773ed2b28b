//! A third dialect, of plain lines, on a third transport, a pipe in memory, that the product does not have: the core serves
//! whatever implements its seams.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::{Buf as _, Bytes};
use protocol::{ClientFrame, ClientId, ErrorCode, SendBody, SendMessage, ServerFrame};
use realtime::attachment::Attachment;
use realtime::connection::Connection;
use realtime::dialect::{Broadcast, Counted, Dialect, DialectId, Frame, Projection, RoomContext};
use realtime::hub::Hub;
use realtime::rooms_handler::RoomsHandler;
use realtime::session::Carrier;
use realtime::transport::{Batch, End, Next, Progress, Transport};
use server::store::UserId;
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines as Reading, ReadHalf, WriteHalf, duplex,
    split,
};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::harness::{Guest, PATIENCE, Room, TestServer};

/// `* who came`, `< who: what` and `> what` for what one has said oneself; `?` asks whether somebody is there.
struct Lines;

fn line(text: String) -> Frame {
    Frame::plain(Bytes::from(text + "\n"), Counted::No)
}

impl Dialect for Lines {
    fn id(&self) -> DialectId {
        DialectId("lines")
    }

    fn reads_sealed(&self) -> bool {
        false
    }

    fn reply(&self, _: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame)) {
        match frame {
            ServerFrame::Joined { room, count, .. } => push(line(format!("* {} ({count})", room.code.as_str()))),
            ServerFrame::Error { code, .. } => push(line(format!("! {code}"))),
            ServerFrame::Ping {} => push(line("?".to_owned())),
            // Everything else has no word of its own in lines.
            _ => {}
        }
    }

    fn projection(&self) -> Box<dyn Projection> {
        Box::new(Self)
    }
}

impl Projection for Lines {
    fn broadcast(&mut self, frame: &ServerFrame, _: &RoomContext<'_>) -> Option<Broadcast> {
        match frame {
            ServerFrame::Message(message) => {
                let [others, own] =
                    [format!("< {}: {}", message.name.as_str(), message.text), format!("> {}", message.text)];
                let (sender, others, own) = (message.member.clone(), line(others), line(own));
                Some(Broadcast::PerViewer(Box::new(move |viewer, push| {
                    push(if sender == *viewer.member { &own } else { &others });
                })))
            }
            ServerFrame::Left { .. } => Some(Broadcast::Shared(line("* the room has ended".to_owned()))),
            _ => None,
        }
    }
}

/// The server's end of a pipe.
struct Pipe {
    reading: Reading<BufReader<ReadHalf<DuplexStream>>>,
    writing: WriteHalf<DuplexStream>,
    /// What the pipe has not taken.
    unwritten: VecDeque<Bytes>,
}

impl Transport<RoomsHandler> for Pipe {
    const HAS_HEARTBEAT: bool = false;

    async fn recv(&mut self, handler: Option<&mut RoomsHandler>) -> Result<Next, End> {
        let Some(handler) = handler else { return std::future::pending().await };
        match self.reading.next_line().await {
            Ok(Some(said)) => Ok(handler.requests.take_decoded(Ok(frame(&said)))),
            Ok(None) | Err(_) => Err(End::Gone),
        }
    }

    fn has_own(&self) -> bool {
        false
    }

    async fn write(&mut self, mut batch: Batch, line: &dyn Progress) -> Result<(), End> {
        self.unwritten.append(&mut batch.frames);
        while let Some(first) = self.unwritten.front_mut() {
            let count = self.writing.write(first).await.map_err(|_| End::Gone)?;
            first.advance(count);
            if first.is_empty() {
                self.unwritten.pop_front();
            }
            line.wrote(count);
        }
        Ok(())
    }

    async fn close(&mut self, _: Bytes, why: Option<ErrorCode>) {
        if let Some(code) = why {
            // Whoever does not read it is gone.
            let _ = self.writing.write_all(format!("bye {code}\n").as_bytes()).await;
        }
    }
}

/// `join CODE`, `say CODE TEXT`, and anything else to say that one is there.
fn frame(said: &str) -> ClientFrame {
    let cid = || ClientId::parse(&realtime::clock::random_id()).expect("is a cid");
    let mut words = said.splitn(3, ' ').map(str::to_owned);
    match (words.next().as_deref(), words.next(), words.next()) {
        (Some("join"), Some(code), None) => {
            ClientFrame::Join { cid: cid(), code, pin: None, invite: None, since: None }
        }
        (Some("say"), Some(room), Some(text)) => ClientFrame::Send(SendMessage {
            cid: cid(),
            room,
            body: SendBody::Text(text),
            refers: protocol::Refers::default(),
        }),
        _ => ClientFrame::Pong { have: 0 },
    }
}

/// Somebody who speaks lines.
struct Liner {
    reading: Reading<BufReader<ReadHalf<DuplexStream>>>,
    writing: WriteHalf<DuplexStream>,
    stopping: CancellationToken,
    serving: JoinHandle<End>,
}

impl Liner {
    async fn connect(server: &TestServer, guest: &Guest) -> Self {
        Self::connect_by(&Lines, server, guest).await
    }

    async fn connect_by(dialect: &'static dyn Dialect, server: &TestServer, guest: &Guest) -> Self {
        let (state, identity) = (&server.state, server.identity(guest.token()).await);
        let session = state.hub.open_session(&identity, Carrier::Bearer, dialect).expect("there is a place");
        let (generation, services) = (session.connect(), state.services());
        // Narrower than what is said, so that the server has to wait for its reader.
        let (near, far) = duplex(8);
        let ((near_reads, near_writes), (far_reads, far_writes)) = (split(near), split(far));
        let reading = BufReader::new(near_reads).lines();
        let mut pipe = Pipe { reading, writing: near_writes, unwritten: VecDeque::new() };
        let host = Box::new(services.hub().clone());
        let (stopping, line) = (CancellationToken::new(), Attachment { host, session, generation });
        let handler = RoomsHandler::new(services, &line, std::net::IpAddr::from([127, 0, 0, 1]).into());
        let connection = Connection::new(line, handler, stopping.clone());
        let serving = tokio::spawn(async move { connection.run(&mut pipe).await });
        Self { reading: BufReader::new(far_reads).lines(), writing: far_writes, stopping, serving }
    }

    async fn enter(server: &TestServer, guest: &Guest, room: &Room) -> Self {
        let mut liner = Self::connect(server, guest).await;
        liner.says(&format!("join {}", room.code().as_str())).await;
        liner
    }

    async fn says(&mut self, line: &str) {
        self.writing.write_all(format!("{line}\n").as_bytes()).await.expect("is open");
    }

    /// Waits until it has heard this line.
    async fn hears(&mut self, line: &str) {
        let heard = async {
            while let Some(told) = self.reading.next_line().await.expect("is text") {
                if told == line {
                    return;
                }
            }
            panic!("the pipe has ended before {line}");
        };
        timeout(PATIENCE, heard).await.expect(line);
    }

    async fn ended(self) -> End {
        timeout(PATIENCE, self.serving).await.expect("ends").expect("does not panic")
    }
}

#[tokio::test]
async fn rooms_serve_a_dialect_and_a_transport_that_they_do_not_know() {
    let server = TestServer::spawn().await;
    let (ada, ben, cem) = (Guest::new(&server).await, Guest::new(&server).await, Guest::new(&server).await);
    let room = ada.room().await;
    let mut native = cem.enter(&room).await;
    let mut one = Liner::enter(&server, &ada, &room).await;
    one.hears(&format!("* {} (2)", room.code().as_str())).await;
    let mut two = Liner::enter(&server, &ben, &room).await;
    two.hears(&format!("* {} (3)", room.code().as_str())).await;
    one.says(&format!("say {} 2 < 3", room.code().as_str())).await;
    one.hears("> 2 < 3").await;
    let name = server.identity(ada.token()).await.name;
    two.hears(&format!("< {}: 2 < 3", name.as_str())).await;
    assert_eq!(native.expect_message("2 < 3").await.text, "2 < 3", "those who speak another dialect are told as ever");
    one.says("say SHRT2345 hello").await;
    one.hears("! not_in_room").await;
}

/// Lines that look at the room from outside at the moment when somebody is told that they are inside.
struct Onlooker {
    hub: Hub,
    /// People inside, and how many of them are among the eldest.
    seen: Mutex<Vec<(u32, usize)>>,
}

impl Dialect for Onlooker {
    fn id(&self) -> DialectId {
        Lines.id()
    }

    fn reads_sealed(&self) -> bool {
        Lines.reads_sealed()
    }

    fn reply(&self, user: UserId, frame: &ServerFrame, push: &mut dyn FnMut(Frame)) {
        if let ServerFrame::Joined { room, .. } = frame {
            let live = self.hub.live_rooms().into_iter().find(|live| live.code == room.code).expect("is live");
            self.seen.lock().expect("is held for a moment").push((live.count(), live.doorway().eldest.len()));
        }
        Lines.reply(user, frame, push);
    }

    fn projection(&self) -> Box<dyn Projection> {
        Lines.projection()
    }
}

#[tokio::test]
async fn who_is_told_to_be_inside_is_seen_inside_from_without() {
    let server = TestServer::spawn().await;
    let (ada, ben) = (Guest::new(&server).await, Guest::new(&server).await);
    let room = ada.room().await;
    let onlooker: &Onlooker =
        Box::leak(Box::new(Onlooker { hub: server.state.hub.clone(), seen: Mutex::new(Vec::new()) }));
    for (count, guest) in [&ada, &ben].into_iter().enumerate() {
        let mut liner = Liner::connect_by(onlooker, &server, guest).await;
        liner.says(&format!("join {}", room.code().as_str())).await;
        liner.hears(&format!("* {} ({})", room.code().as_str(), count + 1)).await;
    }
    assert_eq!(*onlooker.seen.lock().expect("nobody holds it"), [(1, 1), (2, 2)]);
}

#[tokio::test]
async fn the_loop_says_goodbye_on_any_transport() {
    let server = TestServer::limited(|limits| (limits.ping_every_ms, limits.silence_ms_max) = (100, 700)).await;
    let ada = Guest::new(&server).await;
    let mut stopped = Liner::connect(&server, &ada).await;
    stopped.stopping.cancel();
    stopped.hears("bye shutting_down").await;
    assert_eq!(stopped.ended().await, End::Close(ErrorCode::ShuttingDown));
    let mut silent = Liner::connect(&server, &ada).await;
    silent.hears("?").await;
    silent.says("here").await;
    silent.hears("?").await;
    silent.hears("bye silence").await;
    assert_eq!(silent.ended().await, End::Close(ErrorCode::Silence));
    let gone = Liner::connect(&server, &ada).await;
    let Liner { reading, writing, serving, .. } = gone;
    drop((reading, writing));
    assert_eq!(timeout(PATIENCE, serving).await.expect("is noticed").ok(), Some(End::Gone));
}
