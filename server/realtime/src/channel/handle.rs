//! How others reach a room's task: its mailbox, and a session's place inside. Nothing here waits for a peer.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat::{ChannelId, Doorway, Input, Invites, Monotonic, Room};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use protocol::{ErrorCode, MemberId, Millis, RoomCode};
use tokio::sync::{mpsc, oneshot};
use tokio::task::unconstrained;

use crate::channel::knocks::Knocks;
use crate::session::for_rooms::RoomsSession;

/// One thing for the room to do.
#[derive(Debug)]
pub struct RoomCommand {
    /// What happens.
    pub input: Input,
    /// The session that asks: its answer reaches it even when it is not inside.
    pub session: Option<Arc<RoomsSession>>,
    /// Called when it is done.
    pub done: Option<oneshot::Sender<()>>,
}

/// How others reach a room's task.
#[derive(Clone)]
pub struct RoomHandle {
    /// Names the room in the store.
    pub id: ChannelId,
    /// Names it on the wire.
    pub code: RoomCode,
    pub(super) mailbox: mpsc::Sender<RoomCommand>,
    pub(super) outside: Arc<Outside>,
}

/// What of a room can be seen without asking its task, as it was when the task looked up last.
#[derive(Debug, Default)]
pub(super) struct Outside {
    count: AtomicU32,
    seen: Mutex<Seen>,
    invites: Mutex<Invites>,
    knocks: Mutex<Knocks>,
    /// Its record is going to be read again.
    looking: AtomicBool,
}

#[derive(Debug, Default)]
struct Seen {
    ends_at: Monotonic,
    locked: bool,
    created_at: Millis,
    doorway: Doorway,
}

impl Outside {
    pub(super) fn show(&self, room: &mut Room) {
        self.count.store(room.count(), Ordering::Relaxed);
        let mut seen = self.seen();
        seen.ends_at = room.ends_at();
        (seen.locked, seen.created_at) = (room.info().locked, room.info().created_at);
        if let Some(doorway) = room.take_doorway() {
            seen.doorway = doorway;
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's place in a room.
#[derive(Clone)]
pub struct SeatHandle {
    /// The room.
    pub room: RoomHandle,
    /// Its code.
    pub code: RoomCode,
    /// Who the session is there.
    pub member: MemberId,
}

impl RoomHandle {
    /// Hands a command over without waiting.
    ///
    /// # Errors
    /// [`ErrorCode::RoomEnded`] when the task is over, [`ErrorCode::Overloaded`] when its mailbox is full.
    pub fn send(&self, command: RoomCommand) -> Result<(), ErrorCode> {
        self.mailbox.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ErrorCode::Overloaded,
            mpsc::error::TrySendError::Closed(_) => ErrorCode::RoomEnded,
        })
    }

    /// Hands a command over when there is a place in the mailbox: it holds up whoever waits, and nobody else.
    ///
    /// # Errors
    /// [`ErrorCode::RoomEnded`] when the task is over.
    pub async fn send_in_turn(&self, command: RoomCommand) -> Result<(), ErrorCode> {
        self.mailbox.send(command).await.map_err(|_| ErrorCode::RoomEnded)
    }

    /// An input that must not be lost, whatever the mailbox holds. It has its place in the order when this returns: what is
    /// sent behind it, by whomever, comes behind it. Where the mailbox is full it waits there for as long as what is
    /// answered is kept, for a task to run to its end; that the task begins late changes nothing.
    #[must_use = "dropped, it gives up its place"]
    pub fn line_up(&self, input: Input) -> Option<BoxFuture<'static, ()>> {
        let room = self.clone();
        // Outside of the runtime's budget: who has used that up would be put off without a place.
        let mut waiting = Box::pin(unconstrained(async move {
            // A closed mailbox means that the room is over, and with it everything the input was about.
            let _ = room.send_in_turn(RoomCommand { input, session: None, done: None }).await;
        }));
        waiting.as_mut().now_or_never().is_none().then_some(waiting)
    }

    /// A request of a session.
    ///
    /// # Errors
    /// See [`RoomHandle::send`].
    pub fn request(&self, session: &Arc<RoomsSession>, input: Input) -> Result<(), ErrorCode> {
        self.send(RoomCommand { input, session: Some(Arc::clone(session)), done: None })
    }

    /// People inside.
    pub fn count(&self) -> u32 {
        self.outside.count.load(Ordering::Relaxed)
    }

    /// When its lifetime is over.
    pub fn ends_at(&self) -> Monotonic {
        self.outside.seen().ends_at
    }

    /// Whether no newcomers are let in, and when it was made.
    pub fn facts(&self) -> (bool, Millis) {
        let seen = self.outside.seen();
        (seen.locked, seen.created_at)
    }

    /// Who may not come in, and who has been inside for longest.
    pub fn doorway(&self) -> Doorway {
        self.outside.seen().doorway.clone()
    }

    /// The room's invites. The task has nothing to do with them: a use is claimed before there is a seat.
    pub fn invites(&self) -> MutexGuard<'_, Invites> {
        self.outside.invites.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that its record is going to be read again; `false` where that was noted before.
    pub(crate) fn begins_to_look(&self) -> bool {
        !self.outside.looking.swap(true, Ordering::AcqRel)
    }

    /// It is being read now: what happens from here on wants another look.
    pub(crate) fn looks(&self) {
        self.outside.looking.store(false, Ordering::Release);
    }

    /// Who knocks.
    pub fn knocks(&self) -> MutexGuard<'_, Knocks> {
        self.outside.knocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the task is over.
    pub fn is_over(&self) -> bool {
        self.mailbox.is_closed()
    }

    /// Whether both lead to one task.
    pub fn is_same(&self, other: &Self) -> bool {
        self.mailbox.same_channel(&other.mailbox)
    }
}

impl std::fmt::Debug for RoomHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RoomHandle({} inside)", self.count())
    }
}

impl std::fmt::Debug for SeatHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SeatHandle(…)")
    }
}

#[cfg(test)]
mod tests {
    use chat::SessionKey;

    use super::*;

    #[tokio::test]
    async fn a_drop_that_finds_the_mailbox_full_is_not_overtaken_by_the_return_behind_it() {
        let (mailbox, mut taken) = mpsc::channel(1);
        let code = RoomCode::parse("SHRT2345").expect("is a code");
        let room = RoomHandle { id: ChannelId([7; 16]), code, mailbox, outside: Arc::default() };
        let session = SessionKey(1);
        assert!(room.line_up(Input::Tick).is_none(), "there is a place");
        // Its task has not begun when there is a place again.
        let dropped = room.line_up(Input::Dropped { session }).expect("it has to wait");
        assert!(matches!(taken.try_recv().map(|command| command.input), Ok(Input::Tick)));
        let resumed = room.line_up(Input::Resumed { session }).expect("it has to wait behind that");
        let waiting = tokio::spawn(futures::future::join(resumed, dropped));
        let mut order = Vec::new();
        for _ in 0..2 {
            order.push(taken.recv().await.expect("comes").input);
        }
        assert!(matches!(order[..], [Input::Dropped { .. }, Input::Resumed { .. }]), "{order:?}");
        waiting.await.expect("is done");
        drop(taken);
        assert!(room.line_up(Input::Tick).is_none(), "a room that is over wants to hear nothing");
    }
}
