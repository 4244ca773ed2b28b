//! A log of what happened, as lines of JSON (`--event-log FILE`): who came, went, was refused or put out, and what operators
//! did. Off where nobody asks for it.
//!
//! It never holds what a person typed, a name, a room's code, a token or an address. People and rooms stand in it by marks
//! that are others each day (`Keys::day_mark`). Nobody waits for it and nothing fails by it: lines go through a bounded
//! queue to a thread of their own ([`LineOutput`]), and those that are lost are counted and told. There is no line a
//! message, and of what anybody can cause as often as they like no more than [`CHEAP`] says.

mod event;
mod file;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chat::{Bucket, Rate};
use realtime::clock::Clock;
use realtime::counts::Counts;
use realtime::events::{Happening, Witness};
use realtime::hub::Watch;
use realtime::request_id::RequestId;

pub use self::event::{AdminAct, Event, LoginEnd, Via};

use self::event::{Line, Marks};
use self::file::EventFile;
use crate::config::{Config, EventLogTo};
use crate::iso_time::iso;
use crate::keys::{DAY_MS, Keys};
use crate::line_output::LineOutput;

/// Lines about what costs nothing to cause, such as a refusal: so many at once, and then one each so many milliseconds.
/// Those that are left out are counted, and their number is a line.
const CHEAP: Rate = Rate { burst: 200, refill_ms: 50 };

/// A cheap handle to the log, or to none.
#[derive(Clone, Debug)]
pub struct EventLog(Option<Arc<Inner>>);

struct Inner {
    output: LineOutput,
    /// The file is to be opened again.
    again: Arc<AtomicBool>,
    stamps: Stamps,
    cheap: Mutex<Cheap>,
}

/// What every line begins with.
#[derive(Clone)]
struct Stamps {
    keys: Keys,
    clock: Clock,
    node: Option<Arc<str>>,
}

#[derive(Default)]
struct Cheap {
    bucket: Bucket,
    /// Since the last one that was not.
    left_out: u64,
}

impl EventLog {
    /// None.
    pub const fn off() -> Self {
        Self(None)
    }

    /// One that is written to where the operator wants it. A file that cannot be opened is tried again later, and the
    /// operator is told (`file.rs`).
    pub(crate) fn start(config: &Config, keys: &Keys, clock: &Clock) -> Self {
        let again = Arc::new(AtomicBool::new(false));
        let place = match &config.event_log {
            None => return Self(None),
            Some(EventLogTo::File(path)) => Ok(EventFile::at(path.clone(), Arc::clone(&again))),
            Some(EventLogTo::StandardOutput) => EventFile::standard_output(),
        };
        let node = config.node_name.as_deref().map(Arc::from);
        let stamps = Stamps { keys: keys.clone(), clock: clock.clone(), node };
        let for_lost = stamps.clone();
        let lost = move |lost| for_lost.line("lost", |line, _| line.count = Some(lost));
        match place.and_then(|place| LineOutput::start("events", place, Box::new(lost))) {
            Ok(output) => Self(Some(Arc::new(Inner { output, again, stamps, cheap: Mutex::default() }))),
            Err(error) => {
                tracing::warn!(%error, "the event log cannot be begun: the server goes on without it");
                Self(None)
            }
        }
    }

    /// Writes that this happened, where somebody wants to know. Never waits.
    pub fn record(&self, event: Event) {
        let Some(inner) = &self.0 else { return };
        let Some(left_out) = inner.counted(event) else { return };
        let stamps = &inner.stamps;
        if left_out > 0 {
            inner.output.put(stamps.line("left_out", |line, _| line.count = Some(left_out)));
        }
        inner.output.put(stamps.line(event.name(), |line, mark| event.describe(line, mark)));
    }

    /// Opens the file again: another program has moved it away.
    pub fn reopen(&self) {
        if let Some(inner) = &self.0 {
            inner.again.store(true, Ordering::Relaxed);
        }
    }

    /// Whether anything is written.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Writes the last line, and waits a moment until all are written.
    pub(crate) fn finish(&self) {
        self.record(Event::Stopped);
        if let Some(inner) = &self.0 {
            inner.output.finish();
            inner.output.end();
        }
    }

    /// Who is told what happens in rooms: the numbers, and this log where it is on.
    pub(crate) fn watch(&self, counts: Counts) -> Watch {
        let witness = self.is_on().then(|| Arc::new(self.clone()) as Arc<dyn Witness>);
        Watch { counts, witness }
    }
}

impl Inner {
    /// How many were left out before this one; `None`: this one is, too.
    fn counted(&self, event: Event) -> Option<u64> {
        if !event.is_cheap() && event != Event::Stopped {
            return Some(0);
        }
        let mut cheap = self.cheap.lock().unwrap_or_else(PoisonError::into_inner);
        if event.is_cheap() && cheap.bucket.take(self.stamps.clock.mono(), CHEAP).is_err() {
            cheap.left_out += 1;
            return None;
        }
        Some(std::mem::take(&mut cheap.left_out))
    }
}

impl Stamps {
    /// A line that says when, where and for which request, and what `tell` adds.
    fn line(&self, event: &'static str, tell: impl FnOnce(&mut Line<'_>, &Marks<'_>)) -> Vec<u8> {
        let now = self.clock.wall();
        let request = RequestId::current();
        let mut line = Line::new(iso(now), event, self.node.as_deref(), request.as_ref().map(RequestId::as_str));
        tell(&mut line, &Marks { keys: &self.keys, day: now / DAY_MS });
        let mut bytes = protocol::encode(&line).into_bytes();
        bytes.push(b'\n');
        bytes
    }
}

impl Witness for EventLog {
    fn happened(&self, what: Happening) {
        self.record(Event::Rooms(what));
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventLog(…)")
    }
}
