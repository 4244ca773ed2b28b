//! Questions to all other nodes, about what each has in its memory alone. Whoever asks waits until all have answered, or
//! for a short while: a node that does not answer has nothing to say.

use std::time::Duration;

use chat::{ChannelId, InviteMark};
use protocol::InviteId;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::Hub;
use super::asked::Waiting;
use crate::broker::{Answer, Question, ToldInvite, Word};
use crate::clock;

/// How long answers are waited for.
const ANSWERS_MAX: Duration = Duration::from_secs(1);

/// Answers to one question.
const NODES_MAX: usize = 256;

impl Hub {
    /// One use of an invite that another node made: which it was. It has to be given back
    /// ([`Hub::give_back_invite`]) where it comes to nothing.
    pub async fn claim_invite_elsewhere(&self, room: ChannelId, mark: InviteMark) -> Option<InviteId> {
        let is_claimed = |answer: &Answer| matches!(answer, Answer::Claimed(..));
        let answers = self.ask_nodes(Question::ClaimInvite(room, mark), is_claimed).await;
        answers.into_iter().find_map(|answer| match answer {
            Answer::Claimed(_, invite) => Some(invite),
            Answer::Nothing | Answer::Invites(_) | Answer::Revoked => None,
        })
    }

    /// A use of an invite of another node came to nothing.
    pub fn give_back_invite(&self, room: ChannelId, invite: InviteId) {
        self.tell_nodes(Word::InviteUnused(room, invite));
    }

    /// The invites that other nodes made and that are in force.
    pub async fn invites_elsewhere(&self, room: ChannelId) -> Vec<ToldInvite> {
        let answers = self.ask_nodes(Question::Invites(room), |_| false).await;
        let told = answers.into_iter().map(|answer| match answer {
            Answer::Invites(invites) => invites,
            Answer::Nothing | Answer::Claimed(..) | Answer::Revoked => Vec::new(),
        });
        told.flatten().collect()
    }

    /// Takes back an invite that another node made. Answers whether there was one.
    pub async fn revoke_invite_elsewhere(&self, room: ChannelId, invite: InviteId) -> bool {
        let is_revoked = |answer: &Answer| *answer == Answer::Revoked;
        self.ask_nodes(Question::RevokeInvite(room, invite), is_revoked).await.contains(&Answer::Revoked)
    }

    /// Asks every other node that is heard of, until one answer is enough.
    async fn ask_nodes(&self, question: Question, is_enough: impl Fn(&Answer) -> bool) -> Vec<Answer> {
        let others = self.broker().state().others.min(NODES_MAX);
        if others == 0 {
            return Vec::new();
        }
        let (answer, mut heard) = mpsc::channel(others);
        let number = u64::from_be_bytes(clock::random());
        let Some(_waiting) = Waiting::begin(&self.0.asked, number, answer) else { return Vec::new() };
        self.tell_nodes(Word::Asked(self.node(), number, question));
        let deadline = Instant::now() + ANSWERS_MAX;
        let mut answers = Vec::new();
        while answers.len() < others {
            let Ok(Some(answer)) = timeout_at(deadline, heard.recv()).await else { break };
            let is_last = is_enough(&answer);
            answers.push(answer);
            if is_last {
                break;
            }
        }
        answers
    }

    /// What this node answers another.
    pub(super) fn answer_node(&self, question: Question) -> Answer {
        let now = self.clock().mono();
        match question {
            Question::ClaimInvite(room, mark) => {
                let claimed = self.live(room).and_then(|live| live.invites().claim(now, mark));
                claimed.map_or(Answer::Nothing, |invite| Answer::Claimed(room, invite))
            }
            Question::Invites(room) => self.live(room).map_or(Answer::Nothing, |live| {
                let invites = live.invites();
                let told = invites.in_force(now).map(|invite| ToldInvite {
                    id: invite.id.clone(),
                    once: invite.once,
                    expires_at: invite.ends.map(|(_, stamp)| stamp),
                    used: invite.used,
                });
                Answer::Invites(told.collect())
            }),
            Question::RevokeInvite(room, invite) => {
                let revoked = self.live(room).is_some_and(|live| live.invites().revoke(now, &invite));
                if revoked { Answer::Revoked } else { Answer::Nothing }
            }
        }
    }

    /// Another node answers. What comes too late is of no use, and a use of an invite that nobody waits for is given back.
    pub(super) fn take_answer(&self, number: u64, answer: Answer) {
        let waiting = self.0.asked.waiting(number);
        let late = match waiting {
            Some(waiting) => waiting.try_send(answer).err().map(mpsc::error::TrySendError::into_inner),
            None => Some(answer),
        };
        if let Some(Answer::Claimed(room, invite)) = late {
            self.give_back_invite(room, invite);
        }
    }
}
