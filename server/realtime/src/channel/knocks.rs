//! People who knock at a room that asks for it: not members yet, and known to those inside only while they wait.
//!
//! In memory only. A knock lives as long as somebody waits for its answer: its line, or its request. One person's knocks
//! from several places are one. Each node tells the others who waits at it; whoever answers may be on another node.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chat::{Mark, Monotonic, NodeId};
use protocol::{DisplayName, ErrorCode, Knocking, Limits, MemberId};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::error::Refused;
use crate::identity::UserId;

/// Nodes that are kept in mind.
const NODES_MAX: usize = 256;

/// What those inside say to a knock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Who waits at other nodes, as each told last.
    elsewhere: BTreeMap<NodeId, Vec<Visitor>>,
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
        let others = self.list().len();
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

    /// Everybody, those of this node first.
    fn visitors(&self) -> impl Iterator<Item = &Visitor> {
        self.waiting.iter().map(|one| &one.visitor).chain(self.elsewhere.values().flatten())
    }

    /// Who knocks under this id, at whichever node.
    pub fn visitor(&self, member: &MemberId) -> Option<Visitor> {
        self.visitors().find(|visitor| visitor.member == *member).cloned()
    }

    /// Answers a knock at every place of this node where its person waits. Who waits at another is told there; here they are
    /// out of the list. Answers whether there was one.
    pub fn answer(&mut self, now: Monotonic, member: &MemberId, verdict: Verdict, limits: &Limits) -> bool {
        if self.visitor(member).is_none() {
            return false;
        }
        for visitors in self.elsewhere.values_mut() {
            visitors.retain(|visitor| visitor.member != *member);
        }
        if verdict == Verdict::TurnedAway {
            let knocks_max = usize::try_from(limits.knocks_per_room).unwrap_or(usize::MAX);
            while self.turned_away.len() >= knocks_max {
                self.turned_away.pop_front();
            }
            self.turned_away.push_back((member.clone(), now.after(limits.knock_again_ms)));
        }
        if let Some(place) = self.waiting.iter().position(|one| one.visitor.member == *member) {
            self.waiting.remove(place).answer(verdict);
        }
        true
    }

    /// Who waits at this node, as others are told.
    pub fn here(&self) -> Vec<Visitor> {
        self.waiting.iter().map(|one| one.visitor.clone()).collect()
    }

    /// Another node tells who waits at it: all of them; nobody where it is gone. Answers whether that is news.
    pub fn hear(&mut self, node: NodeId, mut visitors: Vec<Visitor>, limits: &Limits) -> bool {
        visitors.truncate(usize::try_from(limits.knocks_per_room).unwrap_or(usize::MAX));
        let before = self.elsewhere.remove(&node).unwrap_or_default();
        let is_news = before != visitors;
        if !visitors.is_empty() && self.elsewhere.len() < NODES_MAX {
            self.elsewhere.insert(node, visitors);
        }
        is_news
    }

    /// Other nodes are out of reach: nobody who waits there could be answered. Answers whether that is news.
    pub fn forget_elsewhere(&mut self) -> bool {
        !std::mem::take(&mut self.elsewhere).is_empty()
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
        let mut listed = BTreeSet::new();
        let once = self.visitors().filter(|visitor| listed.insert(&visitor.member));
        once.map(|visitor| Knocking { id: visitor.member.clone(), name: visitor.name.clone() }).collect()
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

    #[test]
    fn who_waits_at_another_node_is_listed_once_and_is_gone_with_it() {
        let (mut knocks, now, there) = (Knocks::default(), Monotonic::START, chat::NodeId(2));
        let (_, _waits) = knocks.knock(now, visitor(1), &limits()).expect("is taken");
        assert!(knocks.hear(there, vec![visitor(1), visitor(2), visitor(3)], &limits()));
        assert_eq!(knocks.list().len(), 2, "as many as may wait are taken of a node, and one person is listed once");
        assert!(knocks.knock(now, visitor(4), &limits()).is_err(), "those of other nodes count");
        assert!(knocks.answer(now, &visitor(2).member, Verdict::LetIn, &limits()));
        assert!(knocks.hear(there, Vec::new(), &limits()) && !knocks.hear(there, Vec::new(), &limits()));
        assert_eq!(knocks.list().len(), 1);
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
