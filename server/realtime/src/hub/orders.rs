//! What an operator has said for all nodes. Each node keeps it in memory; one that begins later, or was not reached, does not
//! know of it.

use protocol::{Notice, RoomCode, ServerFrame};

use super::Hub;
use crate::broker::Word;
use crate::orders::{Announcement, Orders};

impl Hub {
    /// What is in force here.
    pub fn orders(&self) -> Orders {
        self.standing().clone()
    }

    /// From now on this is in force, on all nodes that are reached.
    pub fn order(&self, orders: Orders) {
        self.tell_nodes(Word::Orders(orders.clone()));
        self.order_here(orders);
    }

    pub(super) fn order_here(&self, mut orders: Orders) {
        // What another node says was read there; a text that is none here is left out.
        orders.announcement = orders.announcement.filter(|text| Announcement::parse(text.as_str()).is_ok());
        let said = orders.announcement.clone();
        let before = std::mem::replace(&mut *self.standing(), orders);
        if before.announcement != said {
            let text = said.map(|said| said.as_str().to_owned());
            let notice = ServerFrame::Notice { room: None, notice: Notice::Announcement, text };
            let sessions: Vec<_> = self.sessions().by_id.values().cloned().collect();
            for session in sessions {
                session.tell(&notice, self.limits());
            }
        }
    }

    /// What the operator says, for somebody who comes into a room.
    pub(crate) fn announcement(&self, room: RoomCode) -> Option<ServerFrame> {
        let text = self.standing().announcement.as_ref().map(|said| said.as_str().to_owned())?;
        Some(ServerFrame::Notice { room: Some(room), notice: Notice::Announcement, text: Some(text) })
    }
}
