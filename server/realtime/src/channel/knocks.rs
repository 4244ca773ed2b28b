//! People who knock at a room that asks for it: not members yet, and known to those inside only while they wait.
//!
//! In memory only. A knock lives as long as somebody waits for its answer: its line, or its request. One person's knocks
//! from several places are one.

use std::collections::VecDeque;

use chat::{Mark, Monotonic};
use protocol::{DisplayName, ErrorCode, Knocking, Limits, MemberId};
use tokio::sync::oneshot;

use crate::error::Refused;
use crate::identity::UserId;

/// What those inside say to a knock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are a member now.
    LetIn,
    /// They may not come in.
    TurnedAway,
    /// They changed their mind.
    Withdrawn,
    /// They may not come in, nor knock again.
    Banned,
    /// Nobody is asked about any more, and nobody new comes in.
    Locked,
    /// There is no room any more.
    Ended,
}

impl Verdict {
    /// What is told to whoever knocked; `None` where they are let in.
    pub const fn refusal(self) -> Option<ErrorCode> {
        match self {
            Self::LetIn => None,
            Self::TurnedAway | Self::Withdrawn => Some(ErrorCode::NotLetIn),
            Self::Banned => Some(ErrorCode::Banned),
            Self::Locked => Some(ErrorCode::RoomLocked),
            Self::Ended => Some(ErrorCode::RoomEnded),
        }
    }
}

/// Who knocks.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// As the server knows them.
    pub user: UserId,
    /// As those inside would.
    pub member: MemberId,
    /// What they want to be called.
    pub name: DisplayName,
    /// Where they come from.
    pub mark: Mark,
}

struct Waiting {
    visitor: Visitor,
    answers: Vec<(u64, oneshot::Sender<Verdict>)>,
}

impl Waiting {
    fn answer(self, verdict: Verdict) {
        for (_, answer) in self.answers {
            // Whoever waited there may be gone.
            let _ = answer.send(verdict);
        }
    }
}

/// Everybody who waits in front of one room, the first of them first.
#[derive(Default)]
pub struct Knocks {
    waiting: Vec<Waiting>,
    /// Who was turned away lately, and until when they may not knock again.
    turned_away: VecDeque<(MemberId, Monotonic)>,
    last: u64,
    /// The room is over.
    is_over: bool,
}

impl Knocks {
    /// Adds somebody, or one more place at which the same person waits.
    ///
    /// # Errors
    /// [`ErrorCode::NotLetIn`] for who was turned away just now, [`ErrorCode::TooManyKnocks`], [`ErrorCode::RoomEnded`].
    pub fn knock(
        &mut self,
        now: Monotonic,
        visitor: Visitor,
        limits: &Limits,
    ) -> Result<(u64, oneshot::Receiver<Verdict>), Refused> {
        if self.is_over {
            return Err(ErrorCode::RoomEnded.into());
        }
        self.turned_away.retain(|(_, until)| now < *until);
        if let Some((_, until)) = self.turned_away.iter().find(|(member, _)| *member == visitor.member) {
            return Err(Refused::after(ErrorCode::NotLetIn, until.since(now)));
        }
        let knocks_max = usize::try_from(limits.knocks_per_room).unwrap_or(usize::MAX);
        self.last += 1;
        let (answer, waits) = oneshot::channel();
        let others = self.waiting.len();
        match self.waiting.iter_mut().find(|one| one.visitor.member == visitor.member) {
            Some(known) => {
                known.visitor.name = visitor.name;
                known.answers.push((self.last, answer));
            }
            None if others >= knocks_max => return Err(ErrorCode::TooManyKnocks.into()),
            None => self.waiting.push(Waiting { visitor, answers: vec![(self.last, answer)] }),
        }
        Ok((self.last, waits))
    }

    /// One place is given up. The knock is over with the last of them.
    pub fn give_up(&mut self, number: u64) {
        for one in &mut self.waiting {
            one.answers.retain(|(known, _)| *known != number);
        }
        self.waiting.retain(|one| !one.answers.is_empty());
    }

    /// Who knocks under this id.
    pub fn visitor(&self, member: &MemberId) -> Option<Visitor> {
        self.waiting.iter().find(|one| one.visitor.member == *member).map(|one| one.visitor.clone())
    }

    /// Answers a knock at every place where its person waits. Answers whether there was one.
    pub fn answer(&mut self, now: Monotonic, member: &MemberId, verdict: Verdict, limits: &Limits) -> bool {
        let Some(place) = self.waiting.iter().position(|one| one.visitor.member == *member) else {
            return false;
        };
        let one = self.waiting.remove(place);
        if verdict == Verdict::TurnedAway {
            let knocks_max = usize::try_from(limits.knocks_per_room).unwrap_or(usize::MAX);
            while self.turned_away.len() >= knocks_max {
                self.turned_away.pop_front();
            }
            self.turned_away.push_back((one.visitor.member.clone(), now.after(limits.knock_again_ms)));
        }
        one.answer(verdict);
        true
    }

    /// The room is over: all who wait hear it.
    pub(super) fn end(&mut self) {
        self.is_over = true;
        for one in self.waiting.drain(..) {
            one.answer(Verdict::Ended);
        }
    }

    /// As those inside are told.
    pub fn list(&self) -> Vec<Knocking> {
        let told = |Waiting { visitor: Visitor { member, name, .. }, .. }: &Waiting| Knocking {
            id: member.clone(),
            name: name.clone(),
        };
        self.waiting.iter().map(told).collect()
    }
}

impl std::fmt::Debug for Knocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Knocks({})", self.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use protocol::{DisplayName, ErrorCode, Limits, MemberId};

    use super::{Knocks, Verdict, Visitor};
    use crate::identity::UserId;
    use chat::{Mark, Monotonic};

    fn visitor(number: u8) -> Visitor {
        let member = MemberId::parse(&format!("{number:A>22}")).expect("is an id");
        let (name, mark) = (DisplayName::parse("Sam").expect("is a name"), Mark([number; 16]));
        Visitor { user: UserId([number; 16]), member, name, mark }
    }

    fn limits() -> Limits {
        Limits { knocks_per_room: 2, knock_again_ms: 60_000, ..Limits::default() }
    }

    #[test]
    fn one_person_is_one_knock_that_ends_with_the_last_place_where_they_wait() {
        let (mut knocks, now) = (Knocks::default(), Monotonic::START);
        let (first, _waits) = knocks.knock(now, visitor(1), &limits()).expect("is taken");
        let (second, _too) = knocks.knock(now, visitor(1), &limits()).expect("is taken");
        assert_eq!(knocks.list().len(), 1);
        knocks.give_up(first);
        assert_eq!(knocks.list().len(), 1);
        knocks.give_up(second);
        assert!(knocks.list().is_empty() && knocks.visitor(&visitor(1).member).is_none());
    }

    #[test]
    fn as_many_wait_as_the_limit_and_no_more() {
        let (mut knocks, now) = (Knocks::default(), Monotonic::START);
        let waits: Vec<_> = (1..=2).map(|number| knocks.knock(now, visitor(number), &limits())).collect();
        assert!(waits.iter().all(Result::is_ok));
        let refused = knocks.knock(now, visitor(3), &limits()).map(|_| ()).expect_err("is one too many");
        assert_eq!(refused.code, ErrorCode::TooManyKnocks);
        assert!(knocks.knock(now, visitor(2), &limits()).is_ok(), "who waits already may wait at one more place");
    }

    #[tokio::test]
    async fn who_is_turned_away_hears_it_everywhere_and_may_knock_again_when_the_time_is_up() {
        let (mut knocks, now) = (Knocks::default(), Monotonic::START);
        let (_, first) = knocks.knock(now, visitor(1), &limits()).expect("is taken");
        let (_, second) = knocks.knock(now, visitor(1), &limits()).expect("is taken");
        assert!(knocks.answer(now, &visitor(1).member, Verdict::TurnedAway, &limits()));
        assert_eq!((first.await, second.await), (Ok(Verdict::TurnedAway), Ok(Verdict::TurnedAway)));
        assert!(!knocks.answer(now, &visitor(1).member, Verdict::LetIn, &limits()), "it was answered");
        let refused = knocks.knock(now.after(59_999), visitor(1), &limits()).map(|_| ()).expect_err("is too early");
        assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::NotLetIn, Some(1)));
        assert!(knocks.knock(now.after(60_000), visitor(1), &limits()).is_ok());
    }
}
