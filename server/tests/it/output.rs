//! What the server writes to the terminal cannot be written: it serves on, and says what was lost when it can.

use std::fs::File;
use std::io::{BufRead as _, Read as _};
use std::process::Stdio;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::process::{BinServer, Folder};
use crate::harness::{Ask, Guest, PATIENCE};

const AT: &str = "127.0.0.1:0";
/// Lines for every request.
const TALKATIVE: [&str; 4] = ["--database", "memory:", "--log", "trace"];

/// A device without room for one byte.
fn full() -> File {
    File::options().write(true).open("/dev/full").expect("Linux has it")
}

/// What people do, with a log line for each step.
async fn used(server: &BinServer) {
    let guest = Guest::at(server.addr, None).await;
    let room = guest.room().await;
    guest.enter(&room).await.say(&room.code, "hello").await;
    for _ in 0..20 {
        Ask::get("/healthz").send(server.addr).await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_standard_error_ends_neither_the_start_nor_the_serving() {
    let folder = Folder::new();
    let mut server = folder.serve_logging(full().into(), AT, &TALKATIVE).await;
    used(&server).await;
    assert!(server.is_running());
    assert!(server.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standard_error_that_is_closed_under_it_ends_nothing() {
    for format in ["text", "json"] {
        let folder = Folder::new();
        let arguments = [&TALKATIVE[..], &["--log-format", format]].concat();
        let mut server = folder.serve_logging(Stdio::piped(), AT, &arguments).await;
        drop(server.take_stderr());
        used(&server).await;
        assert!(server.is_running());
        assert!(server.terminate().await.success());
    }
}

/// Asks so many times on one line.
async fn asks(server: &BinServer, times: usize) {
    let mut line = TcpStream::connect(server.addr).await.expect("the server listens");
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.addr);
    let (mut reads, mut writes) = line.split();
    let write = async {
        for _ in 0..times {
            writes.write_all(request.as_bytes()).await.expect("the line is open");
        }
    };
    let read = async {
        let (mut answered, mut tail, mut piece) = (0, Vec::new(), vec![0; 16 * 1024]);
        while answered < times {
            let more = reads.read(&mut piece).await.expect("the line is open");
            assert!(more > 0, "the server went on answering");
            tail.extend_from_slice(&piece[..more]);
            let text = String::from_utf8_lossy(&tail).into_owned();
            answered += text.matches("alive\n").count();
            tail = text.rfind("alive\n").map_or(tail.clone(), |at| text.as_bytes()[at + 6..].to_vec());
        }
    };
    tokio::join!(write, read);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_holds_up_nobody_and_what_was_lost_is_told() {
    let folder = Folder::new();
    let mut server = folder.serve_logging(Stdio::piped(), AT, &TALKATIVE).await;
    // More than the pipe and the queue hold.
    let times = 20_000;
    asks(&server, times).await;
    let log = std::io::BufReader::new(server.take_stderr());
    let (sends, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sends.send(line)));
    let (mut written, mut lost) = (0, 0);
    // Then nothing waits any more, so the last line has its place.
    while written + lost < times {
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{written} lines, and {lost} told as lost"));
        written += usize::from(line.contains("/healthz"));
        if line.contains("log lines are lost") {
            let count = line.split("lost=").nth(1).unwrap_or_default();
            lost += count.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        }
    }
    assert!(lost > 0, "the queue is bounded");
    assert!(server.terminate().await.success());
    assert!(lines.iter().any(|line| line.contains("stopped")), "what comes after is written");
}

/// Runs in a process of its own, started by the test below with a standard error that takes nothing.
const PANICS: &str = "PANICS_WITH_A_FULL_STANDARD_ERROR";

#[test]
fn a_panic_that_cannot_be_told_ends_its_thread_only() {
    if std::env::var_os(PANICS).is_some() {
        let level = server::config::LogLevel::Trace;
        let _logging = server::telemetry::start(level, server::config::LogFormat::Text).expect("once a process");
        for _ in 0..50 {
            assert!(std::thread::spawn(|| panic!("on purpose")).join().is_err());
            tracing::error!("and a line that is lost");
        }
        return;
    }
    for stderr in [Some(full()), None] {
        let mut command = std::process::Command::new(std::env::current_exe().expect("a test is a program"));
        command.args(["--exact", "output::a_panic_that_cannot_be_told_ends_its_thread_only"]).env(PANICS, "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(stderr.map_or_else(Stdio::piped, Stdio::from));
        let mut child = command.spawn().expect("a test starts twice");
        // The pipe has no reader from here on.
        drop(child.stderr.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stdout));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_fails_with_a_sentence_or_ends_with_its_reader() {
    let folder = Folder::new();
    for flag in ["--list-limits", "--print-config", "--help"] {
        let mut command = folder.command(&[flag]);
        let child = command.stdout(full()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("panicked"), "{flag}: {told}");
        assert!(flag == "--help" || (!output.status.success() && told.contains("standard output")), "{flag}: {told}");
        let mut child =
            folder.command(&[flag]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.stderr.is_empty(), "{flag}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // And a server that cannot say where it is, is there.
    let mut command = folder.command(&["--listen", AT, "--database", "memory:"]);
    let mut child = command.stdout(full()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut log = child.stderr.take().expect("it is a pipe");
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("serving") {
        let mut piece = [0; 256];
        let more = log.read(&mut piece).expect("can be read");
        assert!(more > 0, "it ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..more]);
    }
    assert!(matches!(child.try_wait(), Ok(None)));
    child.kill().expect("it runs");
    child.wait().expect("a killed process ends");
}
