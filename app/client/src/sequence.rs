//! How far a room's order has been seen, and what lies in its holes. Pure.

use protocol::Position;

/// How far a room's order has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sequence {
    epoch: Option<u64>,
    /// Counts the epochs seen, so that numbers of two epochs are never compared.
    era: u32,
    seq: Option<u64>,
    /// Changes of messages under this epoch, of which this client knows.
    changes: Option<u64>,
    /// A `gap` has told of what lies between `seq` and the next number.
    told: bool,
}

/// A message's place: its epoch (counted) and its number there.
pub type LogPlace = (u32, u64);

/// Messages that did not arrive: so many, or possibly some.
pub type Missed = Option<u64>;

impl Sequence {
    /// Where the order stands, for joining again.
    pub fn position(&self) -> Option<Position> {
        Some(Position { epoch: self.epoch?, seq: self.seq?, changes: self.changes })
    }

    /// The place of a number in the epoch of now.
    pub fn place(&self, seq: u64) -> LogPlace {
        (self.era, seq)
    }

    /// Whether `seq` is the number that comes next.
    pub fn is_next(&self, seq: u64) -> bool {
        self.seq.is_some_and(|last| last.checked_add(1) == Some(seq))
    }

    /// The connection was lost: what a `gap` said before no longer counts.
    pub fn begin_outage(&mut self) {
        self.told = false;
    }

    /// A `gap` told of what lies before the next number.
    pub fn tell(&mut self) {
        self.told = true;
    }

    /// The room was joined at this position. Says what is missing before it.
    pub fn join(&mut self, position: Position) -> Option<Missed> {
        let told = std::mem::take(&mut self.told);
        let missed = match (self.epoch, self.seq) {
            (Some(epoch), Some(seq)) if epoch == position.epoch => {
                position.seq.checked_sub(seq).filter(|missed| *missed > 0).map(Some)
            }
            (Some(_), _) => {
                self.era = self.era.wrapping_add(1);
                self.seq = None;
                Some(None)
            }
            // A page that was just loaded: it has no rows to have a hole between.
            (None, _) => None,
        };
        self.epoch = Some(position.epoch);
        self.changes = position.changes;
        self.seq = self.seq.max(Some(position.seq));
        missed.filter(|_| !told)
    }

    /// A change of a message arrived.
    pub fn change(&mut self) {
        self.changes = self.changes.map(|changes| changes.saturating_add(1));
    }

    /// Moves on to `seq`. Says how many lie between and were not told of.
    pub fn advance(&mut self, seq: u64) -> Option<u64> {
        let told = std::mem::take(&mut self.told);
        let hole = self.seq.map_or(0, |last| seq.saturating_sub(last.saturating_add(1)));
        self.seq = self.seq.max(Some(seq));
        (hole > 0 && !told).then_some(hole)
    }
}

/// Adds up what was missed since the connection was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MissedCount {
    known: u64,
    unsure: bool,
}

impl MissedCount {
    /// Counts one hole.
    pub fn add(&mut self, missed: Missed) {
        match missed {
            Some(missed) => self.known = self.known.saturating_add(missed),
            None => self.unsure = true,
        }
    }

    /// Everything together; `None` where nothing was missed.
    pub fn sum(self) -> Option<Missed> {
        match self {
            Self { unsure: true, .. } => Some(None),
            Self { known: 0, .. } => None,
            Self { known, .. } => Some(Some(known)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: u64, seq: u64) -> Position {
        Position { epoch, seq, changes: None }
    }

    #[test]
    fn a_loaded_page_begins_where_it_joined() {
        let mut order = Sequence::default();
        assert_eq!(order.join(at(7, 40)), None);
        assert_eq!(order.position(), Some(at(7, 40)));
        assert_eq!(order.advance(41), None);
        assert_eq!(order.advance(44), Some(2));
    }

    #[test]
    fn joining_again_tells_how_many_are_missing() {
        let mut order = Sequence::default();
        order.join(at(7, 40));
        assert_eq!(order.join(at(7, 40)), None);
        assert_eq!(order.join(at(7, 43)), Some(Some(3)));
        assert_eq!(order.join(at(8, 2)), Some(None));
        assert_eq!(order.advance(3), None);
    }

    #[test]
    fn a_gap_that_was_told_is_not_told_twice() {
        let mut order = Sequence::default();
        order.join(at(7, 40));
        order.tell();
        assert_eq!(order.advance(44), None);
        assert_eq!(order.advance(46), Some(1));
        order.tell();
        assert_eq!(order.join(at(7, 50)), None);
    }

    #[test]
    fn resent_messages_before_the_position_of_a_reloaded_page_make_no_hole() {
        let mut order = Sequence::default();
        assert_eq!(order.advance(41), None);
        assert_eq!(order.advance(42), None);
        assert_eq!(order.join(at(7, 42)), None);
    }

    #[test]
    fn numbers_at_the_very_end_do_not_overflow() {
        let mut order = Sequence::default();
        order.join(at(1, u64::MAX));
        assert!(!order.is_next(0));
        assert_eq!(order.advance(u64::MAX), None);
        let mut tally = MissedCount::default();
        tally.add(Some(u64::MAX));
        tally.add(Some(1));
        assert_eq!(tally.sum(), Some(Some(u64::MAX)));
    }
}
