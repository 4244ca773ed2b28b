//! A place at which somebody waits in front of a room for the answer of those inside: a request, or a line.

use chat::ChannelId;
use protocol::{ErrorCode, MemberId};
use tokio::sync::oneshot;

use crate::broker::Word;
use crate::channel::{RoomHandle, Verdict, Visitor};
use crate::error::Refused;
use crate::events::Happening;
use crate::hub::Hub;

/// A place at which somebody waits for the answer to their knock. Given up when it goes.
pub struct Knock {
    hub: Hub,
    room: ChannelId,
    number: u64,
    answer: oneshot::Receiver<Verdict>,
}

impl Knock {
    /// Somebody knocks, and those inside hear it.
    ///
    /// # Errors
    /// As [`crate::channel::Knocks::knock`], and [`ErrorCode::RoomEnded`].
    pub fn at(hub: &Hub, room: ChannelId, visitor: Visitor) -> Result<Self, Refused> {
        let live = hub.live(room).ok_or(ErrorCode::RoomEnded)?;
        let user = visitor.user;
        let (number, answer) = live.knocks().knock(hub.clock().mono(), visitor, hub.limits())?;
        hub.happened(|| Happening::Knocked(room, user));
        let knock = Self { hub: hub.clone(), room, number, answer };
        tell_knocks(hub, room);
        Ok(knock)
    }

    /// Waits for the answer. May be called again when it was put off.
    pub async fn answered(&mut self) -> Verdict {
        (&mut self.answer).await.unwrap_or(Verdict::Ended)
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        if let Some(live) = self.hub.live(self.room) {
            live.knocks().give_up(self.number);
            tell_knocks(&self.hub, self.room);
        }
    }
}

/// What those inside say to somebody who waits in front of a room, at whichever node. Answers whether somebody did.
pub fn answer(hub: &Hub, live: &RoomHandle, member: &MemberId, verdict: Verdict) -> bool {
    let was_there = live.knocks().answer(hub.clock().mono(), member, verdict, hub.limits());
    hub.tell_nodes(Word::Verdict(live.id, member.clone(), verdict));
    tell_knocks(hub, live.id);
    was_there
}

/// Those inside who may let people in are told who knocks, on this node and the others.
fn tell_knocks(hub: &Hub, room: ChannelId) {
    if let Some(live) = hub.live(room) {
        hub.tell_knocks_to_nodes(&live);
        hub.tell_knocks_here(&live);
    }
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Knock(…)")
    }
}
