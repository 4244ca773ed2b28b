//! The rooms that a session enters without being asked, because its person is a member of them or entered them by another
//! session: one after the other, no faster than the server allows.

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::BoxFuture;
use protocol::RoomCode;
use tokio::time::Instant;

use crate::commands::Requests;
use crate::error::Refused;
use crate::services::Services;
use crate::session::for_rooms::RoomsSession;

/// Those of one connection.
#[derive(Debug)]
pub struct Following {
    rooms: VecDeque<RoomCode>,
    not_before: Instant,
}

impl Default for Following {
    /// None yet.
    fn default() -> Self {
        Self { rooms: VecDeque::new(), not_before: Instant::now() }
    }
}

impl Following {
    /// Adds what was entered elsewhere since the last time.
    pub fn hear(&mut self, session: &RoomsSession) {
        for code in session.take_follows() {
            if !self.rooms.contains(&code) {
                self.rooms.push_back(code);
            }
        }
    }

    /// When the next one may be entered; `None` where there is none.
    pub fn due(&self) -> Option<Instant> {
        (!self.rooms.is_empty()).then_some(self.not_before)
    }

    /// Enters the next one, if it may be entered now.
    pub fn next(&mut self, requests: &Requests) -> Option<BoxFuture<'static, ()>> {
        while self.not_before <= Instant::now() {
            match requests.follow(*self.rooms.front()?) {
                Ok(entering) => {
                    self.rooms.pop_front();
                    if entering.is_some() {
                        return entering;
                    }
                }
                Err(wait_ms) => self.not_before = Instant::now() + Duration::from_millis(wait_ms),
            }
        }
        None
    }
}

/// Has a session enter the rooms that its person is a member of, and from now on those that they enter elsewhere.
///
/// # Errors
/// Why the store cannot tell them.
pub async fn begin(services: &dyn Services, session: &RoomsSession) -> Result<(), Refused> {
    // First, so that nothing that is entered meanwhile is missed.
    session.set_follows(true);
    for code in services.rooms_of(session.user()).await? {
        session.follow(code, services.hub().limits());
    }
    Ok(())
}
