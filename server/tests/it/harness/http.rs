//! An HTTP/1.1 client of a hundred lines: one request a connection, nothing hidden, nothing followed.

use std::net::SocketAddr;

use protocol::{ErrorCode, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::PATIENCE;

/// One request.
#[derive(Clone)]
pub(crate) struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// As a browser sends it over plain HTTP.
    pub(crate) fn cookie(self, token: &str) -> Self {
        self.header("cookie", &format!("ws={token}"))
    }

    pub(crate) fn origin(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    pub(crate) fn json(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("bodies of tests serialise");
        self.body("application/json", &body)
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body.as_bytes())
    }

    pub(crate) fn body(self, kind: &str, body: &[u8]) -> Self {
        let mut ask = self.header("content-type", kind);
        ask.body = body.to_vec();
        ask
    }

    fn bytes(&self, host: &str) -> Vec<u8> {
        let has = |wanted: &str| self.headers.iter().any(|(name, _)| name == wanted);
        let mut lines = vec![format!("{} {} HTTP/1.1", self.method, self.path)];
        if !has("host") {
            lines.push(format!("host: {host}"));
        }
        if self.method != "GET" {
            lines.push(format!("content-length: {}", self.body.len()));
        }
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.push("connection: close\r\n\r\n".to_owned());
        [lines.join("\r\n").as_bytes(), &self.body].concat()
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, addr: SocketAddr) -> Answer {
        match self.try_send(addr).await {
            Ok(answer) => answer,
            Err(error) => panic!("{} {} was not answered: {error}", self.method, self.path),
        }
    }

    /// As [`Ask::send`], for a server that may be away.
    pub(crate) async fn try_send(&self, addr: SocketAddr) -> std::io::Result<Answer> {
        let exchange = async {
            let stream = TcpStream::connect(addr).await?;
            self.exchange(stream, &addr.to_string()).await
        };
        tokio::time::timeout(PATIENCE, exchange).await?
    }

    /// As [`Ask::send`], over a line of the test's own.
    pub(crate) async fn send_over(&self, line: impl AsyncRead + AsyncWrite + Unpin, host: &str) -> Answer {
        let exchange = self.exchange(line, host);
        let answer = tokio::time::timeout(PATIENCE, exchange).await.expect("an answer comes in time");
        answer.unwrap_or_else(|error| panic!("{} {} was not answered: {error}", self.method, self.path))
    }

    async fn exchange(&self, mut line: impl AsyncRead + AsyncWrite + Unpin, host: &str) -> std::io::Result<Answer> {
        // A server that refuses a large body may close before it has read it all.
        let _ = line.write_all(&self.bytes(host)).await;
        let mut read = Vec::new();
        loop {
            match line.read_buf(&mut read).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if read.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Answer::parse(&read).ok_or_else(|| std::io::Error::other("that is no HTTP answer"))
    }
}

impl Answer {
    fn parse(read: &[u8]) -> Option<Self> {
        let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&read[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let body = read[end + 4..].to_vec();
        let mut answer = Self { status, headers, body };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunk(&answer.body)?;
        }
        Some(answer)
    }

    /// The first header of a name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other == name)?;
        Some(value)
    }

    /// Every header of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = self.headers.iter().filter(move |(other, _)| other == name);
        same.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("the body is UTF-8")
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(read) => read,
            Err(error) => panic!("{error} in the answer {}: {}", self.status, self.text()),
        }
    }

    /// The problem of a refusal, which must have the one form.
    pub(crate) fn problem(&self) -> Problem {
        let kind = self.header("content-type").unwrap_or_default();
        assert_eq!(kind, "application/problem+json", "status {}: {}", self.status, self.text());
        let problem: Problem = self.json();
        assert_eq!(problem.status, self.status, "the body repeats another status");
        assert_eq!(self.status, problem.code.http_status(), "{} has another status", problem.code);
        assert_eq!(problem.request_id.as_deref(), self.header("x-request-id"), "one id in header and body");
        assert_eq!(problem.kind, format!("urn:whisperspace:error:{}", problem.code));
        problem
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> ErrorCode {
        self.problem().code
    }

    /// Asserts the status, and shows the answer where it is another.
    #[track_caller]
    pub(crate) fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&rest[..line]).ok()?;
        let length = usize::from_str_radix(length.split(';').next()?.trim(), 16).ok()?;
        let start = line + 2;
        body.extend_from_slice(rest.get(start..start + length)?);
        rest = rest.get(start + length + 2..)?;
        if length == 0 {
            return Some(body);
        }
    }
}
