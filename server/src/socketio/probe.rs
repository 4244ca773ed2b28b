//! The upgrade of a polling session, up to the point where nothing can fail any more.
//!
//! The library takes a session for lost whose upgrade fails, and a proxy that answers an upgrade and then swallows it is
//! nothing rare. So the client's probe is answered here, while its polls go on, and the library hears of the line only
//! when the client has said that it goes over to it. It then meets a probe of its own: [`Probed`] plays the client's
//! part in it, and hands on what the client sends behind. Knows nothing of rooms, and reads no message.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::passage::Claim;

/// What the client says first, what it is answered, and what it says when its polls have ended ("Upgrade" in the
/// description of Engine.IO 4).
const PROBE: &str = "2probe";
const PROBED: &str = "3probe";
const UPGRADE: &str = "5";
/// The client's part as frames: final, text, masked with zeros.
const REPEATED: &[u8] = b"\x81\x86\0\0\0\x002probe\x81\x81\0\0\0\x005";
/// The library's answer to it, a frame's head before it.
const UNHEARD: usize = 2 + PROBED.len();
/// No packet of a probe is longer; a frame may tell something in its end.
const FRAME_BYTES_MAX: usize = 128;

/// Does the probe on a fresh WebSocket. Answers the line where the client has gone over to it.
pub(super) async fn probe<S>(line: S, claim: &Claim) -> Option<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(FRAME_BYTES_MAX)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let mut socket = WebSocketStream::from_raw_socket(Sip(line), Role::Server, Some(config)).await;
    hear(&mut socket, PROBE).await?;
    // First: the client waits for its poll to end as soon as it has read the answer.
    claim.pause();
    socket.send(Message::text(PROBED)).await.ok()?;
    hear(&mut socket, UPGRADE).await?;
    socket.flush().await.ok()?;
    let Sip(line) = socket.into_inner();
    Some(line)
}

async fn hear<S>(socket: &mut WebSocketStream<Sip<S>>, packet: &str) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match socket.next().await?.ok()? {
            Message::Text(text) if text.as_str() == packet => return Some(()),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Text(_) | Message::Binary(_) | Message::Close(_) | Message::Frame(_) => return None,
        }
    }
}

/// Reads byte by byte, so that nothing behind the probe is taken from the line: clients send on without a pause.
struct Sip<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Sip<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte[..buffer.remaining().min(1)]);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sip<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A line whose client has gone over to it, as one whose client is about to.
pub struct Probed<S> {
    line: S,
    /// Left of the client's part.
    repeated: &'static [u8],
    /// Left of the answers that the client has had already.
    unheard: usize,
    /// As long as the line is there, there is no other.
    claim: Claim,
    is_taken: bool,
}

impl<S> Probed<S> {
    pub(super) const fn new(line: S, claim: Claim) -> Self {
        Self { line, repeated: REPEATED, unheard: UNHEARD, claim, is_taken: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Probed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.repeated.is_empty() {
            if !self.is_taken {
                // Who reads on has understood the client's part: a poll is refused from now on.
                self.is_taken = true;
                self.claim.go_on();
            }
            return Pin::new(&mut self.line).poll_read(cx, buffer);
        }
        let (now, later) = self.repeated.split_at(buffer.remaining().min(self.repeated.len()));
        buffer.put_slice(now);
        self.repeated = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Probed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.unheard == 0 {
            return Pin::new(&mut self.line).poll_write(cx, bytes);
        }
        let dropped = bytes.len().min(self.unheard);
        self.unheard -= dropped;
        Poll::Ready(Ok(dropped))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(cx)
    }
}

impl<S> std::fmt::Debug for Probed<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probed(…)")
    }
}

#[cfg(test)]
mod tests {
    use futures::{SinkExt as _, StreamExt as _};
    use socketioxide::socket::Sid;
    use tokio::io::DuplexStream;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::super::passage::Passages;
    use super::{Probed, probe};

    async fn pair() -> (DuplexStream, WebSocketStream<DuplexStream>) {
        let (near, far) = tokio::io::duplex(1_024);
        (near, WebSocketStream::from_raw_socket(far, Role::Client, None).await)
    }

    #[tokio::test]
    async fn the_library_meets_the_probe_again_and_then_what_the_client_sent_on() {
        let (line, mut client) = pair().await;
        for packet in ["2probe", "5", "4one", "4two"] {
            client.send(Message::text(packet)).await.expect("there is room");
        }
        let claim = Passages::default().claim(Sid::new()).expect("is free");
        let line = probe(line, &claim).await.expect("the client goes over");
        let mut library = WebSocketStream::from_raw_socket(Probed::new(line, claim), Role::Server, None).await;
        for packet in ["2probe", "5", "4one", "4two"] {
            let heard = library.next().await.expect("goes on").expect("is a frame");
            assert_eq!(heard, Message::text(packet));
            if packet == "2probe" {
                library.send(Message::text("3probe")).await.expect("is open");
            }
        }
        library.send(Message::text("4three")).await.expect("is open");
        for packet in ["3probe", "4three"] {
            assert_eq!(client.next().await.expect("goes on").expect("is a frame"), Message::text(packet), "once");
        }
    }

    #[tokio::test]
    async fn what_is_no_probe_or_ends_is_no_upgrade() {
        for packets in [&["4hello"] as &[&str], &["2probe", "2probe"], &["5"], &["2probe"], &[]] {
            let (line, mut client) = pair().await;
            for packet in packets {
                client.send(Message::text(*packet)).await.expect("there is room");
            }
            drop(client);
            let claim = Passages::default().claim(Sid::new()).expect("is free");
            assert!(probe(line, &claim).await.is_none(), "{packets:?}");
        }
    }
}
