//! What a session has been sent and has not yet confirmed, bounded in bytes.
//!
//! Frames are counted from 0 since the last `welcome`, on both sides. Only counted frames come here.
//! Where bytes had to go, the queue still knows how many messages of which room they were, so that a gap can be told
//! exactly.

use std::collections::VecDeque;

use protocol::RoomCode;

/// Frames whose bytes are gone but whose place is remembered; two bytes each. Beyond it a gap is "possibly some".
const DROPPED_MAX: usize = 16_384;

/// The unconfirmed frames of one session. `B` is the shared bytes of a frame.
#[derive(Debug)]
pub struct ResumeQueue<B> {
    /// The count of the first frame remembered (dropped or kept).
    first: u64,
    /// Of each dropped frame: 0, or the place in `rooms` plus one where it was a message.
    dropped: VecDeque<u16>,
    kept: VecDeque<Kept<B>>,
    kept_bytes: usize,
    rooms: Vec<RoomCode>,
    /// More was dropped than can be remembered.
    lost_count: bool,
}

#[derive(Debug)]
struct Kept<B> {
    frame: B,
    bytes: usize,
    message_of: u16,
}

/// What a returning session is owed.
#[derive(Debug, PartialEq, Eq)]
pub struct Resumed<B> {
    /// The kept frames, oldest first; they are counted anew from 0.
    pub frames: Vec<B>,
    /// What could not be kept.
    pub missed: Missed,
}

/// Messages that a returning session will never see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// None.
    Nothing,
    /// So many of each room.
    Exactly(Vec<(RoomCode, u64)>),
    /// Nobody knows.
    Unknown,
}

impl<B> Default for ResumeQueue<B> {
    fn default() -> Self {
        Self {
            first: 0,
            dropped: VecDeque::new(),
            kept: VecDeque::new(),
            kept_bytes: 0,
            rooms: Vec::new(),
            lost_count: false,
        }
    }
}

impl<B: Clone> ResumeQueue<B> {
    /// Remembers one frame that was (or will be) sent; `message_of` names the room if it is a `message`.
    pub fn push(&mut self, frame: B, bytes: usize, message_of: Option<RoomCode>, bytes_max: usize) {
        let message_of = message_of.map_or(0, |room| self.slot(room));
        self.kept.push_back(Kept { frame, bytes, message_of });
        self.kept_bytes += bytes;
        while self.kept_bytes > bytes_max {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.kept_bytes -= oldest.bytes;
            self.dropped.push_back(oldest.message_of);
            if self.dropped.len() > DROPPED_MAX {
                self.dropped.pop_front();
                self.first += 1;
                self.lost_count = true;
            }
        }
    }

    /// Forgets what the client says it has. Answers false where that was never sent.
    pub fn confirm(&mut self, have: u64) -> bool {
        if have > self.next() {
            return false;
        }
        while self.first < have {
            if self.dropped.pop_front().is_none() {
                let Some(kept) = self.kept.pop_front() else {
                    break;
                };
                self.kept_bytes -= kept.bytes;
            }
            self.first += 1;
        }
        if self.dropped.is_empty() && self.first <= have {
            self.lost_count = false;
        }
        if self.kept.is_empty() && self.dropped.is_empty() {
            // An idle session holds no buffer.
            self.kept = VecDeque::new();
            self.rooms = Vec::new();
        }
        true
    }

    /// A session returns and has `have` frames: what it is owed. The count starts anew with the frames answered here.
    /// `None` where it claims what was never sent.
    pub fn resume(&mut self, have: u64) -> Option<Resumed<B>> {
        let forgotten = self.lost_count && have < self.first;
        if !self.confirm(have) {
            return None;
        }
        let missed = if forgotten { Missed::Unknown } else { self.missed() };
        self.dropped = VecDeque::new();
        self.lost_count = false;
        self.first = 0;
        Some(Resumed { frames: self.kept.iter().map(|kept| kept.frame.clone()).collect(), missed })
    }

    /// Bytes held.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.kept_bytes
    }

    /// Forgets everything and starts to count anew: another session took the place.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn next(&self) -> u64 {
        self.first + self.dropped.len() as u64 + self.kept.len() as u64
    }

    fn missed(&self) -> Missed {
        let mut counts = vec![0_u64; self.rooms.len()];
        for slot in self.dropped.iter().filter(|slot| **slot > 0) {
            counts[usize::from(*slot) - 1] += 1;
        }
        let missed: Vec<_> = self.rooms.iter().copied().zip(counts).filter(|(_, count)| *count > 0).collect();
        if missed.is_empty() { Missed::Nothing } else { Missed::Exactly(missed) }
    }

    fn slot(&mut self, room: RoomCode) -> u16 {
        let place = self.rooms.iter().position(|known| *known == room).unwrap_or_else(|| {
            self.rooms.push(room);
            self.rooms.len() - 1
        });
        u16::try_from(place + 1).unwrap_or(u16::MAX)
    }
}
