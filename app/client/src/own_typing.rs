//! When to tell a room that the person types. Pure.

use protocol::Millis;

/// Typing is told at most this often while it goes on; a server need not take more.
const EVERY_MS: Millis = 2_000;
/// The server lets a signal end by itself after this.
const ENDS_MS: Millis = 5_000;
/// A repeated signal must not be early for the server either.
const LATE_MS: Millis = 100;

/// What the room was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnTyping {
    /// When the room was last told, and whether that still stands.
    told: Option<(Millis, bool)>,
    /// A beginning soon after another one may have been dropped as one too many: it is told again then.
    again_at: Option<Millis>,
}

impl OwnTyping {
    /// The person pressed a key, or stopped. True where the room is to be told.
    pub fn tells(&mut self, on: bool, now: Millis) -> bool {
        let before = self.told;
        let since = before.map(|(at, _)| now.saturating_sub(at));
        let is_on = before.is_some_and(|(_, is_on)| is_on);
        let is_fresh = since.is_some_and(|ms| ms < EVERY_MS);
        if on {
            let tells = !(is_on && is_fresh);
            if tells {
                self.again_at = before.filter(|_| is_fresh).map(|(at, _)| at + EVERY_MS + LATE_MS);
                self.told = Some((now, true));
            }
            tells
        } else {
            self.again_at = None;
            self.told = before.map(|(at, _)| (at, false));
            is_on && since.is_some_and(|ms| ms < ENDS_MS)
        }
    }

    /// True where a beginning is to be told again now.
    pub fn repeats(&mut self, now: Millis) -> bool {
        let due = self.again_at.is_some_and(|at| at <= now);
        if due {
            self.again_at = None;
            self.told = Some((now, true));
        }
        due
    }

    /// When `repeats` should be asked.
    pub fn deadline(&self) -> Option<Millis> {
        self.again_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_on_is_told_every_two_seconds() {
        let mut typing = OwnTyping::default();
        let told: Vec<Millis> = (0..50).map(|key| key * 100).filter(|now| typing.tells(true, *now)).collect();
        assert_eq!(told, [0, 2_000, 4_000]);
        assert_eq!(typing.deadline(), None);
    }

    #[test]
    fn the_end_is_told_once_and_only_of_what_stands() {
        let mut typing = OwnTyping::default();
        assert!(!typing.tells(false, 0));
        assert!(typing.tells(true, 0));
        assert!(typing.tells(false, 100));
        assert!(!typing.tells(false, 200));
        assert!(typing.tells(true, 10_000));
        assert!(!typing.tells(false, 15_000), "it has ended by itself");
    }

    #[test]
    fn a_beginning_soon_after_another_is_told_at_once_and_again() {
        let mut typing = OwnTyping::default();
        assert!(typing.tells(true, 0));
        assert!(typing.tells(false, 500));
        assert!(typing.tells(true, 600));
        assert_eq!(typing.deadline(), Some(2_100));
        assert!(!typing.repeats(2_099));
        assert!(typing.repeats(2_100));
        assert!(!typing.repeats(2_200));
        assert!(typing.tells(false, 2_300));
        assert!(typing.tells(true, 2_400));
        assert!(typing.tells(false, 2_500));
        assert!(!typing.repeats(9_000), "it was over before");
    }
}
