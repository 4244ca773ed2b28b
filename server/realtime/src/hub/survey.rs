//! A look at what lives on this node, for an operator's numbers. It is made when somebody asks: nobody keeps these up.

use std::collections::HashMap;

use chat::{ChannelId, SessionKey};
use protocol::Millis;

use super::Hub;
use crate::channel::RoomHandle;
use crate::identity::UserId;

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

/// One room with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomSurvey {
    /// Which.
    pub id: ChannelId,
    /// People inside, on all nodes.
    pub people: u32,
    /// Sessions inside, on this one.
    pub sessions: u32,
    /// Whether no newcomers are let in.
    pub locked: bool,
    /// When it was made.
    pub created_at: Millis,
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

    /// The sessions inside of each room, with whose they are. As long as [`Hub::survey`] takes.
    pub fn survey_seats(&self) -> HashMap<ChannelId, Vec<(SessionKey, UserId)>> {
        let sessions: Vec<_> = self.sessions().by_id.values().cloned().collect();
        let mut inside: HashMap<_, Vec<_>> = HashMap::new();
        for session in sessions {
            for seat in session.insides() {
                inside.entry(seat.room.id).or_default().push((session.key, session.user()));
            }
        }
        inside
    }

    /// Each room with a task, in no order. As long as [`Hub::survey`] takes.
    pub fn survey_rooms(&self) -> Vec<RoomSurvey> {
        let inside = self.survey_seats();
        let survey = |room: RoomHandle| {
            let (locked, created_at) = room.facts();
            let sessions = inside.get(&room.id).map_or(0, |seats| u32::try_from(seats.len()).unwrap_or(u32::MAX));
            RoomSurvey { id: room.id, people: room.count(), sessions, locked, created_at }
        };
        self.live_rooms().into_iter().map(survey).collect()
    }
}
