//! What other nodes tell this one, and is told them: see [`Word`]. What is heard here is not told on.

use chat::Input;

use super::Hub;
use crate::broker::Word;

impl Hub {
    pub(super) fn tell_nodes(&self, word: Word) {
        self.0.broker.tell_nodes(word);
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
        }
    }
}
