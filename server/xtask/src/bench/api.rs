//! The few HTTP requests that make guests and rooms, by one connection that is kept: a bench makes ten thousand guests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustls::ClientConfig;
use serde_json::Value;

use super::stream::Stream;

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Api {
    address: SocketAddr,
    stream: BufReader<Stream>,
}

impl Api {
    /// `tls`: where the server wants it.
    pub(super) fn connect(address: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT).context("the server takes no connection")?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream: BufReader::new(Stream::new(stream, tls)?) })
    }

    /// The token of a new guest.
    pub(super) fn guest(&mut self) -> Result<String> {
        self.post("/api/v1/guest", None, "", "token")
    }

    /// The code of a new room.
    pub(super) fn room(&mut self, token: &str, capacity: usize) -> Result<String> {
        self.post("/api/v1/rooms", Some(token), &format!("{{\"capacity\":{capacity}}}"), "code")
    }

    /// A field of the JSON that is answered.
    fn post(&mut self, path: &str, token: Option<&str>, body: &str, field: &str) -> Result<String> {
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\n{bearer}{kind}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (status, answer) = self.answer().with_context(|| format!("no answer to POST {path}"))?;
        let answer: Value = serde_json::from_slice(&answer).with_context(|| format!("{path}: {status}, no JSON"))?;
        ensure!(status == 201, "POST {path}: {status} {}", answer["code"]);
        Ok(answer[field].as_str().with_context(|| format!("no {field} in the answer to {path}"))?.to_owned())
    }

    fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let (mut status, mut length, mut line) = (None, 0, String::new());
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line)? > 0, "the server closed");
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            match text.split_once(':') {
                _ if status.is_none() => status = text.split(' ').nth(1).and_then(|code| code.parse().ok()),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status.context("this is not HTTP")?, body))
    }
}
