//! The load: one thread that speaks for all clients of all servers, and times what they hear.
//!
//! It reads of each frame as little as tells what it is, so that it keeps up with the fastest server. In a sample it does
//! not sleep: a server then pays for no wake-up of a receiver, whichever server it is. Servers of other candidates stay
//! connected meanwhile; their pings are answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustls::ClientConfig;

use super::crowd::Crowd;
use super::dialect::{Dialect, Kind, REPORT_EVERY, Step, Until};
use super::frames;
use super::line::{Came, Line};

/// Larger than any frame of which not the whole is skipped, and enough for many of the others.
const BUFFER: usize = 256 * 1024;
const EVENTS: usize = 1_024;
/// Connections that are being made at once: fewer than servers let wait at their door.
const OPENING_MAX: usize = 256;
/// What was sent has to arrive within this after the last was sent.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

pub(super) struct Load {
    epoll: OwnedFd,
    events: Vec<Event>,
    buffer: Vec<u8>,
    started: Instant,
    pub(super) lines: Vec<Line>,
    pub(super) crowds: Vec<Crowd>,
    /// Servers that are spoken to by TLS.
    pub(super) secured: BTreeMap<SocketAddr, Arc<ClientConfig>>,
    /// Lines that the kernel did not take all from.
    blocked: Vec<usize>,
    heard: Heard,
}

/// What was heard since somebody looked.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Nanoseconds from a message's due time to each of its members.
    pub(super) latencies: Vec<u32>,
    /// Messages that all members have.
    pub(super) complete: usize,
    /// Lines that are following a script.
    pub(super) busy: usize,
    /// Lines that the server closed.
    pub(super) ended: Vec<usize>,
    /// The last thing that a server refused.
    pub(super) refused: Option<String>,
    /// Frames of any kind.
    pub(super) frames: u64,
}

/// How members of a crowd speak.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pattern {
    /// One message each time, by room and member in turn.
    Spread { every: Duration },
    /// So many members of the first room speak at once, each time.
    Together { every: Duration, count: usize },
    /// One member of the first room, so many messages ahead of the slowest.
    Outstanding { count: usize },
}

/// What arrived of one pattern.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) latencies: Vec<u32>,
    pub(super) wall: Duration,
}

impl Load {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            buffer: vec![0; BUFFER],
            started: Instant::now(),
            lines: Vec::new(),
            crowds: Vec::new(),
            secured: BTreeMap::new(),
            blocked: Vec::new(),
            heard: Heard::default(),
        })
    }

    pub(super) fn take_heard(&mut self) -> Heard {
        let busy = self.heard.busy;
        std::mem::replace(&mut self.heard, Heard { busy, ..Heard::default() })
    }

    /// Takes what was heard for done, also what was waited for.
    pub(super) fn forget(&mut self) {
        for line in &mut self.lines {
            line.script.clear();
        }
        self.heard = Heard::default();
    }

    pub(super) fn heard(&self) -> &Heard {
        &self.heard
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Connects a line and lets it follow the script. `receive_buffer` as in [`Line::connect`].
    pub(super) fn open(&mut self, at: usize, script: Vec<Step>, receive_buffer: Option<usize>) -> Result<()> {
        let address = self.lines[at].address.unwrap_or(self.crowds[self.lines[at].crowd].address);
        self.lines[at].connect(at, address, self.secured.get(&address), receive_buffer)?;
        if let Some(stream) = self.lines[at].stream() {
            epoll::add(&self.epoll, stream, EventData::new_u64(at as u64), EventFlags::IN)?;
        }
        self.follow(at, script)
    }

    /// Opens all of these, and waits until each has followed its script. `progress` is told how many have.
    pub(super) fn open_all(
        &mut self,
        scripts: Vec<(usize, Vec<Step>)>,
        within: Duration,
        mut progress: impl FnMut(usize),
    ) -> Result<()> {
        let (until, all) = (Instant::now() + within, scripts.len());
        let mut waiting = scripts.into_iter();
        loop {
            while self.heard.busy < OPENING_MAX
                && let Some((at, script)) = waiting.next()
            {
                self.open(at, script, None)?;
            }
            self.listen(Duration::from_millis(1))?;
            self.check(until)?;
            let done = all - waiting.len() - self.heard.busy;
            progress(done);
            if done == all {
                return Ok(());
            }
        }
    }

    /// Lets a connected line follow a script.
    pub(super) fn follow(&mut self, at: usize, script: Vec<Step>) -> Result<()> {
        let Some(first) = script.first() else { return Ok(()) };
        let send = first.send.clone();
        self.lines[at].script = script.into();
        self.heard.busy += 1;
        self.say(at, &send)
    }

    /// Waits until no line follows a script any more.
    pub(super) fn settle(&mut self, until: Instant) -> Result<()> {
        while self.heard.busy > 0 {
            self.listen(Duration::from_millis(1))?;
            self.check(until)?;
        }
        Ok(())
    }

    fn check(&self, until: Instant) -> Result<()> {
        let refused = self.heard.refused.as_deref().unwrap_or("without a word");
        ensure!(self.heard.ended.is_empty(), "the server closed {} connections: {refused}", self.heard.ended.len());
        ensure!(Instant::now() < until, "{} connections wait for an answer ({refused})", self.heard.busy);
        Ok(())
    }

    /// Hears for so long, whatever comes.
    pub(super) fn rest(&mut self, span: Duration) -> Result<()> {
        let until = Instant::now() + span;
        while Instant::now() < until {
            self.listen(Duration::from_millis(1))?;
        }
        Ok(())
    }

    /// No longer reads from this line.
    pub(super) fn ignore(&mut self, at: usize) -> Result<()> {
        let stream = self.lines[at].stream().context("a line that is not connected")?;
        Ok(epoll::delete(&self.epoll, stream)?)
    }

    pub(super) fn say(&mut self, at: usize, bytes: &[u8]) -> Result<()> {
        if !self.lines[at].say(bytes)? && !self.blocked.contains(&at) {
            self.blocked.push(at);
        }
        Ok(())
    }

    /// Takes what has come, and waits up to `wait` for it.
    pub(super) fn listen(&mut self, wait: Duration) -> Result<()> {
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
        match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &events {
            let at = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            self.receive(at);
        }
        self.events = events;
        if !self.blocked.is_empty() {
            let lines = &mut self.lines;
            self.blocked.retain(|&at| matches!(lines[at].say_rest(), Ok(false)));
        }
        Ok(())
    }

    fn receive(&mut self, at: usize) {
        let now = self.now();
        let Self { lines, crowds, buffer, heard, .. } = self;
        let line = &mut lines[at];
        let crowd = &mut crowds[line.crowd];
        let was_busy = !line.script.is_empty();
        let open = line.read(buffer, &mut |line, came| {
            // A server that takes no more has closed, which the next read tells.
            let _ = hear(line, crowd, heard, came, now);
        });
        if !matches!(open, Ok(true)) || line.stream().is_none() {
            line.close();
            heard.ended.push(at);
        }
        if was_busy && line.script.is_empty() {
            heard.busy -= 1;
        }
    }

    /// Lets a crowd speak for `span` and hears until all have all of it.
    pub(super) fn drive(&mut self, crowd: usize, pattern: Pattern, span: Duration) -> Result<Delivered> {
        self.begin_sample(crowd);
        let started = self.now();
        let end = started + u64::try_from(span.as_nanos())?;
        let (mut due, mut sent) = (started, 0);
        loop {
            let now = self.now();
            match pattern {
                Pattern::Spread { every } | Pattern::Together { every, .. } => {
                    let count = if let Pattern::Together { count, .. } = pattern { count } else { 1 };
                    while due <= now.min(end) {
                        for _ in 0..count {
                            let room = if count == 1 { sent % self.crowds[crowd].rooms.len() } else { 0 };
                            self.publish(crowd, room, sent, due)?;
                            sent += 1;
                        }
                        due += u64::try_from(every.as_nanos())?;
                    }
                    // What was due meanwhile goes together, as a backend that is behind would have it.
                    if let Some(publisher) = &mut self.crowds[crowd].publisher {
                        publisher.send()?;
                    }
                }
                Pattern::Outstanding { count } => {
                    while now < end && sent - self.heard.complete < count {
                        self.publish(crowd, 0, 0, now)?;
                        sent += 1;
                    }
                }
            }
            if now > end && self.heard.complete == sent {
                let latencies = std::mem::take(&mut self.heard.latencies);
                return Ok(Delivered { latencies, wall: Duration::from_nanos(self.now() - started) });
            }
            self.listen(Duration::ZERO)?;
            let refused = self.heard.refused.as_deref().unwrap_or("without a word");
            // Servers of other candidates may close theirs meanwhile.
            let ended = self.heard.ended.iter().filter(|&&at| self.lines[at].crowd == crowd).count();
            ensure!(ended == 0, "the server closed {ended} connections: {refused}");
            ensure!(
                Duration::from_nanos(now.saturating_sub(end)) < ARRIVES_WITHIN,
                "{} of {sent} messages did not reach all ({refused})",
                sent - self.heard.complete
            );
        }
    }

    fn begin_sample(&mut self, crowd: usize) {
        self.take_heard();
        let Crowd { rooms, lines, .. } = &mut self.crowds[crowd];
        for room in rooms {
            room.sent_at.clear();
            room.left.clear();
        }
        for line in lines.clone() {
            self.lines[line].seen = 0;
        }
    }

    /// One member speaks: of those of the room, whose turn it is.
    fn publish(&mut self, crowd: usize, room: usize, turn: usize, due: u64) -> Result<()> {
        let crowd = &mut self.crowds[crowd];
        crowd.said += 1;
        let turn = turn / crowd.rooms.len();
        let room = &mut crowd.rooms[room];
        if let Some(publisher) = &mut crowd.publisher {
            room.sent_at.push(due);
            room.left.push(room.members.len());
            return publisher.add(Dialect::publication(&room.name, crowd.said, crowd.filling));
        }
        let frame = crowd.dialect.publish(&room.name, crowd.said, crowd.filling);
        room.sent_at.push(due);
        room.left.push(room.members.len());
        let speaker = room.members[turn % room.members.len()];
        self.say(speaker, &frame)
    }
}

/// What a line makes of what came.
fn hear(line: &mut Line, crowd: &mut Crowd, heard: &mut Heard, came: Came<'_>, now: u64) -> std::io::Result<()> {
    let Came::Frame(head, start) = came else {
        return advance(line, |until| until == Until::Upgraded);
    };
    heard.frames += 1;
    match head.opcode {
        frames::TEXT => {}
        frames::PING => return line.say(&frames::masked_pong(start)).map(drop),
        frames::CLOSE => {
            // Its code and reason.
            heard.refused = Some(String::from_utf8_lossy(start.get(2..).unwrap_or_default()).into_owned());
            return Ok(());
        }
        _ => return Ok(()),
    }
    let kind = crowd.dialect.kind(start);
    match kind {
        Kind::Message => {
            if let Some(room) = line.room.and_then(|room| crowd.rooms.get_mut(room))
                && let Some(sent_at) = room.sent_at.get(line.seen)
            {
                heard.latencies.push(u32::try_from(now.saturating_sub(*sent_at)).unwrap_or(u32::MAX));
                room.left[line.seen] -= 1;
                heard.complete += usize::from(room.left[line.seen] == 0);
                line.seen += 1;
            }
        }
        Kind::Ping => {
            line.say(&crowd.dialect.pong(line.have))?;
        }
        Kind::Refused => heard.refused = Some(String::from_utf8_lossy(start).into_owned()),
        Kind::Counted | Kind::Other => {}
    }
    if crowd.dialect.reports() && matches!(kind, Kind::Message | Kind::Counted | Kind::Refused) {
        line.have += 1;
        if crowd.reporting && line.have.is_multiple_of(REPORT_EVERY) {
            line.say(&crowd.dialect.pong(line.have))?;
        }
    }
    advance(line, |until| matches!(until, Until::Starts(prefix) if start.starts_with(prefix.as_bytes())))
}

/// Goes on in the script where what it waits for has come.
fn advance(line: &mut Line, has_come: impl Fn(Until) -> bool) -> std::io::Result<()> {
    if line.script.front().is_some_and(|step| has_come(step.until)) {
        line.script.pop_front();
        if let Some(next) = line.script.front().map(|step| step.send.clone()) {
            line.say(&next)?;
        }
    }
    Ok(())
}
