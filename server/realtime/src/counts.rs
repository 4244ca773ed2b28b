//! What has happened on this node, in numbers for an operator. The core counts; whoever shows the numbers reads them.
//!
//! A count is one relaxed addition to an atomic, once for what happens and never once for each who hears of it. Spans of
//! time are measured only where somebody reads them. Nothing here can hold a name, a code, an id or an address.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::{ErrorCode, ServerFrame};

/// The codes of the table, and the one for what is not in it.
const CODES: usize = ErrorCode::ALL.len() + 1;

/// A number that only grows. On a line of the cache by itself: several threads add to it at once.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Counter(AtomicU64);

impl Counter {
    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One number for each code of the table of errors.
#[derive(Debug)]
pub struct ByCode([AtomicU64; CODES]);

impl Default for ByCode {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl ByCode {
    /// One more of this code.
    pub fn add(&self, code: ErrorCode) {
        if let Some(count) = self.0.get(code as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many there were of this code.
    pub fn get(&self, code: ErrorCode) -> u64 {
        self.0.get(code as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

/// Spans of time, counted by how long they were.
#[derive(Debug, Default)]
pub struct Spans {
    /// Those up to the bound of the same place; the last one has those beyond all.
    buckets: [AtomicU64; Self::BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Spans {
    /// Where one bucket ends and the next begins.
    pub const BOUNDS: [Duration; 13] = [
        Duration::from_micros(500),
        Duration::from_millis(1),
        Duration::from_micros(2_500),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_millis(500),
        Duration::from_secs(1),
        Duration::from_millis(2_500),
        Duration::from_secs(10),
    ];

    /// One more.
    pub fn add(&self, span: Duration) {
        let place = Self::BOUNDS.partition_point(|bound| *bound < span);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.nanos.fetch_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many there were in each bucket, those beyond all bounds last.
    pub fn buckets(&self) -> [u64; Self::BOUNDS.len() + 1] {
        std::array::from_fn(|place| self.buckets.get(place).map_or(0, |bucket| bucket.load(Ordering::Relaxed)))
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

/// Why the server had somebody go, or gave up the session of somebody who was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// A reader that did not take what waited for it.
    SlowReader,
    /// Nothing was heard of it.
    Silent,
    /// It asked for far too much.
    Flooding,
    /// Another session of the same person took its place.
    MadeWay,
}

impl Eviction {
    /// Each of them, in the order of their declaration.
    pub const ALL: [Self; 4] = [Self::SlowReader, Self::Silent, Self::Flooding, Self::MadeWay];

    /// As the numbers name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlowReader => "slow_reader",
            Self::Silent => "silent",
            Self::Flooding => "flooding",
            Self::MadeWay => "made_way",
        }
    }

    /// A connection that the server ends for this reason: `None` where its client gave no cause.
    pub fn of(code: ErrorCode) -> Option<Self> {
        let causes = [
            (ErrorCode::SlowConsumer, Self::SlowReader),
            (ErrorCode::Silence, Self::Silent),
            (ErrorCode::Flooding, Self::Flooding),
        ];
        causes.into_iter().find(|(cause, _)| *cause == code).map(|(_, why)| why)
    }
}

/// The numbers of one node.
#[derive(Debug, Default)]
pub struct Counts {
    /// Messages and whispers that rooms of this node have told those inside.
    pub messages: Counter,
    /// And the sessions that they were handed to.
    pub deliveries: Counter,
    /// Sessions that a client came back to.
    pub resumes: Counter,
    /// Gaps that clients were told of: messages that nobody keeps for them any more.
    pub gaps: Counter,
    /// Requests that were refused.
    pub refusals: ByCode,
    /// Connections that the server ended.
    pub closed: ByCode,
    evictions: [AtomicU64; Eviction::ALL.len()],
    times: Option<Times>,
}

/// How long things took.
#[derive(Debug, Default)]
pub struct Times {
    /// From a request to come into a room to the seat.
    pub joins: Spans,
    /// From the first frame that waits for a flusher until it has written to every session that had something waiting.
    pub flushes: Spans,
}

impl Counts {
    /// Numbers without spans of time: the clock is read for nobody.
    pub fn untimed() -> Self {
        Self::default()
    }

    /// And with them.
    pub fn timed() -> Self {
        Self { times: Some(Times::default()), ..Self::default() }
    }

    /// The spans of time, where somebody reads them.
    pub const fn times(&self) -> Option<&Times> {
        self.times.as_ref()
    }

    /// Somebody is told this in answer: refusals and gaps are counted.
    pub fn told(&self, frame: &ServerFrame) {
        if let ServerFrame::Error { code, .. } = frame {
            self.refusals.add(*code);
        } else if matches!(frame, ServerFrame::Gap { .. }) {
            self.gaps.add(1);
        }
    }

    /// A session has a new line: whether its client came back to it, and how many gaps it was told of.
    pub fn resumed(&self, is_back: bool, gaps: u64) {
        self.resumes.add(u64::from(is_back));
        self.gaps.add(gaps);
    }

    /// The server ended a connection for this reason.
    pub fn closed(&self, code: ErrorCode) {
        self.closed.add(code);
        if let Some(why) = Eviction::of(code) {
            self.evicted(why);
        }
    }

    /// Somebody had to go.
    pub fn evicted(&self, why: Eviction) {
        if let Some(count) = self.evictions.get(why as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many had to go for this reason.
    pub fn evictions(&self, why: Eviction) -> u64 {
        self.evictions.get(why as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// When something begins whose span is measured.
    pub fn begins(&self) -> Option<Instant> {
        self.times.as_ref().map(|_| Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_number_of_its_own() {
        let counts = ByCode::default();
        for (times, &code) in (1_u64..).zip(ErrorCode::ALL) {
            (0..times).for_each(|_| counts.add(code));
        }
        counts.add(ErrorCode::Unknown);
        for (times, &code) in (1_u64..).zip(ErrorCode::ALL) {
            assert_eq!(counts.get(code), times, "{code}");
        }
        assert_eq!(counts.get(ErrorCode::Unknown), 1);
    }

    #[test]
    fn a_span_is_in_the_bucket_whose_bound_it_does_not_exceed() {
        let spans = Spans::default();
        for bound in Spans::BOUNDS {
            spans.add(bound);
        }
        assert_eq!(spans.buckets()[..Spans::BOUNDS.len()], [1; Spans::BOUNDS.len()]);
        spans.add(Duration::from_mins(1));
        spans.add(Duration::ZERO);
        let buckets = spans.buckets();
        assert_eq!((buckets[0], buckets[Spans::BOUNDS.len()]), (2, 1));
        assert_eq!(spans.sum(), Spans::BOUNDS.iter().sum::<Duration>() + Duration::from_mins(1));
    }

    #[test]
    fn what_ends_a_connection_is_an_eviction_where_the_client_gave_cause() {
        let counts = Counts::untimed();
        for code in [ErrorCode::SlowConsumer, ErrorCode::Silence, ErrorCode::Flooding, ErrorCode::ShuttingDown] {
            counts.closed(code);
        }
        counts.evicted(Eviction::MadeWay);
        assert_eq!(Eviction::ALL.map(|why| counts.evictions(why)), [1; 4]);
        assert!(counts.times().is_none() && counts.begins().is_none());
    }
}
