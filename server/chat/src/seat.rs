//! Who is inside: seats (a user's sessions in the room) and the sessions in them.

use std::collections::VecDeque;

use protocol::{Activity, ClientId, DisplayName, Member, MemberId, MessageId, Millis, Position};

use crate::bans::Mark;
use crate::ids::SessionKey;
use crate::names::Claim;

/// Requests remembered a session, so that a repeated one is acknowledged again and relayed once.
pub(crate) const RECENT_MAX: usize = 64;

/// One person's place.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) member: Member,
    /// The name's place among those in use.
    pub(crate) claim: Claim,
    pub(crate) sessions: Vec<SessionKey>,
    /// Its place in the order of their taking.
    pub(crate) number: u64,
    /// When it was taken, by the wall clock.
    pub(crate) from: Millis,
    /// When the last message was sent that they say they have seen.
    pub(crate) read: Option<Millis>,
}

/// One session inside.
#[derive(Debug)]
pub(crate) struct Occupant {
    pub(crate) member: MemberId,
    pub(crate) activity: Activity,
    pub(crate) connected: bool,
    /// Where it came in from.
    pub(crate) mark: Option<Mark>,
    pub(crate) recent: VecDeque<Recent>,
    /// It tells how far its person has read, so it is told of others.
    pub(crate) tells_reading: bool,
}

/// The fields of [`crate::Input::Join`].
pub(crate) struct JoinRequest {
    pub(crate) session: SessionKey,
    pub(crate) cid: Option<ClientId>,
    pub(crate) member: MemberId,
    pub(crate) name: DisplayName,
    pub(crate) activity: Activity,
    pub(crate) since: Option<Position>,
    pub(crate) mark: Option<Mark>,
}

/// One request and what became of it.
#[derive(Debug)]
pub(crate) struct Recent {
    pub(crate) cid: ClientId,
    pub(crate) acked: Option<Acked>,
}

/// What an ack said.
#[derive(Debug, Clone)]
pub(crate) struct Acked {
    pub(crate) seq: u64,
    pub(crate) id: MessageId,
    pub(crate) at: Millis,
}

impl Occupant {
    pub(crate) fn new(member: MemberId, activity: Activity, mark: Option<Mark>) -> Self {
        Self { member, activity, connected: true, mark, recent: VecDeque::new(), tells_reading: false }
    }

    /// What this session adds to the person's presence.
    pub(crate) fn presence(&self) -> Activity {
        match (self.connected, self.activity) {
            (false, _) => Activity::Offline,
            (true, Activity::Online) => Activity::Online,
            (true, Activity::Away | Activity::Offline) => Activity::Away,
        }
    }

    pub(crate) fn recall(&self, cid: &ClientId) -> Option<&Recent> {
        self.recent.iter().find(|recent| recent.cid == *cid)
    }

    pub(crate) fn remember(&mut self, cid: ClientId) {
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent { cid, acked: None });
    }

    pub(crate) fn acknowledge(&mut self, cid: &ClientId, acked: Acked) {
        if let Some(recent) = self.recent.iter_mut().find(|recent| recent.cid == *cid) {
            recent.acked = Some(acked);
        }
    }

    pub(crate) fn forget(&mut self, cid: &ClientId) {
        self.recent.retain(|recent| recent.cid != *cid);
    }
}
