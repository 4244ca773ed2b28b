//! One try at something that can be guessed, from its counting to its outcome.
//!
//! It is counted before anything is checked, so that many at once count too; what was right is given back, and what was
//! not checked after all as well. Who was right once is known at the target from then on, as a user and by the address.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chat::{ChannelId, Monotonic, Now, Rate};
use protocol::{ErrorCode, Limits};

use crate::address::{Address, Block};
use crate::clock::Clock;
use crate::error::Refused;
use crate::identity::UserId;
use crate::rate_limits::caller::Caller;
use crate::rate_limits::lanes::{Lane, Lanes, Step};
use crate::rate_limits::meter::{Meter, Spread};
use crate::rate_limits::strikes::{Guesser, Strikes};
use crate::rate_limits::table::{Entry, Table};
use crate::rate_limits::target::{NameKey, Target};
use serde::{Deserialize, Serialize};

/// The period of `auth_failures`.
const SIGN_INS_PERIOD_MS: u64 = 15 * 60_000;
/// Failures of one address over all targets of a kind, as a multiple of those for one: many people may share it.
const FAILURES_PER_ADDRESS: u32 = 12;
/// How long somebody stays known who was right.
const KNOWN_MS: u64 = 30 * 24 * 60 * 60_000;

/// A try that was counted and not yet checked.
#[derive(Debug)]
#[must_use = "what became of it has to be told"]
pub struct Attempt {
    pub(super) of: Counting,
    /// `None` for those who need not stand in line.
    lane: Option<Lane>,
}

/// What a try is counted by, the same on every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counting {
    target: Target,
    caller: Caller,
    counted: Counted,
}

/// Where a try was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Counted {
    /// Among those at a room's PIN.
    Pin(ChannelId, Guesser),
    /// Among those at an account's password.
    Password {
        /// Which account's.
        name: NameKey,
        /// Whether it was counted among those of the address over all accounts, too: one who is known is let through also
        /// where those are used up, and what was not taken is not given back.
        of_address: bool,
    },
    /// Of the account's own user, who is signed in elsewhere or here.
    OwnPassword(UserId),
}

/// Every count of tries.
#[derive(Debug)]
pub(super) struct Attempts {
    pins: Strikes,
    passwords: Spread<NameKey>,
    own_passwords: Meter<UserId>,
    pins_from: Spread<()>,
    passwords_from: Spread<()>,
    lanes: Lanes,
    known: Mutex<Table<(Target, Known), Until>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Known {
    User(UserId),
    From(Block),
}

#[derive(Debug, Default)]
struct Until(Monotonic);

impl Attempts {
    pub(super) fn new(limits: &Limits, entries_max: usize) -> Self {
        Self {
            pins: Strikes::new(limits.pin_tries, entries_max),
            passwords: Spread::new(failures(limits.auth_failures), entries_max),
            own_passwords: Meter::new(failures(limits.auth_failures), entries_max),
            pins_from: Spread::new(failures(limits.pin_tries), entries_max),
            passwords_from: Spread::new(failures(limits.auth_failures), entries_max),
            lanes: Lanes::new(entries_max),
            known: Mutex::new(Table::new(entries_max)),
        }
    }

    pub(super) fn pin(&self, room: ChannelId, caller: Caller, now: Now) -> Result<Attempt, Refused> {
        let (target, now) = (Target::Room(room), now.mono);
        let user = caller.user.filter(|user| self.is_known(target, Known::User(*user), now));
        let guesser = user.map_or(Guesser::From(caller.address), Guesser::User);
        if user.is_none() {
            self.pins_from.take((), caller.address, FAILURES_PER_ADDRESS, now).map_err(Refused::rate_limited)?;
        }
        let is_first = self.pins.strike(room, guesser, now).map_err(|wait_ms| {
            if user.is_none() {
                self.pins_from.give_back((), caller.address, FAILURES_PER_ADDRESS);
            }
            Refused::after(ErrorCode::TooManyTries, wait_ms)
        })?;
        let is_known = user.is_some() || self.is_known_from(target, caller.address, now);
        let of = Counting { target, caller, counted: Counted::Pin(room, guesser) };
        Ok(Attempt { of, lane: lane(is_known, is_first) })
    }

    pub(super) fn password(&self, name: NameKey, own: bool, caller: Caller, now: Now) -> Result<Attempt, Refused> {
        let (target, now) = (Target::Account(name), now.mono);
        if let Some(user) = caller.user.filter(|_| own) {
            self.own_passwords.take(user, now).map_err(Refused::rate_limited)?;
            let of = Counting { target, caller, counted: Counted::OwnPassword(user) };
            return Ok(Attempt { of, lane: None });
        }
        let is_known = self.is_known_from(target, caller.address, now);
        if !is_known {
            self.passwords_from.check((), caller.address, FAILURES_PER_ADDRESS, now).map_err(Refused::rate_limited)?;
        }
        let is_first = self.passwords.is_untouched(name, caller.address, now);
        self.passwords.take(name, caller.address, 1, now).map_err(Refused::rate_limited)?;
        // Of somebody known it is counted too; beyond the limit it is the others who are refused.
        let of_address = self.passwords_from.take((), caller.address, FAILURES_PER_ADDRESS, now).is_ok();
        let of = Counting { target, caller, counted: Counted::Password { name, of_address } };
        Ok(Attempt { of, lane: lane(is_known, is_first) })
    }

    /// The refusal of a wrong PIN: how many tries are left, and where none is, how long to wait for the next.
    pub(super) fn wrong_pin(&self, attempt: Attempt, now: Now) -> Refused {
        let Counted::Pin(room, guesser) = attempt.of.counted else {
            return ErrorCode::WrongPin.into();
        };
        let (left, wait_ms) = self.pins.left(room, guesser, now.mono);
        let retry_after_ms = (wait_ms > 0).then_some(wait_ms);
        Refused { code: ErrorCode::WrongPin, retry_after_ms, number: Some(left.into()) }
    }

    /// Waits for the attempt's turn.
    pub(super) async fn turn(&self, attempt: Attempt, clock: &Clock) -> Result<Attempt, Refused> {
        let Some(lane) = attempt.lane else {
            return Ok(attempt);
        };
        let arrived = clock.mono();
        let mut step = self.lanes.arrive(attempt.of.target, lane, arrived);
        let _waiting =
            matches!(step, Step::Wait(_)).then(|| Waiting { lanes: &self.lanes, target: attempt.of.target, lane });
        loop {
            match step {
                Step::Go => return Ok(attempt),
                Step::Refused(wait_ms) => {
                    self.uncount(attempt.of, clock.now());
                    return Err(Refused::rate_limited(wait_ms));
                }
                Step::Wait(wait_ms) => clock.sleep(wait_ms).await,
            }
            step = self.lanes.look(attempt.of.target, lane, arrived, clock.mono());
        }
    }

    pub(super) fn succeed(&self, attempt: Attempt, now: Now) {
        if let Some(lane) = attempt.lane {
            self.lanes.give_back(attempt.of.target, lane);
        }
        self.forgive(attempt.of, now);
    }

    /// What a try that was right means for the counts, on whichever node it was made.
    pub(super) fn forgive(&self, of: Counting, now: Now) {
        let Counting { target, caller, counted } = of;
        let now = now.mono;
        match counted {
            Counted::Pin(room, guesser) => {
                self.pins.forgive(room, guesser, now);
                if matches!(guesser, Guesser::From(_)) {
                    self.pins_from.give_back((), caller.address, FAILURES_PER_ADDRESS);
                }
            }
            Counted::Password { name, of_address } => {
                self.passwords.forget(name, caller.address, 1);
                if of_address {
                    self.passwords_from.give_back((), caller.address, FAILURES_PER_ADDRESS);
                }
            }
            Counted::OwnPassword(user) => self.own_passwords.forget(&user),
        }
        let from = caller.address.blocks().next().map(|(block, _)| Known::From(block));
        let user = match target {
            Target::Room(_) => caller.user.map(Known::User),
            // Whoever signs in becomes another user than they were.
            Target::Account(_) => None,
        };
        let mut known = self.known();
        for who in from.into_iter().chain(user) {
            known.entry((target, who), now).0 = now.after(KNOWN_MS);
        }
    }

    /// It was the try's turn, and the secret was not looked at: nobody has learned anything.
    pub(super) fn withdraw(&self, attempt: Attempt, now: Now) {
        self.uncount(attempt.of, now);
        if let Some(lane) = attempt.lane {
            self.lanes.give_back(attempt.of.target, lane);
        }
    }

    /// Counts a try that was made on another node. It was let through there, so nothing is refused here.
    pub(super) fn count(&self, of: Counting, now: Now) {
        let (address, now) = (of.caller.address, now.mono);
        // What is used up already stays so.
        match of.counted {
            Counted::Pin(room, guesser) => {
                let _ = self.pins.strike(room, guesser, now);
                if matches!(guesser, Guesser::From(_)) {
                    let _ = self.pins_from.take((), address, FAILURES_PER_ADDRESS, now);
                }
            }
            Counted::Password { name, of_address } => {
                let _ = self.passwords.take(name, address, 1, now);
                if of_address {
                    let _ = self.passwords_from.take((), address, FAILURES_PER_ADDRESS, now);
                }
            }
            Counted::OwnPassword(user) => {
                let _ = self.own_passwords.take(user, now);
            }
        }
    }

    /// The try was not made after all.
    pub(super) fn uncount(&self, of: Counting, now: Now) {
        let address = of.caller.address;
        match of.counted {
            Counted::Pin(room, guesser) => {
                self.pins.take_back(room, guesser, now.mono);
                if matches!(guesser, Guesser::From(_)) {
                    self.pins_from.give_back((), address, FAILURES_PER_ADDRESS);
                }
            }
            Counted::Password { name, of_address } => {
                self.passwords.give_back(name, address, 1);
                if of_address {
                    self.passwords_from.give_back((), address, FAILURES_PER_ADDRESS);
                }
            }
            Counted::OwnPassword(user) => self.own_passwords.give_back(&user),
        }
    }

    pub(super) fn prune(&self, now: Monotonic) {
        self.pins.prune(now);
        self.passwords.prune(now);
        self.own_passwords.prune(now);
        self.pins_from.prune(now);
        self.passwords_from.prune(now);
        self.lanes.prune(now);
        self.known().prune(now);
    }

    pub(super) fn len(&self) -> usize {
        let counts = [self.pins.len(), self.passwords.len(), self.own_passwords.len(), self.pins_from.len()];
        let others = [self.passwords_from.len(), self.lanes.len(), self.known().len()];
        counts.iter().chain(&others).sum()
    }

    /// For tests: what one who is not known meets at the target now, as [`Attempts::turn`] goes through it.
    #[cfg(test)]
    pub(super) fn arrive(&self, attempt: &Attempt, now: Now) -> Step {
        attempt.lane.map_or(Step::Go, |lane| self.lanes.arrive(attempt.of.target, lane, now.mono))
    }

    #[cfg(test)]
    pub(super) fn look(&self, attempt: &Attempt, arrived: Now, now: Now) -> Step {
        let Some(lane) = attempt.lane else {
            return Step::Go;
        };
        let step = self.lanes.look(attempt.of.target, lane, arrived.mono, now.mono);
        if !matches!(step, Step::Wait(_)) {
            self.lanes.leave(attempt.of.target, lane);
        }
        step
    }

    fn is_known(&self, target: Target, who: Known, now: Monotonic) -> bool {
        self.known().get(&(target, who)).is_some_and(|until| !until.is_idle(now))
    }

    fn is_known_from(&self, target: Target, address: Address, now: Monotonic) -> bool {
        address.blocks().next().is_some_and(|(block, _)| self.is_known(target, Known::From(block), now))
    }

    fn known(&self) -> MutexGuard<'_, Table<(Target, Known), Until>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many failures in the period of sign-ins.
fn failures(burst: u32) -> Rate {
    Rate { burst, refill_ms: (SIGN_INS_PERIOD_MS / u64::from(burst.max(1))).max(1) }
}

fn lane(is_known: bool, is_first: bool) -> Option<Lane> {
    match (is_known, is_first) {
        (true, _) => None,
        (false, true) => Some(Lane::First),
        (false, false) => Some(Lane::Again),
    }
}

/// A place in a line; given back when the one who waits is gone.
struct Waiting<'l> {
    lanes: &'l Lanes,
    target: Target,
    lane: Lane,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.lanes.leave(self.target, self.lane);
    }
}

impl Entry for Until {
    fn is_idle(&self, now: Monotonic) -> bool {
        self.0 <= now
    }
}
