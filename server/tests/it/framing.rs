//! Bytes that are no WebSocket, or no text: the line ends with a code that says so, and the client sees it.

use protocol::{ClientFrame, ErrorCode, ServerFrame};
use tokio::io::AsyncWriteExt as _;

use crate::harness::raw::{CLOSE, CONTINUATION, FINAL, RawLine, TEXT, masked};
use crate::harness::{Guest, TestServer, frame};

/// A line that has said hello.
async fn greeted(server: &TestServer, guest: &Guest) -> RawLine {
    let mut line = RawLine::open(server.addr).await;
    line.text(&frame(&ClientFrame::Hello { token: Some(guest.token().to_owned()), resume: None, follow: false })).await;
    assert!(matches!(line.reads.next().await, Ok(ServerFrame::Welcome { .. })));
    line
}

async fn expect_end(server: &TestServer, guest: &Guest, bytes: &[u8], code: ErrorCode) {
    let mut before_hello = RawLine::open(server.addr).await;
    before_hello.bytes(bytes).await;
    assert_eq!(before_hello.reads.end().await, (code.close_code(), Some(code)), "before hello: {bytes:02x?}");
    let mut inside = greeted(server, guest).await;
    inside.bytes(bytes).await;
    assert_eq!(inside.reads.end().await, (code.close_code(), Some(code)), "after hello: {bytes:02x?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_come_with_the_request_are_read_behind_it() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let hello = frame(&ClientFrame::Hello { token: Some(guest.token().to_owned()), resume: None, follow: false });
    // The second frame is cut: its end comes later.
    let frames = [masked(FINAL | TEXT, hello.as_bytes()), masked(FINAL | TEXT, b"{}")].concat();
    let (with_it, later) = frames.split_at(frames.len() - 1);
    let mut line = RawLine::open_and_send(server.addr, with_it).await;
    assert!(matches!(line.reads.next().await, Ok(ServerFrame::Welcome { .. })));
    line.bytes(later).await;
    assert!(matches!(line.reads.next().await, Ok(ServerFrame::Error { code: ErrorCode::BadFrame, .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_is_not_utf8_is_closed_with_1007() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    assert_eq!(ErrorCode::InvalidUtf8.close_code(), 1007);
    let whole = masked(FINAL | TEXT, b"{\"t\":\"ping\",\"x\":\"\xff\xfe\"}");
    // A surrogate, an overlong slash, a character that is cut off at the end.
    let surrogate = masked(FINAL | TEXT, b"\"\xed\xa0\x80\"");
    let overlong = masked(FINAL | TEXT, b"\"\xc0\xaf\"");
    let cut_off = masked(FINAL | TEXT, b"\"\xe2\x82");
    let mut in_parts = masked(TEXT, b"{\"t\":\"\xe2\x82");
    in_parts.extend(masked(FINAL | CONTINUATION, b"\"}"));
    for bytes in [whole, surrogate, overlong, cut_off, in_parts] {
        expect_end(&server, &guest, &bytes, ErrorCode::InvalidUtf8).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_character_in_two_frames_is_whole() {
    let server = TestServer::spawn().await;
    let mut line = greeted(&server, &Guest::new(&server).await).await;
    let text = "{\"t\":\"send\",\"cid\":\"c1\",\"room\":\"€\",\"text\":\"x\"}".as_bytes();
    let middle = text.iter().position(|byte| *byte == 0x82).expect("the second byte of the sign");
    line.bytes(&masked(TEXT, &text[..middle])).await;
    line.bytes(&masked(FINAL | CONTINUATION, &text[middle..])).await;
    let refused = loop {
        match line.reads.next().await {
            // Its time is drawn by lot, and may be now.
            Ok(ServerFrame::Ping {}) => {}
            other => break other,
        }
    };
    assert!(matches!(refused, Ok(ServerFrame::Error { code: ErrorCode::InvalidCode, cid: Some(_), .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_break_the_rules_are_closed_with_1002() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    assert_eq!(ErrorCode::ProtocolError.close_code(), 1002);
    let reserved_bit = masked(FINAL | 0x40 | TEXT, b"{}");
    let unknown_kind = masked(FINAL | 0x3, b"{}");
    let continues_nothing = masked(FINAL | CONTINUATION, b"{}");
    let control_in_parts = masked(0x9, b"");
    let long_control = masked(FINAL | 0x9, &[b'x'; 126]);
    let without_mask = vec![FINAL | TEXT, 2, b'{', b'}'];
    // Two bytes of payload, and two more than needed to say so.
    let long_length = vec![FINAL | TEXT, 0xfe, 0, 2, 0, 0, 0, 0, b'{', b'}'];
    let many =
        [reserved_bit, unknown_kind, continues_nothing, control_in_parts, long_control, without_mask, long_length];
    for bytes in many {
        expect_end(&server, &guest, &bytes, ErrorCode::ProtocolError).await;
    }
}

/// The rest of the message never comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_before_the_message_is_whole() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let whole = masked(FINAL | TEXT, &[b"{\"t\":\"\xff".as_slice(), &[b'x'; 1_000]].concat());
    expect_end(&server, &guest, &whole[..40], ErrorCode::InvalidUtf8).await;
    expect_end(&server, &guest, &masked(FINAL | 0x3, b"{}")[..1], ErrorCode::ProtocolError).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_too_much_at_once_sees_4501_while_still_sending() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let frame_bytes_max = usize::try_from(server.state.config.limits.frame_bytes_max).expect("fits in memory");
    expect_end(&server, &guest, &masked(FINAL | TEXT, &vec![b'x'; frame_bytes_max + 1]), ErrorCode::TooLarge).await;
    let RawLine { mut writes, mut reads } = greeted(&server, &guest).await;
    // More than the buffers between the two hold; the line may end under it.
    let sending = tokio::spawn(async move {
        let _ = writes.write_all(&masked(FINAL | TEXT, &vec![b'x'; 32 << 20])).await;
    });
    assert_eq!(reads.end().await, (ErrorCode::TooLarge.close_code(), Some(ErrorCode::TooLarge)));
    sending.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goodbye_is_answered_by_one() {
    let server = TestServer::spawn().await;
    let guest = Guest::new(&server).await;
    let close = masked(FINAL | CLOSE, &1000_u16.to_be_bytes());
    let mut before_hello = RawLine::open(server.addr).await;
    before_hello.bytes(&close).await;
    assert_eq!(before_hello.reads.end().await, (1000, None));
    let mut inside = greeted(&server, &guest).await;
    inside.bytes(&close).await;
    assert_eq!(inside.reads.end().await, (1000, None));
}
