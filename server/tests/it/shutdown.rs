//! The end: everybody is told when to come back, and the server is gone in time.

use std::time::Duration;

use protocol::{ErrorCode, ServerFrame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::process::Folder;
use crate::harness::{Ask, Guest, Heard, PATIENCE, TestClient, TestServer, Wire, eventually, poll};

/// Reads a connection to its end; answers when it may come back, and the close code.
async fn farewell(client: &mut TestClient) -> (Option<u64>, Option<u16>) {
    let mut told = None;
    loop {
        match client.next().await {
            Heard::Frame(ServerFrame::Bye { code: ErrorCode::ShuttingDown, reconnect_in_ms }) => told = reconnect_in_ms,
            Heard::Frame(ServerFrame::Bye { code, .. }) => panic!("bye {code}"),
            Heard::Frame(_) => {}
            Heard::Closed(code) => return (told, code),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_told_when_to_come_back_and_the_server_ends_in_time() {
    let server = TestServer::spawn().await;
    let owner = Guest::new(&server).await;
    let room = owner.room().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let mut client = Guest::new(&server).await.enter(&room).await;
        tasks.spawn(async move { farewell(&mut client).await });
    }
    let mut silent = Wire::open(server.addr).await;
    let took = server.stop().await;
    let mut times = Vec::new();
    for (told, close) in tasks.join_all().await {
        assert_eq!(close, Some(1012));
        times.push(told.expect("says when to come back"));
    }
    assert!(times.iter().all(|ms| (1..=30_000).contains(ms)), "{times:?}");
    assert!(times.iter().any(|ms| *ms != times[0]), "not all at once: {times:?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    let (close, _) = silent.end().await;
    assert_eq!(close, Some(1012), "who has not said hello yet is told too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_an_idle_nor_a_deaf_connection_holds_up_the_end() {
    let mut server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    // Browsers open connections ahead of need and send nothing.
    let ahead = TcpStream::connect(server.addr).await.expect("the server listens");
    let mut kept = TcpStream::connect(server.addr).await.expect("the server listens");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("the line is open");
    let mut piece = [0; 512];
    assert!(kept.read(&mut piece).await.expect("is answered") > 0);
    // This one neither reads nor answers the close.
    let deaf = guest.connect().await;
    server.begin_stop();
    let took = server.stop().await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    drop((ahead, deaf));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_is_not_ready_and_takes_nobody_in() {
    let mut server = TestServer::spawn().await;
    let begin = async |head: &str| {
        let mut stream = TcpStream::connect(server.addr).await.expect("the server listens");
        stream.write_all(head.as_bytes()).await.expect("the line is open");
        stream
    };
    // Requests that are under way when the stop comes.
    let mut ready = begin("GET /readyz HTTP/1.1\r\nhost: x\r\n").await;
    let upgrade =
        "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n";
    let mut socket = begin(&format!("{upgrade}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")).await;
    let before = Ask::get("/readyz").send(server.addr).await;
    assert_eq!(before.status, 200);
    server.begin_stop();
    eventually("it stops", || server.state.stopping.is_cancelled()).await;
    for stream in [&mut ready, &mut socket] {
        stream.write_all(b"\r\n").await.expect("the line is still open");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("is answered");
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("shutting_down"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_stops_on_sigterm_and_ends_well() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let addr = server.addr;
    let guest = Guest::at(addr, None).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    let stopping = tokio::spawn(server.terminate());
    let (told, close) = farewell(&mut client).await;
    assert!(told.is_some() && close == Some(1012));
    assert!(stopping.await.expect("it stops").success());
    assert!(!folder.data().join("whisperspace.db-wal").exists(), "the log of the database is folded in");

    let server = folder.serve(&[]).await;
    let moved = Guest { addr: server.addr, ..guest };
    let joined = poll("the room after the restart", async || {
        let answer = moved.look_up(&room.code).await;
        (answer.status == 200).then_some(())
    });
    joined.await;
    moved.enter(&room).await.say(&room.code, "as if nothing had happened").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_signal_that_asks_for_an_end_is_a_goodbye() {
    for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP] {
        let folder = Folder::new();
        let server = folder.serve(&["--database=memory:"]).await;
        let guest = Guest::at(server.addr, None).await;
        let mut client = guest.enter(&guest.room().await).await;
        server.signal(signal);
        let (told, close) = farewell(&mut client).await;
        assert!(told.is_some() && close == Some(1012), "signal {signal}: {close:?}");
        // A second one changes nothing.
        assert!(server.terminate().await.success(), "signal {signal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_moment_that_somebody_can_connect_no_signal_ends_the_process_by_itself() {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        let folder = Folder::new();
        let free = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let addr = free.local_addr().expect("a bound port has an address");
        drop(free);
        let mut starting = folder.begin(&["--listen", &addr.to_string(), "--data-dir", "data"]);
        let began = std::time::Instant::now();
        while TcpStream::connect(addr).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "nobody listens");
            tokio::task::yield_now().await;
        }
        starting.signal(signal);
        let status = starting.end().await;
        assert!(status.success(), "signal {signal}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_that_whoever_started_it_ignores_stays_ignored() {
    let folder = Folder::new();
    let mut server = folder.serve_after("trap '' HUP", &["--database=memory:"]).await;
    server.signal(libc::SIGHUP);
    for _ in 0..20 {
        Ask::get("/healthz").send(server.addr).await.assert_status(200);
    }
    assert!(server.is_running());
    assert!(server.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_that_ask_for_nothing_here_end_nothing() {
    let folder = Folder::new();
    let mut server = folder.serve(&["--database=memory:"]).await;
    let guest = Guest::at(server.addr, None).await;
    let room = guest.room().await;
    let mut client = guest.enter(&room).await;
    for signal in [libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM] {
        server.signal(signal);
        Ask::get("/healthz").send(server.addr).await.assert_status(200);
        assert!(server.is_running(), "signal {signal}");
    }
    client.say(&room.code, "and nobody notices").await;
    assert!(server.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_sigkill_people_and_rooms_are_there_and_the_loss_is_told() {
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    let (guest, other) = (Guest::at(server.addr, None).await, Guest::at(server.addr, None).await);
    let room = guest.pin_room("4711").await;
    other.join(&room.code, Some("4711")).await.assert_status(200);
    let mut client = guest.connect().await;
    let before = client.join(&room.code).await;
    client.say(&room.code, "before").await;
    server.kill();
    let (close, bye) = client.wire.end().await;
    assert_eq!((close, bye), (None, None), "nobody said goodbye");

    let server = folder.serve(&[]).await;
    for person in [guest, other] {
        let person = Guest { addr: server.addr, ..person };
        let mut back = person.connect().await;
        let cid = back.ask_join(&room.code, None, Some(before.position)).await;
        let joined = back.expect_joined(Some(cid)).await;
        assert!(joined.room == before.room && joined.position.epoch != before.position.epoch);
        let gap = back.next().await;
        let possibly = ServerFrame::Gap { room: room.code(), missed: None };
        assert!(gap == Heard::Frame(possibly), "{gap:?}");
    }
}
