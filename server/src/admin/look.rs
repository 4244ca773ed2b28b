//! What an operator sees: numbers of this node, and its rooms by their keyed hashes. Gathered when somebody asks.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chat::SessionKey;
use protocol::ErrorCode;
use protocol::admin::{
    Carried, DebuggedRoom, LiveRoom, LiveRooms, NodeOverview, Refusals, SocketDebug, Switches, Traffic,
};
use realtime::broker::{BrokerState, Reach};
use realtime::channel::RoomHandle;
use realtime::hub::Survey;
use tokio_util::sync::CancellationToken;

use super::rates::NOTE_EVERY_MS;
use crate::keys::{DAY_MARK_CHARS, DAY_MS, Keys};
use crate::process::Process;
use crate::state::AppState;
use crate::transports::Carries;

/// Rooms that are listed.
const ROOMS_MAX: usize = 100;
/// Sessions that are listed of a room.
const SOCKETS_MAX: usize = 1_000;
/// Kinds of refusals that are listed.
const REFUSALS_MAX: usize = 10;

/// What stands for people and rooms, as in the log of events: other marks each day (UTC).
pub(super) struct Marks {
    keys: Keys,
    day: u64,
}

impl Marks {
    pub(super) fn new(state: &AppState) -> Self {
        Self { keys: state.keys.clone(), day: state.clock.wall() / DAY_MS }
    }

    fn of(&self, id: &[u8; 16]) -> String {
        self.keys.day_mark(self.day, id)
    }

    /// Whether this is the mark of today, or the one of yesterday: a page or a log may have been read before midnight.
    pub(super) fn is(&self, id: &[u8; 16], mark: &str) -> bool {
        self.of(id) == mark || self.keys.day_mark(self.day.saturating_sub(1), id) == mark
    }

    /// Whether there can be such a mark at all.
    pub(super) fn may_be(mark: &str) -> bool {
        mark.len() == DAY_MARK_CHARS
    }
}

/// How this node is. Sessions are counted and files read on a thread for what takes long.
pub(super) async fn overview(state: &AppState) -> NodeOverview {
    let hub = state.hub.clone();
    let looking = tokio::task::spawn_blocking(move || (hub.survey(), Process::resident()));
    let (survey, memory_bytes): (Survey, _) = looking.await.unwrap_or_default();
    let (now, total) = (state.clock.mono(), total(state));
    let connections =
        Carries::ALL.map(|by| Carried { transport: by.as_str().to_owned(), count: state.transports.count(by) });
    NodeOverview {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: state.config.node_name.clone(),
        other_nodes: other_nodes(state.hub.broker().state()),
        uptime_s: state.clock.counted_ms() / 1_000,
        memory_bytes,
        memory_max_bytes: state.config.memory_max,
        connections: connections.into(),
        tcp_connections: state.connections.lines().into(),
        sessions_connected: survey.connected,
        sessions_away: survey.away,
        rooms: survey.rooms,
        total,
        last_minute: state.desk.rates.last_minute(now, total),
        refusals: refusals(state),
    }
}

/// `None` where there is one node and nothing between.
fn other_nodes(broker: BrokerState) -> Option<u64> {
    match broker.reach {
        Reach::Local => None,
        Reach::Unknown | Reach::Together | Reach::Alone => Some(broker.others as u64),
    }
}

fn refusals(state: &AppState) -> Vec<Refusals> {
    let counts = &state.hub.counts().refusals;
    let counted = ErrorCode::ALL.iter().map(|&code| Refusals { code, count: counts.get(code) });
    let mut refusals: Vec<_> = counted.filter(|refusals| refusals.count > 0).collect();
    refusals.sort_by_key(|refusals| Reverse(refusals.count));
    refusals.truncate(REFUSALS_MAX);
    refusals
}

fn total(state: &AppState) -> Traffic {
    let counts = state.hub.counts();
    let refusals = ErrorCode::ALL.iter().map(|&code| counts.refusals.get(code)).sum();
    Traffic { messages: counts.messages.get(), deliveries: counts.deliveries.get(), refusals }
}

/// Notes the totals until the server halts.
pub(crate) async fn keep_rates(state: AppState, halt: CancellationToken) {
    let noting = async {
        loop {
            state.desk.rates.note(state.clock.mono(), total(&state));
            state.clock.sleep(NOTE_EVERY_MS).await;
        }
    };
    let _ = halt.run_until_cancelled(noting).await;
}

/// The largest rooms of this node.
pub(super) async fn rooms(state: &AppState) -> LiveRooms {
    let (hub, marks, now) = (state.hub.clone(), Marks::new(state), state.clock.wall());
    let looking = tokio::task::spawn_blocking(move || {
        let mut rooms = hub.survey_rooms();
        rooms.sort_by_key(|room| (Reverse((room.people, room.sessions)), room.created_at));
        let listed = rooms.iter().take(ROOMS_MAX).map(|room| LiveRoom {
            hash: marks.of(&room.id.0),
            people: room.people.into(),
            sessions: room.sessions.into(),
            locked: room.locked,
            age_s: now.saturating_sub(room.created_at) / 1_000,
        });
        LiveRooms { total: rooms.len() as u64, rooms: listed.collect() }
    });
    looking.await.unwrap_or(LiveRooms { total: 0, rooms: Vec::new() })
}

/// Which sessions of whom are in the largest rooms of this node.
pub(super) async fn sockets(state: &AppState) -> SocketDebug {
    let (hub, marks) = (state.hub.clone(), Marks::new(state));
    let total_connections = Carries::ALL.iter().map(|by| state.transports.count(*by)).sum();
    let looking = tokio::task::spawn_blocking(move || {
        let (total_rooms, mut seats) = (hub.room_count() as u64, Vec::from_iter(hub.survey_seats()));
        seats.sort_by_key(|(room, inside)| (Reverse(inside.len()), *room));
        seats.truncate(ROOMS_MAX);
        let rooms = seats.into_iter().map(|(room, mut inside)| {
            inside.sort_by_key(|(session, _)| *session);
            let socket_count = inside.len() as u64;
            inside.truncate(SOCKETS_MAX);
            let people: BTreeSet<_> = inside.iter().map(|(_, user)| *user).collect();
            DebuggedRoom {
                room_name: marks.of(&room.0),
                socket_count,
                socket_ids: inside.iter().map(|(session, _)| marks.of(&named(*session))).collect(),
                user_ids: people.iter().map(|user| marks.of(&user.0)).collect(),
            }
        });
        SocketDebug { total_connections, total_rooms, rooms: rooms.collect() }
    });
    looking.await.unwrap_or(SocketDebug { total_connections, total_rooms: 0, rooms: Vec::new() })
}

/// A session as marks take it: no id of a person or a room begins so but by a chance that never comes.
fn named(session: SessionKey) -> [u8; 16] {
    let mut id = *b"session:\0\0\0\0\0\0\0\0";
    let (_, number) = id.split_at_mut(8);
    number.copy_from_slice(&session.0.to_be_bytes());
    id
}

/// The live room of a keyed hash.
pub(super) async fn room(state: &AppState, hash: String) -> Option<RoomHandle> {
    let (hub, marks) = (state.hub.clone(), Marks::new(state));
    let looking =
        tokio::task::spawn_blocking(move || hub.live_rooms().into_iter().find(|room| marks.is(&room.id.0, &hash)));
    looking.await.ok().flatten()
}

/// What is closed, and what is told to everybody.
pub(super) fn switches(state: &AppState) -> Switches {
    let orders = state.hub.orders();
    Switches {
        registration_closed: orders.registration_closed,
        rooms_closed: orders.rooms_closed,
        announcement: orders.announcement.map(|text| text.as_str().to_owned()),
    }
}
