//! A place at which somebody waits in front of a room for the answer of those inside: a request, or a line.

use chat::{ChannelId, Input};
use protocol::ErrorCode;
use tokio::sync::oneshot;

use crate::channel::{Verdict, Visitor};
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

/// Those inside who may let people in are told who knocks.
pub fn tell_knocks(hub: &Hub, room: ChannelId) {
    if let Some(live) = hub.live(room) {
        let list = live.knocks().list();
        hub.tell(room, Input::Knocks(list));
    }
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Knock(…)")
    }
}
