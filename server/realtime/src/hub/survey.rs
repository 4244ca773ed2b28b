//! A look at what lives on this node, for an operator's numbers. It is made when somebody asks: nobody keeps these up.

use super::Hub;

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Survey {
    /// Rooms with a task.
    pub rooms: u64,
    /// Sessions that have a line.
    pub connected: u64,
    /// Sessions that wait for theirs to come back.
    pub away: u64,
    /// Bytes that wait to be taken by readers.
    pub unwritten_bytes: u64,
    /// Bytes that were written and not confirmed, for whoever loses their line.
    pub unconfirmed_bytes: u64,
}

impl Hub {
    /// Counts. Each session is looked at for a moment, one after the other, none of them held up by another: with a hundred
    /// thousand it takes a while, so a task that others wait for should not call this.
    pub fn survey(&self) -> Survey {
        let sessions: Vec<_> = self.sessions().by_id.values().cloned().collect();
        let rooms = self.room_count() as u64;
        sessions.iter().fold(Survey { rooms, ..Survey::default() }, |mut all, session| {
            let load = session.load();
            *(if load.is_connected { &mut all.connected } else { &mut all.away }) += 1;
            all.unwritten_bytes += load.unwritten as u64;
            all.unconfirmed_bytes += load.unconfirmed as u64;
            all
        })
    }
}
