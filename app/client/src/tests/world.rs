//! A page, a pretended server, and a connection between them that keeps no promise.

use protocol::{ClientFrame, ErrorCode, Limits};

use super::server::{OTHER, Server};
use crate::env::Env;
use crate::fixtures::{at, cid, code, dice, me};
use crate::link::Action;
use crate::phase::RoomPhase;
use crate::room_state::RoomState;
use crate::row::{Delivery, RowKind};
use crate::state::ClientState;

/// A page, its connection, and the server at the other end.
pub(super) struct World {
    pub(super) page: ClientState,
    pub(super) server: Server,
    pub(super) now: u64,
    pub(super) dice: Box<dyn FnMut() -> u64>,
    pub(super) connected: bool,
    /// The connection swallows everything in both directions.
    pub(super) swallows: bool,
    /// The connection swallows what the server says, and only that.
    pub(super) is_deaf: bool,
    pub(super) sent: u64,
    pub(super) heard: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let limits = Limits { page_messages_max: 10_000, ..Limits::default() };
        Self {
            page: ClientState::new(None, Some(me()), &limits, 0),
            server: Server::default(),
            now: 0,
            dice: Box::new(dice()),
            connected: false,
            swallows: false,
            is_deaf: false,
            sent: 0,
            heard: 0,
        }
    }

    pub(super) fn inside() -> Self {
        let mut world = Self::new();
        world.act(|page, env| page.enter(env, code(), None));
        assert_eq!(world.phase(), RoomPhase::Inside);
        world
    }

    pub(super) fn act<R>(&mut self, act: impl FnOnce(&mut ClientState, &mut Env<'_>) -> R) -> R {
        let result = act(&mut self.page, &mut at(self.now, &mut *self.dice));
        self.run();
        result
    }

    /// Carries frames to and fro until both sides are quiet.
    pub(super) fn run(&mut self) {
        loop {
            let actions = self.page.take_actions();
            if actions.is_empty() && self.server.out.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::Open => {
                        self.connected = true;
                        self.page.opened(&mut at(self.now, &mut *self.dice));
                    }
                    Action::Close => self.connected = false,
                    Action::Say(frame) if self.connected && !self.swallows => {
                        self.server.take(frame);
                    }
                    Action::Say(_) | Action::Keep(_) | Action::Renew => {}
                }
            }
            for frame in std::mem::take(&mut self.server.out) {
                if self.connected && !self.swallows && !self.is_deaf {
                    self.page.heard(&mut at(self.now, &mut *self.dice), frame);
                }
            }
        }
    }

    pub(super) fn others_say(&mut self, times: u64) {
        for _ in 0..times {
            self.heard += 1;
            self.server.relay(OTHER, cid(self.heard), format!("theirs {}", self.heard));
        }
        self.run();
    }

    pub(super) fn say(&mut self) -> Result<(), ErrorCode> {
        let text = format!("own {}", self.sent + 1);
        let said = self.act(|page, env| page.send(env, code(), &text, (None, None)));
        self.sent += u64::from(said.is_ok());
        said
    }

    pub(super) fn cut(&mut self) {
        if std::mem::take(&mut self.connected) {
            self.act(|page, env| page.closed(env, 1006));
        }
    }

    /// Time goes on as the page's timer lets it.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        let mut ticks = 0;
        while let Some(due) = self.page.deadline(self.now).filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.act(ClientState::tick);
            ticks += 1;
            assert!(ticks < 10 + ms / 10, "the timer spins");
        }
        self.now = end;
    }

    pub(super) fn room(&self) -> &RoomState {
        self.page.room(code()).expect("the room was entered")
    }

    pub(super) fn phase(&self) -> RoomPhase {
        self.room().phase()
    }

    /// Messages shown, and how many were told missing (`None` for possibly some).
    pub(super) fn log(&self) -> (Vec<String>, Option<u64>) {
        let mut missed = Some(0);
        let mut texts = Vec::new();
        for row in self.room().rows() {
            match &row.kind {
                RowKind::Message(line) => texts.push(match line.delivery {
                    Delivery::Sent => line.text.clone(),
                    Delivery::Sending | Delivery::Waiting { .. } => format!("({})", line.text),
                    Delivery::Failed(code) => format!("({} {code})", line.text),
                }),
                RowKind::Missed(more) => {
                    missed = missed.zip(*more).map(|(missed, more)| missed + more);
                }
                RowKind::Joins { .. } | RowKind::Unread | RowKind::Changed { .. } => {}
            }
        }
        (texts, missed)
    }

    pub(super) fn last_said(&self) -> &ClientFrame {
        self.server.said.last().expect("something was said")
    }
}
