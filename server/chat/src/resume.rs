//! What a session has been sent and has not yet confirmed, bounded in bytes.
//!
//! Frames are counted from 0 since the last `welcome`, on both sides. Only counted frames come here.
//! Where bytes had to go, the queue still knows how many messages of which place they were, so that a gap can be told
//! exactly, and in its position: what goes first is the oldest, so the hole is before everything that is kept.
//! A place is what has an order of its own: a room, or whatever else a session hears (`P`).

use std::collections::VecDeque;

use protocol::RoomCode;

/// Frames whose bytes are gone but whose place is remembered; two bytes each. Beyond it a gap of their places is "possibly
/// some".
const DROPPED_MAX: usize = 16_384;
/// Places that are told apart among dropped frames: each has a number of 16 bits.
const PLACES_MAX: usize = u16::MAX as usize - 1;

/// What a frame says that must not go unsaid when its bytes cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells<P = RoomCode> {
    /// Nothing that does not come again by itself.
    Nothing,
    /// How this place stands, which is told anew whenever the session returns.
    State(P),
    /// A message of this place.
    Message(P),
    /// That so many messages of this place were missed; `None`: possibly some.
    Gap(P, Option<u64>),
}

/// The unconfirmed frames of one session. `B` is the shared bytes of a frame.
#[derive(Debug)]
pub struct ResumeQueue<B, P = RoomCode> {
    /// The count of the first frame remembered (dropped or kept).
    first: u64,
    /// Of each dropped frame: 0, or the number in `places` plus one where it was a message.
    dropped: VecDeque<u16>,
    /// The dropped frames that told of a gap themselves.
    gaps: VecDeque<DroppedGap>,
    kept: VecDeque<Kept<B, P>>,
    kept_bytes: usize,
    places: Vec<P>,
    forgotten: Forgotten,
}

/// Of which places more was dropped than can be remembered.
#[derive(Debug, Default)]
struct Forgotten {
    /// By their numbers in `places`.
    places: Vec<bool>,
    /// There were more places than can be told apart: any may be meant.
    any: bool,
}

#[derive(Debug)]
struct Kept<B, P> {
    frame: B,
    bytes: usize,
    tells: Tells<P>,
}

#[derive(Debug)]
struct DroppedGap {
    /// The frame's count.
    count: u64,
    /// Its number in `places` plus one.
    place: u16,
    missed: Option<u64>,
}

impl<B, P> Default for ResumeQueue<B, P> {
    fn default() -> Self {
        Self {
            first: 0,
            dropped: VecDeque::new(),
            gaps: VecDeque::new(),
            kept: VecDeque::new(),
            kept_bytes: 0,
            places: Vec::new(),
            forgotten: Forgotten::default(),
        }
    }
}

impl<B: Clone, P: Copy + Eq> ResumeQueue<B, P> {
    /// Remembers one frame that was (or will be) sent.
    pub fn push(&mut self, frame: B, bytes: usize, tells: Tells<P>, bytes_max: usize) {
        self.kept.push_back(Kept { frame, bytes, tells });
        self.kept_bytes += bytes;
        self.trim(bytes_max);
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
        self.forget_gaps();
        if self.dropped.is_empty() && self.first <= have {
            self.forgotten = Forgotten::default();
        }
        if self.kept.is_empty() && self.dropped.is_empty() {
            // An idle session holds no buffer.
            self.kept = VecDeque::new();
            self.gaps = VecDeque::new();
            self.places = Vec::new();
        }
        true
    }

    /// A session returns and has `have` frames: what it is owed, oldest first. The count starts anew with the frames
    /// answered here. `None` where it claims what was never sent.
    ///
    /// What could not be kept comes first, as the frames that `gap` makes (with their bytes): one for each place of
    /// which messages are missing, without a number where more was dropped than is remembered (and for each of `inside` where it
    /// is not known any more of which places that was). These frames are
    /// kept as the others are, until they are confirmed. Where it makes none, nothing is told.
    pub fn resume(
        &mut self,
        have: u64,
        inside: &[P],
        bytes_max: usize,
        mut gap: impl FnMut(P, Option<u64>) -> Option<(B, usize)>,
    ) -> Option<Vec<B>> {
        let has_forgotten = have < self.first;
        if !self.confirm(have) {
            return None;
        }
        let forgotten = std::mem::take(&mut self.forgotten);
        let missed = match forgotten {
            Forgotten { any: true, .. } => inside.iter().map(|place| (*place, None)).collect(),
            Forgotten { places, any: false } if has_forgotten => self.missed(&places),
            Forgotten { any: false, .. } => self.missed(&[]),
        };
        self.dropped = VecDeque::new();
        self.gaps = VecDeque::new();
        self.places = Vec::new();
        self.first = 0;
        self.forget_old_states();
        for (place, missed) in missed.into_iter().rev() {
            let Some((frame, bytes)) = gap(place, missed) else { continue };
            self.kept_bytes += bytes;
            self.kept.push_front(Kept { frame, bytes, tells: Tells::Gap(place, missed) });
        }
        let owed = self.kept.iter().map(|kept| kept.frame.clone()).collect();
        self.trim(bytes_max);
        Some(owed)
    }

    /// Of each place's states the oldest is kept, which the messages behind it follow on, and the one that is told anew: whose
    /// line breaks over and over would fill the queue with those between, and they would push messages out of it.
    fn forget_old_states(&mut self) {
        let mut known = Vec::new();
        let mut freed = 0;
        self.kept.retain(|kept| {
            let Tells::State(place) = kept.tells else { return true };
            let is_first = !known.contains(&place);
            known.push(place);
            freed += if is_first { 0 } else { kept.bytes };
            is_first
        });
        self.kept_bytes -= freed;
    }

    /// Puts others in the place of frames that are not to be told any more, where `other` makes one (with its bytes).
    pub fn replace(&mut self, mut other: impl FnMut(&B) -> Option<(B, usize)>) {
        for kept in &mut self.kept {
            if let Some((frame, bytes)) = other(&kept.frame) {
                self.kept_bytes = self.kept_bytes - kept.bytes + bytes;
                (kept.frame, kept.bytes) = (frame, bytes);
            }
        }
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

    /// Lets go of the oldest bytes beyond the bound; what they told is remembered.
    fn trim(&mut self, bytes_max: usize) {
        while self.kept_bytes > bytes_max {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.kept_bytes -= oldest.bytes;
            let count = self.first + self.dropped.len() as u64;
            let message_of = match oldest.tells {
                Tells::Nothing | Tells::State(_) => 0,
                Tells::Message(place) => self.slot(place),
                Tells::Gap(place, missed) => {
                    let place = self.slot(place);
                    self.gaps.push_back(DroppedGap { count, place, missed });
                    0
                }
            };
            self.dropped.push_back(message_of);
            if self.dropped.len() > DROPPED_MAX {
                let slot = self.dropped.pop_front().unwrap_or_default();
                self.forgotten.note(slot);
                self.first += 1;
                while let Some(gap) = self.gaps.pop_front_if(|gap| gap.count < self.first) {
                    self.forgotten.note(gap.place);
                }
            }
        }
    }

    fn forget_gaps(&mut self) {
        while self.gaps.pop_front_if(|gap| gap.count < self.first).is_some() {}
    }

    /// What the dropped frames told, place by place. `forgotten`: those of which there was more.
    fn missed(&self, forgotten: &[bool]) -> Vec<(P, Option<u64>)> {
        let is_forgotten = |number| forgotten.get(number).copied().unwrap_or_default();
        let mut missed: Vec<_> =
            (0..self.places.len()).map(|number| if is_forgotten(number) { None } else { Some(0_u64) }).collect();
        let messages = self.dropped.iter().map(|slot| (*slot, Some(1)));
        for (slot, more) in messages.chain(self.gaps.iter().map(|gap| (gap.place, gap.missed))) {
            if let Some(sum) = usize::from(slot).checked_sub(1).and_then(|number| missed.get_mut(number)) {
                *sum = sum.zip(more).map(|(sum, more)| sum.saturating_add(more));
            }
        }
        self.places.iter().copied().zip(missed).filter(|(_, missed)| *missed != Some(0)).collect()
    }

    fn slot(&mut self, place: P) -> u16 {
        let number = self.places.iter().position(|known| *known == place).unwrap_or_else(|| {
            if self.places.len() >= PLACES_MAX {
                self.forgotten.any = true;
                return PLACES_MAX;
            }
            self.places.push(place);
            self.places.len() - 1
        });
        u16::try_from(number + 1).unwrap_or(u16::MAX)
    }
}

impl Forgotten {
    /// A frame is not remembered any more. `slot`: as in `dropped`.
    fn note(&mut self, slot: u16) {
        let Some(number) = usize::from(slot).checked_sub(1) else { return };
        if number >= self.places.len() {
            self.places.resize(number + 1, false);
        }
        if let Some(place) = self.places.get_mut(number) {
            *place = true;
        }
    }
}
