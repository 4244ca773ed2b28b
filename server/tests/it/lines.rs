//! Lines below everything that they carry: counted from accept on, in no stranger's hand for ever, never more than there
//! are files for.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use protocol::{ErrorCode, ServerFrame};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::harness::process::Folder;
use crate::harness::raw::{FINAL, RawLine, TEXT, masked};
use crate::harness::{Ask, Guest, PATIENCE, TestServer, eventually, frame, poll};

/// Answers that no buffer between two ends holds.
const PIPELINED: usize = 2_000;

/// Asks for much at once on a narrow line, and reads nothing.
async fn ask_and_never_read(addr: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.set_recv_buffer_size(4 * 1024).expect("the size may be set");
    let mut stream = socket.connect(addr).await.expect("the server listens");
    let requests = format!("GET / HTTP/1.1\r\nhost: {addr}\r\n\r\n").repeat(PIPELINED);
    // The server stops reading when it cannot write any more.
    let _ = timeout(Duration::from_millis(200), stream.write_all(requests.as_bytes())).await;
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r12_a_peer_that_asks_and_never_reads_loses_its_line_and_a_slow_one_does_not() {
    let server = TestServer::narrow(|limits| limits.unwritten_ms_max = 1_000).await;
    let mut slow = ask_and_never_read(server.addr).await;
    let mut deaf = Vec::new();
    for _ in 0..8 {
        deaf.push(ask_and_never_read(server.addr).await);
    }
    eventually("all are counted", || server.state.connections.lines() == 9).await;
    let began = Instant::now();
    let mut portion = vec![0; 64 * 1024];
    while server.state.connections.lines() > 1 {
        assert!(began.elapsed() < PATIENCE, "{} lines are still held", server.state.connections.lines());
        let read = timeout(Duration::from_millis(50), slow.read(&mut portion)).await;
        assert!(!matches!(read, Ok(Ok(0) | Err(_))), "who reads keeps the line");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(deaf);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_wait_for_peers_that_neither_read_nor_send_on() {
    let server = TestServer::narrow(|_| {}).await;
    let deaf = ask_and_never_read(server.addr).await;
    let mut half = TcpStream::connect(server.addr).await.expect("the server listens");
    let head = format!("POST /api/v1/login HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n", server.addr);
    half.write_all(format!("{head}content-length: 100\r\n\r\n{{").as_bytes()).await.expect("the line is open");
    eventually("both are there", || server.state.connections.lines() == 2).await;
    let took = server.stop().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop((deaf, half));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_so_many_lines_whatever_they_carry_and_is_told_when_there_are_no_more() {
    let server = TestServer::limited(|limits| limits.connections_per_address = 1).await;
    let mut idle = Vec::new();
    for _ in 0..36 {
        idle.push(TcpStream::connect(server.addr).await.expect("the server listens"));
    }
    eventually("all are counted", || server.state.connections.lines() == 36).await;
    let refused = Ask::get("/").send(server.addr).await;
    assert_eq!((refused.status, refused.code()), (429, ErrorCode::TooManyConnections));
    assert!(refused.header("retry-after").is_some());
    for path in ["/healthz", "/readyz"] {
        Ask::get(path).send(server.addr).await.assert_status(200);
    }
    idle.pop();
    eventually("one has gone", || server.state.connections.lines() == 35).await;
    Ask::get("/").send(server.addr).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_lines_beyond_an_addresss_keep_no_probe_out() {
    let server = TestServer::limited(|limits| limits.connections_per_address = 1).await;
    let mut idle = Vec::new();
    for _ in 0..10 {
        // More than the address's lines and the reserve together, and then some for each probe.
        for _ in 0..120 {
            idle.push(TcpStream::connect(server.addr).await.expect("the server listens"));
        }
        let answer = Ask::get("/readyz").try_send(server.addr).await;
        assert_eq!(answer.map(|answer| answer.status).ok(), Some(200), "after {} lines", idle.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_login_gets_through_where_a_neighbour_has_taken_the_addresss_lines() {
    let server = TestServer::limited(|limits| limits.connections_per_address = 1).await;
    let guest = Guest::new(&server).await;
    eventually("that line is over", || server.state.connections.lines() == 0).await;
    let mut idle = Vec::new();
    for _ in 0..60 {
        idle.push(TcpStream::connect(server.addr).await.expect("the server listens"));
    }
    assert_eq!(Ask::get("/").send(server.addr).await.code(), ErrorCode::TooManyConnections);
    assert_eq!(Ask::get("/").bearer("not.a.token").send(server.addr).await.code(), ErrorCode::TooManyConnections);
    guest.ask(Ask::get("/api/v1/me")).await.assert_status(200);
    let room = guest.room().await;
    guest.look_up(&room.code).await.assert_status(200);
    // And goes on asking on the same line, as a browser does.
    let mut line = TcpStream::connect(server.addr).await.expect("the server listens");
    for _ in 0..3 {
        let (addr, token) = (server.addr, guest.token());
        let head = format!("GET /api/v1/me HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {token}\r\n\r\n");
        line.write_all(head.as_bytes()).await.expect("the line is open");
        let mut piece = [0; 4_096];
        let read = timeout(PATIENCE, line.read(&mut piece)).await.expect("is answered").expect("the line is open");
        assert!(piece[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&piece[..read]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_few_files_answers_for_its_health_when_its_lines_are_taken() {
    let folder = Folder::new();
    let server = folder.serve_after("ulimit -n 256", &[]).await;
    let told = "the limit on open files leaves room for fewer connections";
    poll(told, async || folder.stderr().contains(told).then_some(())).await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(server.addr).await.expect("the server listens"));
    }
    // Those in the reserve make way.
    for path in ["/healthz", "/readyz", "/readyz"] {
        Ask::get(path).send(server.addr).await.assert_status(200);
    }
    let refused = Ask::get("/").send(server.addr).await;
    assert_eq!((refused.status, refused.code()), (503, ErrorCode::Overloaded));
    drop(idle);
    poll("pages again", async || (Ask::get("/").send(server.addr).await.status == 200).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_hardly_any_files_serves_or_says_that_it_cannot() {
    for files in [48, 56] {
        let folder = Folder::new();
        let server = folder.serve_after(&format!("ulimit -n {files}"), &[]).await;
        let mut idle = Vec::new();
        for _ in 0..60 {
            idle.push(TcpStream::connect(server.addr).await.expect("the server listens"));
        }
        for path in ["/healthz", "/readyz", "/readyz"] {
            Ask::get(path).send(server.addr).await.assert_status(200);
        }
        drop(idle);
        poll("pages again", async || (Ask::get("/").send(server.addr).await.status == 200).then_some(())).await;
        Guest::at(server.addr, None).await.room().await;
        let log = folder.stderr();
        assert!(!log.contains("Too many open files") && !log.contains("the database fails"), "{files}: {log}");
    }
    for files in [12, 47] {
        let folder = Folder::new();
        let mut command = Command::new("sh");
        let line = format!("ulimit -n {files}; exec \"$0\" --listen 127.0.0.1:0 --data-dir data");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_whisperspace")]).env_clear().current_dir(folder.path());
        let failed = Folder::finish(command).await;
        let told = String::from_utf8_lossy(&failed.stderr);
        let sentence = format!("the limit on open files is {files}, and 48 are needed");
        assert!(!failed.status.success() && told.contains(&sentence), "{told}");
        assert!(!folder.data().exists(), "nothing was begun");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_on_open_files_is_raised_as_far_as_it_goes() {
    let folder = Folder::new();
    let server = folder.serve_after("ulimit -S -n 256", &[]).await;
    let (soft, hard) = server.open_files();
    assert!(soft == hard || soft == "1048576", "{soft} of {hard}");
    for told in ["open_files=", "connections_total="] {
        poll(told, async || folder.stderr().contains(told).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_connections_waits_while_the_server_is_busy() {
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("Linux tells it");
    let burst = most.trim().parse::<usize>().expect("is a number").min(600);
    let folder = Folder::new();
    let server = folder.serve(&[]).await;
    server.signal(libc::SIGSTOP);
    let mut waiting = Vec::new();
    for number in 0..burst {
        let connecting = timeout(Duration::from_secs(5), TcpStream::connect(server.addr)).await;
        match connecting {
            Ok(Ok(stream)) => waiting.push(stream),
            refused => {
                server.signal(libc::SIGCONT);
                panic!("the connection {number} of {burst} was turned away: {refused:?}");
            }
        }
    }
    server.signal(libc::SIGCONT);
    drop(waiting);
    Ask::get("/healthz").send(server.addr).await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_below_the_requests_come_at_a_rate() {
    // A burst of 4,096, and then four in a millisecond.
    let server = TestServer::limited(|limits| limits.frames_per_minute = 60_000).await;
    let guest = Guest::new(&server).await;
    let ping = masked(FINAL | 0x9, b"");
    let hello = protocol::ClientFrame::Hello { token: Some(guest.token().to_owned()), resume: None, follow: false };
    let mut line = RawLine::open(server.addr).await;
    line.text(&frame(&hello)).await;
    assert!(matches!(line.reads.next().await, Ok(ServerFrame::Welcome { .. })));
    let began = Instant::now();
    let asks = masked(FINAL | TEXT, b"{\"t\":\"ping\"}");
    line.bytes(&[ping.repeat(6_000), asks].concat()).await;
    loop {
        match line.reads.next().await {
            Ok(ServerFrame::Pong {}) => break,
            Ok(_) => {}
            Err(code) => panic!("closed with {code}"),
        }
    }
    assert!(began.elapsed() >= Duration::from_millis(250), "{:?} for 6,000 pings", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_of_hashing_goes_back() {
    const GUESSES: usize = 240;
    let folder = Folder::new();
    let server = folder.serve(&["--database=memory:", "--limit=auth_failures=1000"]).await;
    let before = server.memory();
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..GUESSES {
        let addr = server.addr;
        guesses.spawn(async move {
            let body = json!({"username": format!("nobody{number}"), "password": "not the password"});
            Ask::post("/api/v1/login").json(&body).send(addr).await.status
        });
        if number % 12 == 11 {
            while let Some(status) = guesses.join_next().await {
                assert_eq!(status.ok(), Some(401));
            }
        }
    }
    let grown = server.memory().saturating_sub(before) / 1024;
    // One hash takes 19 MiB.
    assert!(grown < 24 * 1024, "{grown} KiB more after {GUESSES} failed sign-ins");
}
