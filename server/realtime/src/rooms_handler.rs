//! A person's client on one line: what it asks for in rooms, the rooms that it enters unasked, looks at its login.

use std::sync::Arc;

use chat::Input;
use futures::future::BoxFuture;
use protocol::ServerFrame;
use tokio::time::Instant;

use crate::address::Address;
use crate::attachment::Attachment;
use crate::commands::Requests;
use crate::following::Following;
use crate::handler::{Handler, TakesText};
use crate::renewal::Looks;
use crate::services::Services;
use crate::session::for_rooms::{ForRooms, RoomsSession};
use crate::transport::{End, Next};

/// See the module.
#[derive(Debug)]
pub struct RoomsHandler {
    /// What the client asks for.
    pub requests: Requests,
    services: Arc<dyn Services>,
    session: Arc<RoomsSession>,
    following: Following,
    looks: Looks,
}

impl RoomsHandler {
    /// For a line that has just begun.
    pub fn new(services: Arc<dyn Services>, line: &Attachment, address: Address) -> Self {
        Self {
            requests: Requests::new(Arc::clone(&services), line, address),
            session: Arc::clone(&line.session),
            following: Following::default(),
            looks: Looks::new(services.hub().limits()),
            services,
        }
    }

    /// A session that is back: its rooms are told before anything that it asks for.
    pub async fn resume(&self) {
        for inside in self.session.insides() {
            if let Some(waiting) = inside.room.line_up(Input::Resumed { session: self.session.key }) {
                waiting.await;
            }
        }
    }
}

impl Handler for RoomsHandler {
    type Purpose = ForRooms;

    fn unasked(&mut self) -> Option<BoxFuture<'static, ()>> {
        self.following.hear(&self.session);
        self.following.next(&self.requests)
    }

    fn due(&self, is_busy: bool) -> Option<Instant> {
        let follows = self.following.due().filter(|_| !is_busy);
        Some(follows.map_or(self.looks.due(), |follows| follows.min(self.looks.due())))
    }

    fn tick(&mut self) -> Result<(), End> {
        self.looks.look_if_due(&self.services, &self.session);
        Ok(())
    }

    fn ping(&self) {
        self.session.tell(&ServerFrame::Ping {}, self.services.hub().limits());
    }
}

impl TakesText for RoomsHandler {
    fn take(&mut self, text: &str) -> Next {
        self.requests.take(text)
    }

    fn take_binary(&mut self) -> Next {
        self.requests.take_binary()
    }
}
