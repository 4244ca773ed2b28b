//! One channel: who hears it, in one order, and what is held back of what may be left out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use channels::{AppUser, ChannelName, EventName};
use chat::Monotonic;
use protocol::{Limits, Millis};
use realtime::dialect::Frame;

use super::super::handle::{Full, Present, Room};
use super::super::publication::Count;
use super::except::Except;
use super::frames::Encoded;
use super::listener::{Listener, Way};
use super::lock::lock;
use super::present::{self, Inside};

/// Events that are looked after at once; beyond it one that may be left out is.
const VOLATILE_MAX: usize = 1_000;

/// See the module.
#[derive(Default)]
pub(super) struct LiveChannel(Mutex<State>);

#[derive(Default)]
struct State {
    inside: Vec<Inside>,
    volatile: HashMap<Key, Held>,
}

/// One event of one user in one namespace.
pub(super) type Key = (EventName, AppUser, u64);

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
    frames: [(Way, Frame); 3],
}

/// Something was held back until then.
pub(super) struct Later {
    pub(super) at: Monotonic,
    pub(super) key: Key,
}

impl LiveChannel {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    pub(super) fn enter(&self, member: &Arc<Listener>, most: u64, now: Millis) -> Result<usize, Full> {
        let mut state = self.lock();
        if state.inside.len() as u64 >= most {
            return Err(Full);
        }
        state.inside.push((Arc::clone(member), now));
        Ok(state.inside.len())
    }

    /// Answers how many are left.
    pub(super) fn leave(&self, member: &Listener) -> usize {
        let mut state = self.lock();
        if let Some(place) = state.inside.iter().position(|(other, _)| other.key() == member.key()) {
            state.inside.swap_remove(place);
            // What was held back of somebody who has left is not told any more.
            if !state.inside.iter().any(|(other, _)| other.user == member.user) {
                state.volatile.retain(|(_, user, _), _| *user != member.user);
            }
        }
        state.inside.len()
    }

    pub(super) fn tell(&self, bit: u64, said: &mut Encoded<'_>, except: Except<'_>, limits: &Limits) -> usize {
        let state = self.lock();
        let hears = state.inside.iter().filter(|(member, _)| member.is_open(bit) && !except.is(member));
        hears.map(|(member, _)| member.push(said.frame(member.way), limits)).count()
    }

    /// Tells it now, or holds it back in place of what was.
    pub(super) fn tell_volatile(
        &self,
        bit: u64,
        said: &mut Encoded<'_>,
        (by, to_self): (&Arc<Listener>, bool),
        every_ms: Millis,
        now: Monotonic,
        limits: &Limits,
    ) -> Option<Later> {
        let mut state = self.lock();
        let key = (said.event.clone(), by.user.clone(), bit);
        // No connection has this number.
        let except = if to_self { 0 } else { by.key() };
        if let Some(held) = state.volatile.get_mut(&key).filter(|held| held.again_at > now) {
            let is_first = held.waiting.is_none();
            let frames = [Way::SocketIo, Way::Plain, Way::Stream].map(|way| (way, said.frame(way).clone()));
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
        state.push_volatile(bit, except, |way| said.frame(way).clone(), limits);
        None
    }

    /// Tells what was held back until now.
    pub(super) fn tell_held_back(&self, key: &Key, now: Monotonic, limits: &Limits) {
        let mut state = self.lock();
        let Some(held) = state.volatile.get_mut(key) else { return };
        let Some(Waiting { bit, except, frames }) = held.waiting.take() else { return };
        held.again_at = now.after(held.every_ms);
        let [first, second, third] = &frames;
        state.push_volatile(
            bit,
            except,
            |way| [first, second, third].into_iter().find(|(of, _)| *of == way).unwrap_or(first).1.clone(),
            limits,
        );
    }

    pub(super) fn count(&self) -> Count {
        present::count(&self.lock().inside)
    }

    pub(super) fn presence(&self) -> Vec<Present> {
        present::present(&self.lock().inside)
    }

    pub(super) fn room(&self, name: &ChannelName) -> Room {
        let state = self.lock();
        let users = present::present(&state.inside).into_iter().map(|present| present.user).collect();
        Room {
            room_name: name.as_str().to_owned(),
            socket_count: state.inside.len(),
            socket_ids: state.inside.iter().map(|(member, _)| member.sid.clone()).collect(),
            user_ids: users,
        }
    }
}

impl State {
    /// A reader that has not taken what is older gets none of it.
    fn push_volatile(&self, bit: u64, except: u64, mut frame: impl FnMut(Way) -> Frame, limits: &Limits) {
        for (member, _) in &self.inside {
            if member.is_open(bit) && member.key() != except && !member.session.is_behind() {
                member.push(&frame(member.way), limits);
            }
        }
    }
}
