//! The floor that every server is measured against: a loop of bare `send()` calls.
//!
//! It takes connections, puts them into groups and sends what one says to each of the group, one system call a delivery. No
//! handshake, no parsing beyond a length, no queue, no limit: never to be used for anything else. It is this program
//! itself, started anew as `bench floor-server`.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use anyhow::{Context as _, Result};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use super::frames;
use crate::steps::say;

const BUFFER: usize = 64 * 1024;
const LISTENER: u64 = u64::MAX;
/// A receiver that takes nothing for so long is given up.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// Serves until it is killed.
pub(super) fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    say(&format!("listening on {}", listener.local_addr()?));
    let mut floor = Floor { epoll, connections: HashMap::new(), groups: HashMap::new(), next: 0 };
    let (mut events, mut buffer) = (Vec::with_capacity(1024), vec![0; BUFFER]);
    loop {
        events.clear();
        match epoll::wait(&floor.epoll, spare_capacity(&mut events), None) {
            Err(Errno::INTR) => continue,
            waited => waited?,
        };
        for event in &events {
            match event.data.u64() {
                LISTENER => floor.accept(&listener)?,
                id => floor.receive(id, &mut buffer),
            }
        }
    }
}

struct Floor {
    epoll: OwnedFd,
    connections: HashMap<u64, Connection>,
    groups: HashMap<Vec<u8>, Vec<u64>>,
    next: u64,
}

struct Connection {
    stream: TcpStream,
    group: Vec<u8>,
    /// The beginning of a frame that has not come whole.
    rest: Vec<u8>,
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener) -> Result<()> {
        loop {
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot accept"),
            };
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            epoll::add(&self.epoll, &stream, EventData::new_u64(self.next), EventFlags::IN)?;
            self.connections.insert(self.next, Connection { stream, group: Vec::new(), rest: Vec::new() });
            self.next += 1;
        }
    }

    fn receive(&mut self, id: u64, buffer: &mut [u8]) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let kept = std::mem::take(&mut connection.rest);
        buffer[..kept.len()].copy_from_slice(&kept);
        let got = match connection.stream.read(&mut buffer[kept.len()..]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                connection.rest = kept;
                return;
            }
            Ok(0) | Err(_) => return self.close(id),
            Ok(got) => got,
        };
        let mut input = &buffer[..kept.len() + got];
        while let Some(head) = frames::head(input).filter(|head| head.whole() <= input.len()) {
            let (frame, rest) = input.split_at(head.whole());
            self.take(id, frame, &frame[head.header..]);
            input = rest;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.rest = input.to_vec();
        }
    }

    fn take(&mut self, id: u64, frame: &[u8], payload: &[u8]) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if payload.first() == Some(&b'j') {
            let old = std::mem::replace(&mut connection.group, payload.to_vec());
            deliver(&connection.stream, frame);
            self.leave(id, &old);
            self.groups.entry(payload.to_vec()).or_default().push(id);
        } else if let Some(group) = self.groups.get(&connection.group) {
            for member in group.iter().filter_map(|id| self.connections.get(id)) {
                deliver(&member.stream, frame);
            }
        }
    }

    fn leave(&mut self, id: u64, group: &[u8]) {
        if let Some(members) = self.groups.get_mut(group) {
            members.retain(|&member| member != id);
        }
    }

    fn close(&mut self, id: u64) {
        if let Some(connection) = self.connections.remove(&id) {
            self.leave(id, &connection.group);
        }
    }
}

/// Writes it all, and waits where the receiver is behind: nothing is queued here.
fn deliver(stream: &TcpStream, mut frame: &[u8]) {
    while !frame.is_empty() {
        match send(stream, frame, SendFlags::NOSIGNAL) {
            Ok(sent) => frame = &frame[sent..],
            Err(Errno::AGAIN) => {
                let mut wait = [PollFd::new(stream, PollFlags::OUT)];
                if !matches!(poll(&mut wait, Some(&PATIENCE)), Ok(1..)) {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
