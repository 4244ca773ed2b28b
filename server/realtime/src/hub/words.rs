//! What other nodes tell this one, and is told them: see [`Word`]. What is heard here is not told on.

use chat::{ChannelId, Input, NodeId};
use protocol::MemberId;

use std::sync::Arc;

use super::Hub;
use crate::broker::Word;
use crate::channel::{RoomHandle, Verdict, Visitor};
use crate::rate_limits::RateLimits;

impl Hub {
    pub(crate) fn tell_nodes(&self, word: Word) {
        self.0.broker.tell_nodes(word);
    }

    /// Who waits in front of a room at this node is told to the others.
    pub(crate) fn tell_knocks_to_nodes(&self, live: &RoomHandle) {
        let here = live.knocks().here();
        self.tell_nodes(Word::Knocks(live.id, self.node(), here));
    }

    /// Who waits, at whichever node, is told to those inside here who may let them in.
    pub(crate) fn tell_knocks_here(&self, live: &RoomHandle) {
        let list = live.knocks().list();
        self.tell(live.id, Input::Knocks(list));
    }

    /// These counts hold over all nodes from here on.
    pub fn share(&self, rates: &Arc<RateLimits>) {
        // Once for a server.
        let _ = self.0.rates.set(Arc::clone(rates));
        let broker = Arc::clone(&self.0.broker);
        rates.tell_others(move |charge| broker.tell_nodes(Word::Charged(charge)));
    }

    /// Listens to other nodes, where there may be some, until the end of the process.
    pub(super) fn listen(&self) {
        let Some(mut words) = self.0.broker.words() else { return };
        let (hub, halt) = (self.clone(), self.0.halt.clone());
        self.0.tracker.spawn(halt.run_until_cancelled_owned(async move {
            while let Some(word) = words.recv().await {
                hub.obey(word);
            }
        }));
    }

    fn obey(&self, word: Word) {
        match word {
            Word::LoginEnded(user, login) => self.end_login_here(user, login),
            Word::UserEnded(user) => self.end_user_here(user),
            Word::Renamed(user, name) => self.rename_here(user, &name),
            Word::RoomEnded(room, reason) => self.end_room_here(room, reason),
            Word::Removed(room, member, reason) => self.tell(room, Input::Remove { member, reason }),
            Word::Orders(orders) => self.order_here(orders),
            Word::Owner(room, member) => self.tell(room, Input::Owner { member }),
            Word::Knocks(room, node, visitors) => self.hear_knocks(room, node, visitors),
            Word::KnocksAsked(room) => self.knocks_asked(room),
            Word::Verdict(room, member, verdict) => self.hear_verdict(room, &member, verdict),
            Word::Charged(charge) => {
                if let Some(rates) = self.0.rates.get() {
                    rates.hear(charge, self.clock().now());
                }
            }
            Word::InviteUnused(room, invite) => {
                if let Some(live) = self.live(room) {
                    live.invites().give_back(&invite);
                }
            }
            Word::Asked(node, number, question) => {
                let answer = self.answer_node(question);
                self.tell_nodes(Word::Answered(node, number, answer));
            }
            Word::Answered(node, number, answer) => {
                if node == self.node() {
                    self.take_answer(number, answer);
                }
            }
        }
    }

    fn hear_knocks(&self, room: ChannelId, node: NodeId, visitors: Vec<Visitor>) {
        if let Some(live) = self.live(room)
            && live.knocks().hear(node, visitors, self.limits())
        {
            self.tell_knocks_here(&live);
        }
    }

    fn knocks_asked(&self, room: ChannelId) {
        if let Some(live) = self.live(room).filter(|live| !live.knocks().here().is_empty()) {
            self.tell_knocks_to_nodes(&live);
        }
    }

    fn hear_verdict(&self, room: ChannelId, member: &MemberId, verdict: Verdict) {
        if let Some(live) = self.live(room)
            && live.knocks().answer(self.clock().mono(), member, verdict, self.limits())
        {
            self.tell_knocks_here(&live);
        }
    }
}
