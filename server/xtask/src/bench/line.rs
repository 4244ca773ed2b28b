//! One connection of a client: its socket, what of a frame has come, what it says next.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};
use rustls::ClientConfig;

use super::dialect::{Step, TELLING_BYTES, Until};
use super::frames::{self, Head};
use super::stream::Stream;

/// Connections from one of the addresses 127.0.1.1, 127.0.1.2, …: enough ports for any number, also while old ones are
/// not quite over.
const PER_SOURCE: usize = 4_000;

#[derive(Debug, Default)]
pub(super) struct Line {
    stream: Option<Stream>,
    /// Which of the load's crowds it belongs to, and which room it hears.
    pub(super) crowd: usize,
    pub(super) room: Option<usize>,
    /// Where it connects to, where that is not the crowd's address.
    pub(super) address: Option<SocketAddr>,
    /// What it still has to say and to hear before it is where it was told to be.
    pub(super) script: VecDeque<Step>,
    /// The beginning of a frame that has not come whole.
    rest: Vec<u8>,
    /// Bytes of the current frame that are still to come and of no interest.
    skip: usize,
    unsent: Vec<u8>,
    /// Counted frames since it was opened.
    pub(super) have: u64,
    /// Messages since the current sample began.
    pub(super) seen: usize,
}

/// What came, in the order in which it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came<'a> {
    /// The server has taken the upgrade.
    Upgraded,
    /// The first bytes of a frame.
    Frame(Head, &'a [u8]),
}

impl Line {
    pub(super) fn new(crowd: usize) -> Self {
        Self { crowd, ..Self::default() }
    }

    /// Connects anew and forgets what was before. `receive_buffer`: bytes that the kernel holds for it, where not the usual.
    pub(super) fn connect(
        &mut self,
        at: usize,
        to: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
        receive_buffer: Option<usize>,
    ) -> io::Result<()> {
        *self = Self { crowd: self.crowd, room: self.room, address: self.address, ..Self::default() };
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        if let Some(bytes) = receive_buffer {
            // It bounds what the other side may send, so it is said before the handshake.
            sockopt::set_socket_recv_buffer_size(&socket, bytes)?;
        }
        let source = u8::try_from(1 + at / PER_SOURCE).map_err(|_| ErrorKind::AddrNotAvailable)?;
        bind(&socket, &SocketAddr::from(([127, 0, 1, source], 0)))?;
        connect(&socket, &to)?;
        let stream = TcpStream::from(socket);
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        self.stream = Some(Stream::new(stream, tls)?);
        Ok(())
    }

    pub(super) fn stream(&self) -> Option<&TcpStream> {
        self.stream.as_ref().map(Stream::socket)
    }

    pub(super) fn close(&mut self) {
        self.stream = None;
        self.script.clear();
    }

    /// Says this, or as much of it as the kernel takes; whether all is said.
    pub(super) fn say(&mut self, bytes: &[u8]) -> io::Result<bool> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return self.say_rest();
        }
        let sent = write(self.stream.as_mut(), bytes)?;
        self.unsent.extend_from_slice(&bytes[sent..]);
        Ok(sent == bytes.len())
    }

    /// Says more of what the kernel did not take.
    pub(super) fn say_rest(&mut self) -> io::Result<bool> {
        let sent = write(self.stream.as_mut(), &self.unsent)?;
        self.unsent.drain(..sent);
        Ok(self.unsent.is_empty())
    }

    /// Reads all that the socket has handed over, or once, and tells what came; `false` where the server has closed.
    pub(super) fn read(&mut self, buffer: &mut [u8], tell: &mut impl FnMut(&mut Self, Came<'_>)) -> io::Result<bool> {
        loop {
            let kept = self.rest.len();
            buffer[..kept].copy_from_slice(&self.rest);
            let got = match self.stream.as_mut().map_or(Ok(0), |stream| stream.read(&mut buffer[kept..])) {
                Ok(0) => return Ok(false),
                Ok(got) => got,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            self.rest.clear();
            let rest = self.split(&buffer[..kept + got], tell).len();
            self.rest.extend_from_slice(&buffer[kept + got - rest..kept + got]);
            if !self.stream.as_ref().is_some_and(Stream::holds_more) {
                return Ok(true);
            }
        }
    }

    /// Takes whole frames, or as much of one as tells what it is, off the front; what is left.
    fn split<'a>(&mut self, mut input: &'a [u8], tell: &mut impl FnMut(&mut Self, Came<'_>)) -> &'a [u8] {
        loop {
            let skipped = self.skip.min(input.len());
            self.skip -= skipped;
            input = &input[skipped..];
            if self.script.front().is_some_and(|step| step.until == Until::Upgraded) {
                let Some(end) = input.windows(4).position(|end| end == b"\r\n\r\n") else { return input };
                if !input.starts_with(b"HTTP/1.1 101") {
                    // Said by whoever sees the line closed.
                    self.close();
                    return &[];
                }
                input = &input[end + 4..];
                tell(self, Came::Upgraded);
                continue;
            }
            let Some(head) = frames::head(input) else { return input };
            let telling = head.header + head.length.min(TELLING_BYTES);
            let Some(start) = input.get(head.header..telling) else { return input };
            tell(self, Came::Frame(head, start));
            self.skip = head.whole();
        }
    }
}

fn write(stream: Option<&mut Stream>, bytes: &[u8]) -> io::Result<usize> {
    let Some(stream) = stream else { return Err(ErrorKind::NotConnected.into()) };
    match stream.write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let long = "y".repeat(70_000);
        let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n".to_vec();
        for text in ["first", long.as_str(), "", "last"] {
            bytes.extend(frames::unmasked_text(text.as_bytes()));
        }
        for cut in [1, 2, 3, 7, 30, 1_000, 65_536, bytes.len()] {
            let (mut line, mut told) = (Line::new(0), Vec::new());
            line.script.push_back(Step { send: Vec::new(), until: Until::Upgraded });
            let mut input = Vec::new();
            for piece in bytes.chunks(cut) {
                input.extend_from_slice(piece);
                let left = line
                    .split(&input, &mut |line, came| match came {
                        Came::Upgraded => {
                            line.script.clear();
                            told.push("upgraded".to_owned());
                        }
                        Came::Frame(head, start) => {
                            told.push(format!(
                                "{} {}",
                                head.length,
                                String::from_utf8_lossy(&start[..start.len().min(5)])
                            ));
                        }
                    })
                    .len();
                input.drain(..input.len() - left);
            }
            assert_eq!(told, ["upgraded", "5 first", "70000 yyyyy", "0 ", "4 last"], "cut at {cut}");
        }
    }

    #[test]
    fn a_refused_upgrade_closes_the_line() {
        let mut line = Line::new(0);
        line.script.push_back(Step { send: Vec::new(), until: Until::Upgraded });
        let rest = line.split(b"HTTP/1.1 503 Service Unavailable\r\n\r\n", &mut |_, _| panic!("nothing came"));
        assert!(rest.is_empty() && line.script.is_empty() && line.stream().is_none());
    }
}
