//! How the tests of faults kill and start what xtask has started: lines over a loopback port, each answered by one.
//! `kill database`, `start database`, `kill gateway`, `start gateway`; the answer is `ok`, or `none` for what is not there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use super::part::Parts;

/// Where the tests say what is to be killed, for as long as the server is there.
#[derive(Debug)]
pub(crate) struct Control {
    /// For `TEST_MONGODB_CONTROL`.
    pub(crate) addr: SocketAddr,
    parts: Arc<Mutex<Option<Parts>>>,
}

impl Control {
    pub(super) fn start(parts: Parts) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        let parts = Arc::new(Mutex::new(Some(parts)));
        let shared = Arc::clone(&parts);
        // Ends with the process: one test speaks at a time.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A test that hangs up in the middle of a line has failed already.
                let _ = serve(&stream, &shared);
            }
        });
        Ok(Self { addr, parts })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The thread that listens holds the parts, too: they end here and not with it.
        drop(self.parts.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

fn serve(mut stream: &TcpStream, parts: &Mutex<Option<Parts>>) -> Result<()> {
    let mut line = String::new();
    let mut reader = BufReader::new(stream);
    while reader.read_line(&mut line)? > 0 {
        let answer = match parts.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(parts) => obey(parts, line.trim())?,
            None => "none",
        };
        writeln!(stream, "{answer}")?;
        line.clear();
    }
    Ok(())
}

fn obey(parts: &mut Parts, order: &str) -> Result<&'static str> {
    let (verb, name) = order.split_once(' ').unwrap_or_default();
    let part = match name {
        "database" => Some(&mut parts.database),
        "gateway" => parts.gateway.as_mut(),
        _ => None,
    };
    let Some(part) = part else {
        return Ok("none");
    };
    match verb {
        "kill" => part.kill(),
        "start" => part.start()?,
        _ => return Ok("none"),
    }
    Ok("ok")
}
