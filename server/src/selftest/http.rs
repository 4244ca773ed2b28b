//! One HTTP/1.1 connection that stays open between its requests, as a browser's does.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// Longer than anything takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Answers are pages and small objects.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// The connection.
pub(super) struct Http {
    stream: TcpStream,
    address: SocketAddr,
}

/// What is asked.
#[derive(Default)]
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// Whole lines.
    pub(super) headers: &'a [String],
    pub(super) kind: &'a str,
    pub(super) body: &'a str,
}

/// What is answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Http {
    pub(super) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("the server does not listen")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, address })
    }

    pub(super) fn ask(&mut self, ask: &Ask<'_>) -> anyhow::Result<Answer> {
        let (address, length) = (self.address, ask.body.len());
        let (method, path, kind) = (ask.method, ask.path, ask.kind);
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n"
        );
        for line in ask.headers {
            request.push_str(line);
            request.push_str("\r\n");
        }
        self.stream.write_all(format!("{request}\r\n{}", ask.body).as_bytes())?;
        self.answer().with_context(|| format!("{} is not answered", ask.path.split('?').next().unwrap_or_default()))
    }

    /// A body of JSON, with a login.
    pub(super) fn json(&mut self, path: &str, token: Option<&str>, body: &str) -> anyhow::Result<Answer> {
        let headers: Vec<_> = token.map(|token| format!("authorization: Bearer {token}")).into_iter().collect();
        self.ask(&Ask { method: "POST", path, headers: &headers, kind: "application/json", body })
    }

    /// A form of the site's own page, as a browser without scripts posts it.
    pub(super) fn form(&mut self, path: &str, token: &str, body: &str) -> anyhow::Result<Answer> {
        let headers =
            [format!("origin: http://{}", self.address), format!("cookie: ws={token}"), "accept: text/html".to_owned()];
        self.ask(&Ask { method: "POST", path, headers: &headers, kind: "application/x-www-form-urlencoded", body })
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        let (mut read, mut part) = (Vec::new(), [0; 4096]);
        loop {
            if let Some(answer) = parse(&read) {
                return Ok(answer);
            }
            ensure!(read.len() < ANSWER_BYTES_MAX, "the answer is too long");
            let count = self.stream.read(&mut part)?;
            ensure!(count > 0, "the connection ended");
            read.extend_from_slice(part.get(..count).unwrap_or_default());
        }
    }
}

/// An answer, if all of it is there.
fn parse(read: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(read);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let is_whole = match length {
        Some(length) => body.len() >= length,
        None if lower.contains("transfer-encoding: chunked") => body.ends_with("0\r\n\r\n"),
        None => true,
    };
    let status = head.split(' ').nth(1)?.parse().ok()?;
    is_whole.then(|| Answer { status, body: body.to_owned() })
}
