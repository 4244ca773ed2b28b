//! Sessions of people in rooms: whose one is, what its client speaks, where it is inside.

use chat::SessionKey;
use protocol::{DisplayName, Limits, Millis, RoomCode, Secret, ServerFrame, SessionId};

use super::{Attached, Carrier, Greeting, Purpose, Session};
use crate::channel::SeatHandle;
use crate::dialect::{Dialect, Frame, one_word};
use crate::identity::{Identity, UserId};

/// A session that is for rooms.
pub struct ForRooms {
    /// Whose it is, for as long as it lives.
    pub user: UserId,
    /// What its client speaks.
    pub dialect: &'static dyn Dialect,
}

/// The session of a person in rooms.
pub type RoomsSession = Session<ForRooms>;

/// What such a session has.
pub struct Held {
    identity: Identity,
    carrier: Carrier,
    /// Its seats: mostly one.
    rooms: Vec<SeatHandle>,
    /// Rooms that the person entered elsewhere and this session is to enter; `None`: it did not ask for it.
    follows: Option<Vec<RoomCode>>,
}

impl Purpose for ForRooms {
    type Place = RoomCode;
    type Held = Held;
    /// Where it was inside.
    type Left = Vec<SeatHandle>;

    fn leave(held: &mut Held) -> Vec<SeatHandle> {
        std::mem::take(&mut held.rooms)
    }
}

/// The client of this person has a new line.
struct Back<'a, W> {
    purpose: &'a ForRooms,
    identity: &'a Identity,
    carrier: Carrier,
    welcome: W,
}

impl<W: FnOnce(&Secret, Vec<RoomCode>) -> ServerFrame> Greeting<ForRooms> for Back<'_, W> {
    fn places(&self, held: &Held) -> Vec<RoomCode> {
        held.codes()
    }

    fn gap(&self, _: &Held, room: RoomCode, missed: Option<u64>) -> Option<Frame> {
        self.purpose.say(&ServerFrame::Gap { room, missed })
    }

    fn welcome(self, held: &mut Held, secret: &Secret) -> Option<Frame> {
        held.identity = self.identity.clone();
        held.carrier = self.carrier;
        self.purpose.say(&(self.welcome)(secret, held.codes()))
    }
}

impl RoomsSession {
    /// One that is in no room. [`Session::attach_person`] gives it a line.
    pub fn of_person(
        key: SessionKey,
        id: SessionId,
        dialect: &'static dyn Dialect,
        identity: Identity,
        carrier: Carrier,
        secret: Secret,
    ) -> Self {
        let purpose = ForRooms { user: identity.user, dialect };
        Self::new(key, id, purpose, Held { identity, carrier, rooms: Vec::new(), follows: None }, secret)
    }

    /// Whose it is.
    pub const fn user(&self) -> UserId {
        self.purpose.user
    }

    /// What its client speaks.
    pub const fn dialect(&self) -> &'static dyn Dialect {
        self.purpose.dialect
    }

    /// Says one frame in the client's words.
    pub fn tell(&self, frame: &ServerFrame, limits: &Limits) {
        self.purpose.dialect.reply(self.purpose.user, frame, &mut |said| self.push(&said, limits));
    }

    /// Gives it a new line, whose client is this person: see [`Session::attach`]. `welcome` makes the first frame.
    pub fn attach_person(
        &self,
        identity: &Identity,
        carrier: Carrier,
        claim: Option<(&Secret, u64)>,
        fresh_secret: Secret,
        limits: &Limits,
        welcome: impl FnOnce(&Secret, Vec<RoomCode>) -> ServerFrame,
    ) -> Option<Attached> {
        let back = Back { purpose: &self.purpose, identity, carrier, welcome };
        self.attach(claim, fresh_secret, limits, back)
    }

    /// Whether the session enters what its person enters elsewhere.
    pub fn set_follows(&self, follows: bool) {
        let mut state = self.lock();
        state.held.follows = follows.then(|| state.held.follows.take().unwrap_or_default());
    }

    /// The person has entered a room elsewhere, or is a member of it: the session's connection enters it too, if that was
    /// asked for. A session without a line does so when it is back.
    pub fn follow(&self, code: RoomCode, limits: &Limits) {
        let rooms_max = usize::try_from(limits.rooms_per_session).unwrap_or(usize::MAX);
        let mut state = self.lock();
        let inside = state.held.seat(code).is_some();
        let Some(follows) = state.held.follows.as_mut().filter(|follows| !inside && !follows.contains(&code)) else {
            return;
        };
        if follows.len() < rooms_max {
            follows.push(code);
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The rooms to enter without being asked.
    pub fn take_follows(&self) -> Vec<RoomCode> {
        self.lock().held.follows.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Notes a seat. A session that is over takes none.
    pub fn entered(&self, inside: SeatHandle) -> bool {
        let mut state = self.lock();
        if !state.ended {
            state.held.leave(inside.code);
            state.held.rooms.reserve_exact(1);
            state.held.rooms.push(inside);
        }
        !state.ended
    }

    /// Forgets a seat.
    pub fn left(&self, code: RoomCode) {
        self.lock().held.leave(code);
    }

    /// The seat in one room.
    pub fn inside(&self, code: RoomCode) -> Option<SeatHandle> {
        self.lock().held.seat(code).cloned()
    }

    /// Every seat.
    pub fn insides(&self) -> Vec<SeatHandle> {
        self.lock().held.rooms.clone()
    }

    /// How many rooms it is in.
    pub fn room_count(&self) -> usize {
        self.lock().held.rooms.len()
    }

    /// Whose it is.
    pub fn identity(&self) -> Identity {
        self.lock().held.identity.clone()
    }

    /// Where its client keeps its token.
    pub fn carrier(&self) -> Carrier {
        self.lock().held.carrier
    }

    /// The client has a token that ends then.
    pub fn renewed(&self, expires_at: Millis) {
        self.lock().held.identity.expires_at = expires_at;
    }

    /// Renames the person.
    pub fn rename(&self, name: &DisplayName) {
        self.lock().held.identity.name = name.clone();
    }
}

impl ForRooms {
    fn say(&self, frame: &ServerFrame) -> Option<Frame> {
        one_word(self.dialect, self.user, frame)
    }
}

impl Held {
    fn codes(&self) -> Vec<RoomCode> {
        let mut codes: Vec<RoomCode> = self.rooms.iter().map(|inside| inside.code).collect();
        codes.sort_unstable();
        codes
    }

    fn seat(&self, code: RoomCode) -> Option<&SeatHandle> {
        self.rooms.iter().find(|inside| inside.code == code)
    }

    fn leave(&mut self, code: RoomCode) {
        self.rooms.retain(|inside| inside.code != code);
    }
}

impl std::fmt::Debug for ForRooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ForRooms")
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({} rooms)", self.rooms.len())
    }
}
