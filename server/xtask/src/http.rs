//! Just enough of an HTTP client to ask our own server on this machine: one request a connection, no TLS.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    cookies: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// As it came, still encoded.
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, cookies: Vec::new() }
    }

    /// As a browser asks for a page or a file: compressed answers are welcome.
    pub(crate) fn get(&self, path: &str) -> Result<Response> {
        self.request(&format!("GET {path} HTTP/1.1\r\nAccept-Encoding: br, gzip\r\nAccept: text/html, */*"), "")
    }

    /// A page as text.
    pub(crate) fn get_text(&self, path: &str) -> Result<Response> {
        self.request(&format!("GET {path} HTTP/1.1\r\nAccept: text/html, */*"), "")
    }

    /// As a page of the site's own posts; the answer's cookies are kept.
    pub(crate) fn post_json(&mut self, path: &str, json: &str) -> Result<Response> {
        let origin = self.address;
        let response = self.request(
            &format!("POST {path} HTTP/1.1\r\nOrigin: http://{origin}\r\nContent-Type: application/json"),
            json,
        )?;
        let cookies = response.headers.iter().filter(|(name, _)| name == "set-cookie");
        self.cookies.extend(cookies.filter_map(|(_, value)| value.split(';').next()).map(str::to_owned));
        Ok(response)
    }

    fn request(&self, head: &str, body: &str) -> Result<Response> {
        let mut stream = TcpStream::connect_timeout(&self.address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let cookies = match self.cookies.as_slice() {
            [] => String::new(),
            cookies => format!("Cookie: {}\r\n", cookies.join("; ")),
        };
        let request = format!(
            "{head}\r\nHost: {}\r\nConnection: close\r\n{cookies}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let line = head.lines().next().unwrap_or_default();
        parse(&answer).with_context(|| format!("cannot read the answer to {line}"))
    }
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn parse(answer: &[u8]) -> Result<Response> {
    let end = find(answer, b"\r\n\r\n").context("the head has no end")?;
    let head = std::str::from_utf8(&answer[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|line| line.get(..3))
        .context("this is not HTTP/1.1")?
        .parse()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut response = Response { status, headers, body: answer[end + 4..].to_vec() };
    if response.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        response.body = unchunk(&response.body)?;
    } else if let Some(length) = response.header("content-length") {
        ensure!(length.parse::<usize>()? == response.body.len(), "the body is cut short");
    }
    Ok(response)
}

fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n").context("a chunk has no size")?;
        let size = std::str::from_utf8(&rest[..end])?.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16)?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Ok(body);
        }
        let Some((chunk, after)) = rest.split_at_checked(size) else {
            bail!("a chunk is cut short");
        };
        body.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n").context("a chunk has no end")?;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_length_is_read() {
        let response =
            parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: ws=1; Path=/\r\n\r\nhi").expect("is complete");
        assert_eq!((response.status, response.body.as_slice()), (200, b"hi".as_slice()));
        assert_eq!(response.header("set-cookie"), Some("ws=1; Path=/"));
    }

    #[test]
    fn chunks_are_put_together() {
        let response =
            parse(b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
                .expect("is complete");
        assert_eq!((response.status, response.body.as_slice()), (404, b"abcde".as_slice()));
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
            "HTTP/1.1 200 OK\r\n",
            "",
        ] {
            assert!(parse(answer.as_bytes()).is_err(), "{answer:?}");
        }
    }
}
