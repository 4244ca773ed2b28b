//! One channel: who hears it, in one order, and what is held back of what may be left out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use channels::{AppUser, ChannelName, EventName};
use chat::{Monotonic, Tells};
use protocol::{ChannelPosition, ChannelServerFrame, ClientId, Limits, Millis};
use realtime::dialect::{Counted, Frame};

use super::super::handle::{Full, Present, Room};
use super::super::publication::Count;
use super::asking::Asking;
use super::except::Except;
use super::frames::{At, Encoded, said};
use super::listener::{Listener, Place, Way};
use super::lock::lock;
use super::present::{self, Inside};

/// Events that are looked after at once; beyond it one that may be left out is.
const VOLATILE_MAX: usize = 1_000;

/// Users that somebody is told of who enters.
const USERS_TOLD_MAX: usize = 200;

/// See the module.
pub(super) struct LiveChannel {
    name: ChannelName,
    pub(super) place: Place,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Random; another one where what was told is not all that there was.
    epoch: u64,
    /// Of the last event that was told.
    seq: u64,
    inside: Vec<Inside>,
    volatile: HashMap<Key, Held>,
}

/// How somebody enters, and what they want to be told of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entering<'a> {
    /// The request, where it is one.
    pub(crate) cid: Option<&'a ClientId>,
    /// Where it was before.
    pub(crate) since: Option<ChannelPosition>,
    /// The application's backend has said that it may.
    pub(crate) asking: Option<&'a Asking>,
}

/// One event of one user in one namespace.
pub(super) type Key = (EventName, AppUser, u64);

/// How often what may be left out is told, and to whom it is not.
#[derive(Clone, Copy)]
pub(super) struct Volatile<'a> {
    /// Whose.
    pub(super) user: &'a AppUser,
    /// A connection that is not told; 0: none has this number.
    pub(super) except: u64,
    /// Between two of one user.
    pub(super) every_ms: Millis,
}

/// When it was told last, and what waits to be.
struct Held {
    again_at: Monotonic,
    every_ms: Millis,
    waiting: Option<Waiting>,
}

/// The last one, as each way has it.
struct Waiting {
    bit: u64,
    except: u64,
    frames: [(Way, Frame<Place>); 4],
}

/// Something was held back until then.
pub(super) struct Later {
    pub(super) at: Monotonic,
    pub(super) key: Key,
}

impl LiveChannel {
    /// One that nobody hears yet. `epoch` is random.
    pub(super) fn new(name: ChannelName, place: Place, epoch: u64) -> Self {
        Self { name, place, state: Mutex::new(State { epoch, ..State::default() }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn enter(
        &self,
        member: &Listener,
        (most, has_presence): (u64, bool),
        now: Millis,
        entering: Entering<'_>,
        limits: &Limits,
    ) -> Result<usize, Full> {
        let mut state = self.lock();
        if state.inside.len() as u64 >= most {
            return Err(Full::Members);
        }
        state.inside.push((member.clone(), now));
        self.tell_entered(&state, member, has_presence, entering, limits);
        Ok(state.inside.len())
    }

    /// Somebody who is in it wants to be.
    pub(super) fn enter_again(
        &self,
        member: &Listener,
        has_presence: bool,
        entering: Entering<'_>,
        limits: &Limits,
    ) -> usize {
        let state = self.lock();
        if entering.cid.is_some() {
            self.tell_entered(&state, member, has_presence, entering, limits);
        }
        state.inside.len()
    }

    /// Before anything else of the channel. Other ways have no words for it.
    fn tell_entered(
        &self,
        state: &State,
        member: &Listener,
        has_presence: bool,
        Entering { cid, since, .. }: Entering<'_>,
        limits: &Limits,
    ) {
        if member.way() != Way::Native {
            return;
        }
        let (channel, position) = (self.name.as_str(), ChannelPosition { epoch: state.epoch, seq: state.seq });
        let present = has_presence.then(|| present::present(&state.inside));
        let users = present.map(|present| present.into_iter().take(USERS_TOLD_MAX).map(|one| one.user).collect());
        let count = has_presence.then(|| present::count(&state.inside).connections);
        let entered = ChannelServerFrame::Subscribed { cid, channel, position, count, users };
        member.push(&said(&entered, Counted::Yes(Tells::Nothing)), limits);
        let missed = match since {
            Some(since) if since.epoch == state.epoch => Some(state.seq.saturating_sub(since.seq)),
            Some(_) | None => None,
        };
        if since.is_some() && missed != Some(0) {
            let gap = ChannelServerFrame::Gap { channel: Some(channel), missed };
            member.push(&said(&gap, Counted::Yes(Tells::Gap(self.place, missed))), limits);
        }
    }

    /// Answers how many are left.
    pub(super) fn leave(&self, member: &Listener, limits: &Limits) -> usize {
        let mut state = self.lock();
        if let Some(place) = state.inside.iter().position(|(other, _)| other.key() == member.key()) {
            state.inside.swap_remove(place);
            // The last that somebody said before leaving may be that they have stopped.
            if !state.inside.iter().any(|(other, _)| other.user() == member.user()) {
                state.tell_last_of(member, limits);
            }
        }
        state.inside.len()
    }

    pub(super) fn tell(&self, bit: u64, said: &mut Encoded<'_>, except: Except<'_>, limits: &Limits) -> usize {
        let mut state = self.lock();
        state.seq += 1;
        let at = At::Channel(&self.name, self.place, state.seq);
        let hears = state.inside.iter().filter(|(member, _)| member.is_open(bit) && !except.is(member));
        // Who is not there is told when they come back, and is not counted.
        let told = hears.map(|(member, _)| {
            member.push(said.frame(member.way(), at), limits);
            usize::from(member.is_there())
        });
        told.sum()
    }

    /// Tells it now, or holds it back in place of what was.
    pub(super) fn tell_volatile(
        &self,
        bit: u64,
        said: &mut Encoded<'_>,
        Volatile { user, except, every_ms }: Volatile<'_>,
        now: Monotonic,
        limits: &Limits,
    ) -> Option<Later> {
        let mut state = self.lock();
        let (key, at) = ((said.event.clone(), user.clone(), bit), At::Volatile(&self.name, self.place));
        if let Some(held) = state.volatile.get_mut(&key).filter(|held| held.again_at > now) {
            let is_first = held.waiting.is_none();
            let frames = Way::ALL.map(|way| (way, said.frame(way, at).clone()));
            held.waiting = Some(Waiting { bit, except, frames });
            return is_first.then_some(Later { at: held.again_at, key });
        }
        if state.volatile.len() >= VOLATILE_MAX {
            state.volatile.retain(|_, held| held.again_at > now || held.waiting.is_some());
        }
        if state.volatile.len() >= VOLATILE_MAX {
            return None;
        }
        state.volatile.insert(key, Held { again_at: now.after(every_ms), every_ms, waiting: None });
        state.push_volatile(bit, except, |way| said.frame(way, at).clone(), limits);
        None
    }

    /// Tells what was held back until now.
    pub(super) fn tell_held_back(&self, key: &Key, now: Monotonic, limits: &Limits) {
        let mut state = self.lock();
        let Some(held) = state.volatile.get_mut(key) else { return };
        let Some(waiting) = held.waiting.take() else { return };
        held.again_at = now.after(held.every_ms);
        state.tell_waiting(&waiting, limits);
    }

    /// Other nodes have told something that did not come here. `epoch`: a new one, random, so that whoever comes back with an
    /// older position is told as well.
    pub(super) fn tell_gap(&self, epoch: u64, limits: &Limits) {
        let mut state = self.lock();
        state.epoch = epoch;
        let gap = ChannelServerFrame::Gap { channel: Some(self.name.as_str()), missed: None };
        let frame = said(&gap, Counted::Yes(Tells::Gap(self.place, None)));
        let native = state.inside.iter().filter(|(member, _)| member.way() == Way::Native);
        native.for_each(|(member, _)| member.push(&frame, limits));
    }

    /// How many connections of a user who is there are in it, and since when; `None`: none.
    pub(super) fn inside_of(&self, user: &AppUser) -> Option<(usize, Millis)> {
        let state = self.lock();
        let of_user = present::there(&state.inside).filter(|(member, _)| member.user() == user);
        let known = of_user.map(|(_, since)| (1, *since));
        known.reduce(|(count, first), (_, since)| (count + 1, first.min(since)))
    }

    /// Everybody in it.
    pub(super) fn members(&self) -> Vec<Listener> {
        self.lock().inside.iter().map(|(member, _)| member.clone()).collect()
    }

    pub(super) fn count(&self) -> Count {
        present::count(&self.lock().inside)
    }

    pub(super) fn presence(&self) -> Vec<Present> {
        present::present(&self.lock().inside)
    }

    pub(super) fn room(&self) -> Room {
        let state = self.lock();
        let users = present::present(&state.inside).into_iter().map(|present| present.user).collect();
        let ids: Vec<String> = present::there(&state.inside).map(|(member, _)| member.sid().to_owned()).collect();
        Room { room_name: self.name.as_str().to_owned(), socket_count: ids.len(), socket_ids: ids, user_ids: users }
    }
}

impl State {
    /// Of a user who has left nothing is held back any more.
    fn tell_last_of(&mut self, member: &Listener, limits: &Limits) {
        let keys: Vec<Key> = self.volatile.keys().filter(|(_, user, _)| user == member.user()).cloned().collect();
        for key in keys {
            if let Some(waiting) = self.volatile.remove(&key).and_then(|held| held.waiting) {
                self.tell_waiting(&waiting, limits);
            }
        }
    }

    fn tell_waiting(&self, Waiting { bit, except, frames }: &Waiting, limits: &Limits) {
        let [first, ..] = frames;
        let frame = |way| frames.iter().find(|(of, _)| *of == way).unwrap_or(first).1.clone();
        self.push_volatile(*bit, *except, frame, limits);
    }

    /// A reader that has not taken what is older gets none of it.
    fn push_volatile(&self, bit: u64, except: u64, mut frame: impl FnMut(Way) -> Frame<Place>, limits: &Limits) {
        for (member, _) in &self.inside {
            if member.is_open(bit) && member.key() != except && !member.session().is_behind() {
                member.push(&frame(member.way()), limits);
            }
        }
    }
}
