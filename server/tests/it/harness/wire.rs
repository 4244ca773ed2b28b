//! One WebSocket without manners: it sends what it is told to and hands on whatever comes.

use std::fmt;
use std::net::SocketAddr;

use futures::{SinkExt as _, StreamExt as _};
use protocol::{ClientFrame, ErrorCode, SUBPROTOCOL, ServerFrame, decode_server, encode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::PATIENCE;

/// A socket to `/ws`.
pub(crate) struct Wire<S = TcpStream> {
    socket: WebSocketStream<S>,
    /// Every text that came, as it came.
    pub(crate) texts: Vec<String>,
}

/// What a socket brings.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "each is looked at and dropped")]
pub(crate) enum Heard {
    Frame(ServerFrame),
    /// The end, with its code where one was said.
    Closed(Option<u16>),
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(ServerFrame::Error { code, .. }) => write!(f, "error {code}"),
            Self::Frame(frame) => write!(f, "{frame:?}"),
            Self::Closed(code) => write!(f, "closed {code:?}"),
        }
    }
}

/// A client's frame as text.
pub(crate) fn frame(frame: &ClientFrame) -> String {
    encode(frame)
}

impl Wire {
    /// Connects as a program does: no cookie, no Origin.
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        match Self::try_open(addr, &[]).await {
            Ok((wire, _)) => wire,
            Err(refused) => panic!("the upgrade was refused with {}", refused.status()),
        }
    }

    /// Connects with these headers; answers the refusal where there is one.
    pub(crate) async fn try_open(addr: SocketAddr, headers: &[(&str, &str)]) -> Result<(Self, Response), Response> {
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        Self::over(stream, addr, headers).await
    }

    /// As [`Wire::try_open`], at another address.
    pub(crate) async fn at(
        addr: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(Self, Response), Response> {
        let stream = TcpStream::connect(addr).await.expect("the server listens");
        Self::upgraded(stream, &format!("ws://{addr}{path}"), headers).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// As [`Wire::try_open`], over a socket of the test's own.
    pub(crate) async fn over(
        stream: S,
        host: impl fmt::Display,
        headers: &[(&str, &str)],
    ) -> Result<(Self, Response), Response> {
        Self::upgraded(stream, &format!("ws://{host}/ws"), headers).await
    }

    async fn upgraded(stream: S, url: &str, headers: &[(&str, &str)]) -> Result<(Self, Response), Response> {
        match Self::attempt(stream, url, headers).await {
            Ok(upgraded) => Ok(upgraded),
            Err(Error::Http(refused)) => Err(*refused),
            Err(error) => panic!("the upgrade failed: {error}"),
        }
    }

    /// At this address, where the server may end meanwhile.
    pub(crate) async fn attempt(stream: S, url: &str, headers: &[(&str, &str)]) -> Result<(Self, Response), Error> {
        let mut request = url.into_client_request().expect("the address is a URL");
        let own = [("sec-websocket-protocol", SUBPROTOCOL)];
        for (name, value) in own.iter().chain(headers) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("is a header's name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("is a header's value"));
        }
        // The client holds back nothing: what the server takes is the server's to say.
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (socket, response) =
            tokio::time::timeout(PATIENCE, handshake).await.expect("the upgrade is answered in time")?;
        Ok((Self { socket, texts: Vec::new() }, response))
    }

    /// Sends one text frame.
    pub(crate) async fn text(&mut self, text: &str) {
        self.texts_at_once(&[text.to_owned()]).await;
    }

    /// Sends several text frames in one write, and so in one packet where they fit.
    pub(crate) async fn texts_at_once(&mut self, texts: &[String]) {
        for text in texts {
            self.socket.feed(Message::text(text.as_str())).await.expect("the line is open");
        }
        self.socket.flush().await.expect("the line is open");
    }

    /// Sends where the other side may be gone already.
    pub(crate) async fn try_text(&mut self, text: &str) -> bool {
        self.socket.send(Message::text(text)).await.is_ok()
    }

    pub(crate) async fn binary(&mut self, bytes: &[u8]) {
        let message = Message::binary(bytes.to_vec());
        self.socket.send(message).await.expect("the line is open");
    }

    /// A text frame that is none.
    pub(crate) async fn invalid_text(&mut self, bytes: &[u8]) {
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true);
        self.socket.send(Message::Frame(frame)).await.expect("the line is open");
    }

    /// Says goodbye, as a page that is closed does.
    pub(crate) async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }

    /// The next frame or the end, within the deadline.
    pub(crate) async fn next(&mut self) -> Heard {
        let next = tokio::time::timeout(PATIENCE, self.next_ever()).await;
        next.expect("something comes in time")
    }

    /// The next frame or the end, whenever it comes.
    pub(crate) async fn next_ever(&mut self) -> Heard {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    self.texts.push(text.as_str().to_owned());
                    return Heard::Frame(decode_server(&text).expect("the server sends frames"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(close))) => {
                    return Heard::Closed(close.map(|close| close.code.into()));
                }
                Some(Ok(other)) => panic!("the server sent {} bytes that are no text", other.len()),
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    /// Reads to the end; answers the close code and the `bye` before it.
    pub(crate) async fn end(&mut self) -> (Option<u16>, Option<ErrorCode>) {
        let mut bye = None;
        loop {
            match self.next().await {
                Heard::Frame(ServerFrame::Bye { code, .. }) => bye = Some(code),
                Heard::Frame(_) => {}
                Heard::Closed(code) => return (code, bye),
            }
        }
    }

    /// Asserts that the connection ends for this reason, said in `bye` and in the close.
    pub(crate) async fn expect_end(&mut self, code: ErrorCode) {
        let end = self.end().await;
        assert_eq!(end, (Some(code.close_code()), Some(code)));
    }
}
