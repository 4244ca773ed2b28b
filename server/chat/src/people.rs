//! Who is inside on other nodes, as they tell it. It is told again whenever it may not be known, and forgotten with a node
//! that is gone, so that nothing of it has to be kept anywhere.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Activity, DisplayName, Member, MemberId, Millis};
use serde::{Deserialize, Serialize};

use crate::bans::{Ban, Mark};
use crate::ids::NodeId;
use crate::names::Claim;

/// What a node tells the others of one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum People {
    /// It wants to hear who is inside on theirs.
    Asked,
    /// These are inside on it, and nobody else; these may not come in.
    Are(Vec<Inside>, Vec<Ban>),
    /// Since it told last: these are as told here, these are gone.
    Changed {
        /// Who came or is another.
        are: Vec<Inside>,
        /// Who is inside on it no more.
        gone: Vec<MemberId>,
    },
    /// Somebody who is banned was inside on it, with sessions that came from there: no other node knows from where.
    Banned(MemberId, Vec<Mark>),
    /// Somebody inside on it began to type, or goes on, or stopped.
    Typing {
        /// Who.
        member: MemberId,
        /// Whether they do.
        on: bool,
    },
}

/// Somebody inside, as their node knows them. Their role is told by the room's record, which all nodes have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// Who.
    pub id: MemberId,
    /// What they are called.
    pub name: DisplayName,
    /// Over their sessions on that node.
    pub state: Activity,
    /// When they came, by the wall clock.
    pub from: Millis,
    /// When the last message was sent that they say they have seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Millis>,
}

/// What other nodes have to be told.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// They are asked who is inside there.
    pub(crate) asks: bool,
    /// They are told of everybody.
    pub(crate) tells_all: bool,
    /// They are told of these.
    pub(crate) of: BTreeSet<MemberId>,
    /// From where who is banned came.
    pub(crate) banned: BTreeMap<MemberId, Vec<Mark>>,
    /// Who began to type, or stopped.
    pub(crate) typing: BTreeMap<MemberId, bool>,
}

impl News {
    /// A room that begins here may have begun on another node before.
    pub(crate) fn at_start() -> Self {
        Self { asks: true, ..Self::default() }
    }

    /// Nobody is inside here any more.
    pub(crate) fn at_end() -> Self {
        Self { tells_all: true, ..Self::default() }
    }

    pub(crate) fn of(&mut self, member: &MemberId) {
        if !self.of.contains(member) {
            self.of.insert(member.clone());
        }
    }
}

/// A person who is inside on other nodes, and perhaps on this one as well.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    pub(crate) member: Member,
    /// The name's place among those in use; with their seat, where they have one here.
    pub(crate) claim: Option<Claim>,
    /// When they came, and when the last message was sent that they say they have seen; by what any node tells.
    pub(crate) from: Millis,
    pub(crate) read: Option<Millis>,
    on: BTreeMap<NodeId, Activity>,
}

impl Elsewhere {
    pub(crate) fn new(member: Member, claim: Option<Claim>, from: Millis) -> Self {
        Self { member, claim, from, read: None, on: BTreeMap::new() }
    }

    /// They are as present as where they are most present.
    pub(crate) fn state(&self) -> Activity {
        self.on.values().copied().fold(Activity::Offline, most_present)
    }

    pub(crate) fn is_on(&mut self, node: NodeId, state: Activity) {
        self.on.insert(node, state);
    }

    /// Answers whether they are on no other node now.
    pub(crate) fn is_gone_from(&mut self, node: NodeId) -> bool {
        self.on.remove(&node);
        self.on.is_empty()
    }

    pub(crate) fn was_on(&self, node: NodeId) -> bool {
        self.on.contains_key(&node)
    }
}

pub(crate) const fn most_present(one: Activity, other: Activity) -> Activity {
    match (one, other) {
        (Activity::Online, _) | (_, Activity::Online) => Activity::Online,
        (Activity::Away, _) | (_, Activity::Away) => Activity::Away,
        (Activity::Offline, Activity::Offline) => Activity::Offline,
    }
}
