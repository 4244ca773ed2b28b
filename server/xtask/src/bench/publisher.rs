//! The backend of an application that publishes by HTTP, on one connection that is kept. The load speaks for it as for its
//! clients, so it never waits: what the server answers is read when there is time, and refusals are counted.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result, ensure};

/// The key whose hash is in `peers/channels/bench.toml`.
const KEY: &str = "wsk_bench_Wyci-I3-bFVG2GZYlB_lUt6pDL_WhrWc0txmpT9OFkc";
/// Publications of one request, at most.
const BATCH_MAX: usize = 100;

#[derive(Debug)]
pub(super) struct Publisher {
    stream: TcpStream,
    host: SocketAddr,
    /// What the kernel has not taken.
    unsent: Vec<u8>,
    /// Publications that go out together.
    batch: Vec<String>,
    pub(super) requests: usize,
    /// The beginning of an answer that is not whole, or a refusal.
    answers: Vec<u8>,
    pub(super) answered: usize,
}

impl Publisher {
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).context("the server takes no connection")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let (unsent, batch, answers) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { stream, host: address, unsent, batch, requests: 0, answers, answered: 0 })
    }

    /// Adds one publication to the next request.
    pub(super) fn add(&mut self, publication: String) -> Result<()> {
        self.batch.push(publication);
        if self.batch.len() == BATCH_MAX { self.send() } else { Ok(()) }
    }

    /// Sends what was added: one by itself, several in one request.
    pub(super) fn send(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let body = match batch.as_slice() {
            [] => return self.go_on(),
            [one] => one.clone(),
            many => format!("{{\"batch\":[{}]}}", many.join(",")),
        };
        let head = format!(
            "POST /api/v1/apps/bench/publish HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {KEY}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.unsent.extend_from_slice(head.as_bytes());
        self.unsent.extend_from_slice(body.as_bytes());
        self.requests += 1;
        self.go_on()
    }

    /// Writes on and reads what has come.
    pub(super) fn go_on(&mut self) -> Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("the server takes no more publications"),
            }
        }
        let mut some = [0; 16_384];
        loop {
            match self.stream.read(&mut some) {
                Ok(0) => anyhow::bail!("the server closed the line of the publisher"),
                Ok(count) => self.answers.extend_from_slice(some.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("the publisher's line broke"),
            }
        }
        self.count_answers()
    }

    /// Every answer has to say 200. Bodies never hold the words that begin one.
    fn count_answers(&mut self) -> Result<()> {
        const BEGINS: &[u8] = b"HTTP/1.1 ";
        let mut from = 0;
        while let Some(at) = find(self.answers.get(from..).unwrap_or_default(), BEGINS) {
            let status = self.answers.get(from + at + BEGINS.len()..).unwrap_or_default();
            if status.len() < 3 {
                break;
            }
            let text = String::from_utf8_lossy(status).into_owned();
            ensure!(text.starts_with("200"), "a publication was refused: {text}");
            self.answered += 1;
            from += at + BEGINS.len();
        }
        // What may be the beginning of the next one is kept.
        let keep = from.max(self.answers.len().saturating_sub(BEGINS.len() + 3));
        self.answers.drain(..keep);
        Ok(())
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn answers_are_counted_wherever_they_are_cut() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let mut publisher = Publisher::connect(listener.local_addr().expect("is bound")).expect("is taken");
        let (mut server, _) = listener.accept().expect("is made");
        server.set_nodelay(true).expect("can be set");
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"connections\":1}";
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        for (number, cut) in [3, 9, 10, 11, 12, 40].into_iter().enumerate() {
            for part in [&answer[..cut], &answer[cut..]] {
                server.write_all(part).expect("is taken");
                publisher.go_on().expect("nothing is refused");
            }
            while publisher.answered <= number {
                assert!(std::time::Instant::now() < until, "cut at {cut}: {}", publisher.answered);
                publisher.go_on().expect("nothing is refused");
            }
        }
        assert_eq!(publisher.answered, 6);
        server.write_all(b"HTTP/1.1 413 Too large\r\n").expect("is taken");
        while std::time::Instant::now() < until {
            if let Err(refused) = publisher.go_on() {
                assert!(refused.to_string().contains("413"), "{refused}");
                return;
            }
        }
        panic!("the refusal was not told");
    }
}
