//! A WebSocket as a client of the native protocol or of Socket.IO holds it.

use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, bail};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use super::http::PATIENCE;

/// More than comes while one text is waited for.
const PASSED_MAX: usize = 1_000;

/// The connection.
pub(super) struct Socket {
    socket: WebSocket<TcpStream>,
    /// Frames of the native protocol that are to be confirmed.
    have: u64,
}

impl Socket {
    pub(super) fn open(address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("the server does not listen")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!("ws://{address}{path}").into_client_request()?;
        // The error may quote the request.
        let (socket, _) = client(request, stream).map_err(|_| anyhow::anyhow!("{path} is not upgraded"))?;
        Ok(Self { socket, have: 0 })
    }

    pub(super) fn send(&mut self, text: &str) -> anyhow::Result<()> {
        self.socket.send(Message::text(text)).context("the connection ended")
    }

    pub(super) fn binary(&mut self, bytes: &str) -> anyhow::Result<()> {
        self.socket.send(Message::binary(bytes.as_bytes().to_vec())).context("the connection ended")
    }

    /// Waits for a text that holds this.
    pub(super) fn expect(&mut self, part: &str) -> anyhow::Result<String> {
        for _ in 0..PASSED_MAX {
            let read = self.socket.read().with_context(|| format!("{part} does not come"))?;
            let Message::Text(text) = read else { continue };
            if text == "2" {
                // Engine.IO's ping.
                self.send("3")?;
            }
            self.have += u64::from(protocol::decode_server(&text).is_ok_and(|frame| frame.is_counted()));
            if text.contains(part) {
                return Ok(text.as_str().to_owned());
            }
        }
        bail!("what was waited for does not come")
    }

    /// Says what has come, and waits until the server knows.
    pub(super) fn confirm(&mut self) -> anyhow::Result<()> {
        self.send(&format!("{{\"t\":\"ping\",\"have\":{}}}", self.have))?;
        self.expect("\"t\":\"pong\"").map(drop)
    }

    /// Says goodbye.
    pub(super) fn close(mut self) {
        let _ = self.socket.close(None);
        // The other side's goodbye, or whatever else ends the connection.
        while self.socket.read().is_ok() {}
    }
}
