//! The two commands of MongoDB's protocol that xtask sends itself: `hello`, and the one that makes a replica set.
//! Writes BSON by hand, reads no more of an answer than whether a field is true.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Result, ensure};

const PATIENCE: Duration = Duration::from_secs(2);
const OP_MSG: i32 = 2013;
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A document under way.
#[derive(Default)]
struct Bson(Vec<u8>);

impl Bson {
    fn head(&mut self, kind: u8, name: &str) {
        self.0.push(kind);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
    }

    fn int(mut self, name: &str, value: i32) -> Self {
        self.head(0x10, name);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn text(mut self, name: &str, value: &str) -> Self {
        self.head(0x02, name);
        self.0.extend_from_slice(&length(value.len() + 1));
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
        self
    }

    fn document(mut self, kind: u8, name: &str, value: Self) -> Self {
        self.head(kind, name);
        self.0.extend(value.finish());
        self
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.push(0);
        let mut whole = length(self.0.len() + 4).to_vec();
        whole.append(&mut self.0);
        whole
    }
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

/// Sends a command and gives the answer's bytes.
fn ask(addr: SocketAddr, command: Bson) -> Result<Vec<u8>> {
    let body = command.text("$db", "admin").finish();
    let mut message = length(16 + 4 + 1 + body.len()).to_vec();
    for field in [1, 0, OP_MSG, 0] {
        message.extend_from_slice(&field.to_le_bytes());
    }
    message.push(0);
    message.extend(body);
    let mut stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&message)?;
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let rest = usize::try_from(u32::from_le_bytes(head))?.saturating_sub(head.len());
    ensure!(rest <= ANSWER_BYTES_MAX, "that is no answer of a MongoDB server");
    let mut answer = vec![0; rest];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// Whether a server answers and takes writes.
pub(super) fn is_writable(addr: SocketAddr) -> bool {
    let is_true = b"\x08isWritablePrimary\0\x01";
    let answer = ask(addr, Bson::default().int("hello", 1));
    answer.is_ok_and(|answer| answer.windows(is_true.len()).any(|window| window == is_true))
}

/// Makes a replica set of one. Again it changes nothing.
pub(super) fn make_replica_set(addr: SocketAddr, host: &str) -> Result<()> {
    let member = Bson::default().int("_id", 0).text("host", host);
    let members = Bson::default().document(0x03, "0", member);
    let set = Bson::default().text("_id", "rs0").document(0x04, "members", members);
    ask(addr, Bson::default().document(0x03, "replSetInitiate", set)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_as_the_specification_says() {
        let document = Bson::default().text("hello", "world").finish();
        assert_eq!(document, b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0");
        let nested = Bson::default().document(0x03, "a", Bson::default().int("b", 1)).finish();
        assert_eq!(nested, b"\x14\0\0\0\x03a\0\x0c\0\0\0\x10b\0\x01\0\0\0\0\0");
    }

    #[test]
    fn nobody_at_the_port_is_not_writable() {
        assert!(!is_writable(super::super::part::free_address().expect("there is a free port")));
    }
}
