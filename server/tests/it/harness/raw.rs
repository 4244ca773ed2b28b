//! A line below the WebSocket: frames byte by byte, as a broken client or a broken proxy writes them.

use std::net::SocketAddr;

use protocol::{ErrorCode, SUBPROTOCOL, ServerFrame, decode_server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::PATIENCE;

/// The bit of a frame that is the last, or the only one, of its message.
pub(crate) const FINAL: u8 = 0x80;
/// A text frame.
pub(crate) const TEXT: u8 = 0x1;
/// More of the message before.
pub(crate) const CONTINUATION: u8 = 0x0;
/// A goodbye.
pub(crate) const CLOSE: u8 = 0x8;
/// A ping or pong of the protocol itself.
const CONTROL: [u8; 2] = [0x9, 0xa];
/// Frames of a client are masked. With a mask of zeroes they stay readable.
const MASKED: u8 = 0x80;

/// One upgraded line, its two ways apart: a test may read while it writes.
pub(crate) struct RawLine {
    pub(crate) reads: RawFrames,
    pub(crate) writes: OwnedWriteHalf,
}

/// What the server sends, frame by frame.
pub(crate) struct RawFrames(OwnedReadHalf);

/// One frame as a client sends it.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        0..=125 => frame.push(MASKED + u8::try_from(payload.len()).expect("is small")),
        126..=0xFFFF => {
            frame.push(MASKED + 126);
            frame.extend(u16::try_from(payload.len()).expect("is small").to_be_bytes());
        }
        _ => {
            frame.push(MASKED + 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

impl RawLine {
    /// Connects and upgrades.
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        Self::open_and_send(addr, &[]).await
    }

    /// Connects and sends these bytes in one write with the request to upgrade.
    pub(crate) async fn open_and_send(addr: SocketAddr, bytes: &[u8]) -> Self {
        let mut stream = TcpStream::connect(addr).await.expect("the server listens");
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        );
        stream.write_all(&[request.as_bytes(), bytes].concat()).await.expect("the line is open");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("the upgrade is answered"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        let (reads, writes) = stream.into_split();
        Self { reads: RawFrames(reads), writes }
    }

    /// Writes bytes as they are.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.writes.write_all(bytes).await.expect("the line is open");
    }

    /// Writes one whole text frame.
    pub(crate) async fn text(&mut self, text: &str) {
        self.bytes(&masked(FINAL | TEXT, text.as_bytes())).await;
    }
}

impl RawFrames {
    /// The next text, or the code of the close.
    pub(crate) async fn next(&mut self) -> Result<ServerFrame, u16> {
        loop {
            let read = tokio::time::timeout(PATIENCE, self.frame()).await;
            let (first, payload) = read.expect("something comes in time").expect("a close comes before the end");
            match first & !FINAL {
                TEXT => {
                    let text = String::from_utf8(payload).expect("texts are UTF-8");
                    return Ok(decode_server(&text).expect("the server sends frames"));
                }
                CLOSE => {
                    let code = payload.first_chunk().expect("the close has a code");
                    return Err(u16::from_be_bytes(*code));
                }
                kind if CONTROL.contains(&kind) => {}
                other => panic!("a frame of kind {other}"),
            }
        }
    }

    /// Reads to the close: its code, and that of the `bye` before it.
    pub(crate) async fn end(&mut self) -> (u16, Option<ErrorCode>) {
        let mut bye = None;
        loop {
            match self.next().await {
                Ok(ServerFrame::Bye { code, .. }) => bye = Some(code),
                Ok(_) => {}
                Err(code) => return (code, bye),
            }
        }
    }

    async fn frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let first = self.0.read_u8().await?;
        let length = match self.0.read_u8().await? {
            126 => usize::from(self.0.read_u16().await?),
            127 => usize::try_from(self.0.read_u64().await?).expect("fits in memory"),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await?;
        Ok((first, payload))
    }
}
