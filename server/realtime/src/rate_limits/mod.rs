//! Who may do what how often: token buckets for each user and address, and growing waits for guessed PINs.
//!
//! Every table is bounded and pruned. Names are keyed hashes, so no table holds one. What guards accounts, PINs and
//! look-ups is counted over all nodes ([`Charge`]). An address is
//! counted in all the networks that it lies in (`Address::blocks`), and who has a login has an allowance of their own
//! beside that of the address, which a neighbour behind the same NAT may have used up. What is counted for one target
//! alone (a room, an account) is never refused to those who are known there (`lanes`): a refusal would lock out those it
//! belongs to.

mod attempts;
mod caller;
mod charge;
mod lanes;
mod meter;
mod strikes;
mod table;
mod target;

use std::sync::OnceLock;

use chat::{ChannelId, Now, Rate};
use protocol::Limits;

use crate::clock::Clock;
use crate::error::Refused;
use crate::identity::UserId;
use crate::rate_limits::attempts::Attempts;
pub use crate::rate_limits::attempts::{Attempt, Counting};
pub use crate::rate_limits::caller::Caller;
pub use crate::rate_limits::charge::{Charge, Guarded};
use crate::rate_limits::meter::{Meter, Spread};
pub use crate::rate_limits::target::{NameKey, Target};

/// What all users of one address together may, as a multiple of what one may: many people may share it, but guests are
/// easily made.
const USERS_PER_ADDRESS: u32 = 4;

/// What is counted, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Messages of a user.
    Sends(UserId),
    /// Edits and deletions of a user.
    Edits(UserId),
    /// Reactions of a user, put and taken away.
    Reactions(UserId),
    /// Joins that a user asks for.
    Joins(UserId),
    /// Joins that the server makes for a user whose clients follow each other.
    Follows(UserId),
    /// Changes of a user's display name, as many as joins: both are told to whole rooms.
    Renames(UserId),
    /// Changes of rooms, and of who is inside, that a user asks for.
    Powers(UserId),
    /// Rooms that somebody makes.
    RoomsMade(Caller),
    /// Guests and accounts that somebody makes.
    UsersMade(Caller),
    /// Look-ups of codes that no room has.
    Misses(Caller),
}

impl RateLimit {
    /// Whether it holds over all nodes, and for whom.
    pub(super) const fn guarded(self) -> Option<(Guarded, Caller)> {
        match self {
            Self::RoomsMade(caller) => Some((Guarded::RoomsMade, caller)),
            Self::UsersMade(caller) => Some((Guarded::UsersMade, caller)),
            Self::Misses(caller) => Some((Guarded::Misses, caller)),
            Self::Sends(_)
            | Self::Edits(_)
            | Self::Reactions(_)
            | Self::Joins(_)
            | Self::Follows(_)
            | Self::Renames(_)
            | Self::Powers(_) => None,
        }
    }
}

/// Which allowance of an address is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Share {
    /// Of those who have no login.
    Nobody,
    /// Of those who have one.
    Users,
    /// Of those whom another site's page led here.
    Followed,
}

/// Tells other nodes.
type Tell = Box<dyn Fn(Charge) + Send + Sync>;

/// Every rate limit that outlives a connection.
pub struct RateLimits {
    sends: Meter<UserId>,
    edits: Meter<UserId>,
    reactions: Meter<UserId>,
    joins: Meter<UserId>,
    follows: Meter<UserId>,
    renames: Meter<UserId>,
    powers: Meter<UserId>,
    rooms_made: Shared,
    users_made: Shared,
    misses: Shared,
    attempts: Attempts,
    others: OnceLock<Tell>,
}

impl RateLimits {
    /// All open.
    pub fn new(limits: &Limits) -> Self {
        let entries_max = usize::try_from(limits.rate_entries_max).unwrap_or(usize::MAX);
        let sends = Rate { burst: limits.sends_burst, refill_ms: limits.sends_refill_ms };
        let joins = Rate::per_minute(limits.joins_per_minute);
        // A client that comes back enters all its rooms at once.
        let follows = Rate::per_minute(limits.joins_per_minute.max(limits.rooms_per_session));
        Self {
            sends: Meter::new(sends, entries_max),
            edits: Meter::new(Rate::per_minute(limits.edits_per_minute), entries_max),
            reactions: Meter::new(Rate::per_minute(limits.reactions_per_minute), entries_max),
            joins: Meter::new(joins, entries_max),
            follows: Meter::new(follows, entries_max),
            renames: Meter::new(joins, entries_max),
            powers: Meter::new(Rate::per_minute(limits.powers_per_minute), entries_max),
            rooms_made: Shared::new(Rate::per_hour(limits.rooms_made_per_hour), entries_max),
            users_made: Shared::new(Rate::per_hour(limits.guests_made_per_hour), entries_max),
            misses: Shared::new(Rate::per_minute(limits.misses_per_minute), entries_max),
            attempts: Attempts::new(limits, entries_max),
            others: OnceLock::new(),
        }
    }

    /// From here on other nodes are told what is counted; they hand it to [`RateLimits::hear`].
    pub fn tell_others(&self, tell: impl Fn(Charge) + Send + Sync + 'static) {
        // Once for a server.
        let _ = self.others.set(Box::new(tell));
    }

    fn tell(&self, charge: Charge) {
        if let Some(tell) = self.others.get() {
            tell(charge);
        }
    }

    /// What another node has counted. It is not told on.
    pub fn hear(&self, charge: Charge, now: Now) {
        match charge {
            // Where it is used up here already, nothing is left to take.
            Charge::Took(what, caller) => drop(self.shared(what).take(caller, now.mono)),
            Charge::GaveBack(what, caller) => self.shared(what).give_back(caller),
            Charge::Tried(of) => self.attempts.count(of, now),
            Charge::Withdrawn(of) => self.attempts.uncount(of, now),
            Charge::Succeeded(of) => self.attempts.forgive(of, now),
        }
    }

    const fn shared(&self, what: Guarded) -> &Shared {
        match what {
            Guarded::RoomsMade => &self.rooms_made,
            Guarded::UsersMade => &self.users_made,
            Guarded::Misses => &self.misses,
        }
    }

    /// Takes one of what a limit allows.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the time until the next.
    pub fn take(&self, limit: RateLimit, now: Now) -> Result<(), Refused> {
        self.take_here(limit, now)?;
        if let Some((what, caller)) = limit.guarded() {
            self.tell(Charge::Took(what, caller));
        }
        Ok(())
    }

    fn take_here(&self, limit: RateLimit, now: Now) -> Result<(), Refused> {
        let now = now.mono;
        match limit {
            RateLimit::Sends(user) => self.sends.take(user, now),
            RateLimit::Edits(user) => self.edits.take(user, now),
            RateLimit::Reactions(user) => self.reactions.take(user, now),
            RateLimit::Joins(user) => self.joins.take(user, now),
            RateLimit::Follows(user) => self.follows.take(user, now),
            RateLimit::Renames(user) => self.renames.take(user, now),
            RateLimit::Powers(user) => self.powers.take(user, now),
            RateLimit::RoomsMade(caller) => self.rooms_made.take(caller, now),
            RateLimit::UsersMade(caller) => self.users_made.take(caller, now),
            RateLimit::Misses(caller) => self.misses.take(caller, now),
        }
        .map_err(Refused::rate_limited)
    }

    /// Does what a limit allows, and gives back what it took where the server could not do it: a database that is away and
    /// a machine that is busy are nobody's use of their allowance. What was refused for a reason of the caller's stays
    /// counted.
    ///
    /// # Errors
    /// As [`RateLimits::take`], and those of `work`.
    pub async fn charge<T, E>(
        &self,
        limit: RateLimit,
        now: Now,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E>
    where
        E: Copy + From<Refused> + Into<Refused>,
    {
        self.take(limit, now)?;
        let done = work.await;
        if done.as_ref().is_err_and(|failure| (*failure).into().is_ours()) {
            self.give_back(limit);
        }
        done
    }

    /// Gives back one of what a limit allows, which was taken and came to nothing.
    pub fn give_back(&self, limit: RateLimit) {
        if let Some((what, caller)) = limit.guarded() {
            self.tell(Charge::GaveBack(what, caller));
        }
        match limit {
            RateLimit::Sends(user) => self.sends.give_back(&user),
            RateLimit::Edits(user) => self.edits.give_back(&user),
            RateLimit::Reactions(user) => self.reactions.give_back(&user),
            RateLimit::Joins(user) => self.joins.give_back(&user),
            RateLimit::Follows(user) => self.follows.give_back(&user),
            RateLimit::Renames(user) => self.renames.give_back(&user),
            RateLimit::Powers(user) => self.powers.give_back(&user),
            RateLimit::RoomsMade(caller) => self.rooms_made.give_back(caller),
            RateLimit::UsersMade(caller) => self.users_made.give_back(caller),
            RateLimit::Misses(caller) => self.misses.give_back(caller),
        }
    }

    /// Whether [`RateLimits::take`] would succeed, taking nothing.
    ///
    /// # Errors
    /// As `take`.
    pub fn check(&self, limit: RateLimit, now: Now) -> Result<(), Refused> {
        let now = now.mono;
        match limit {
            RateLimit::Sends(user) => self.sends.check(&user, now),
            RateLimit::Edits(user) => self.edits.check(&user, now),
            RateLimit::Reactions(user) => self.reactions.check(&user, now),
            RateLimit::Joins(user) => self.joins.check(&user, now),
            RateLimit::Follows(user) => self.follows.check(&user, now),
            RateLimit::Renames(user) => self.renames.check(&user, now),
            RateLimit::Powers(user) => self.powers.check(&user, now),
            RateLimit::RoomsMade(caller) => self.rooms_made.check(caller, now),
            RateLimit::UsersMade(caller) => self.users_made.check(caller, now),
            RateLimit::Misses(caller) => self.misses.check(caller, now),
        }
        .map_err(Refused::rate_limited)
    }

    /// Counts a try at a PIN before it is checked.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyTries`] with the wait, which grows with every try beyond the limit.
    pub fn try_pin(&self, room: ChannelId, caller: Caller, now: Now) -> Result<Attempt, Refused> {
        let attempt = self.attempts.pin(room, caller, now)?;
        self.tell(Charge::Tried(attempt.of));
        Ok(attempt)
    }

    /// Counts a try at an account's password before it is checked. `own`: the caller is that account's user.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] with the wait.
    pub fn try_password(&self, name: NameKey, own: bool, caller: Caller, now: Now) -> Result<Attempt, Refused> {
        let attempt = self.attempts.password(name, own, caller, now)?;
        self.tell(Charge::Tried(attempt.of));
        Ok(attempt)
    }

    /// Waits for a try's turn among all that the world makes at its target.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`] where so many are before it that waiting is of no use. The try is not counted then.
    pub async fn turn(&self, attempt: Attempt, clock: &Clock) -> Result<Attempt, Refused> {
        let of = attempt.of;
        let turn = self.attempts.turn(attempt, clock).await;
        if turn.is_err() {
            self.tell(Charge::Withdrawn(of));
        }
        turn
    }

    /// The secret was right: the tries are forgotten, and who made this one is known at the target from now on.
    pub fn succeeded(&self, attempt: Attempt, now: Now) {
        self.tell(Charge::Succeeded(attempt.of));
        self.attempts.succeed(attempt, now);
    }

    /// The secret was wrong: it stays counted.
    pub fn failed(&self, attempt: Attempt) {
        drop(attempt);
    }

    /// The PIN was wrong: it stays counted, and the refusal says how many tries are left.
    pub fn wrong_pin(&self, attempt: Attempt, now: Now) -> Refused {
        self.attempts.wrong_pin(attempt, now)
    }

    /// The secret was not looked at, for want of time or memory: the try is not counted.
    pub fn withdrawn(&self, attempt: Attempt, now: Now) {
        self.tell(Charge::Withdrawn(attempt.of));
        self.attempts.withdraw(attempt, now);
    }

    /// Forgets everything that is of no consequence any more.
    pub fn prune(&self, now: Now) {
        let now = now.mono;
        for users in
            [&self.sends, &self.edits, &self.reactions, &self.joins, &self.follows, &self.renames, &self.powers]
        {
            users.prune(now);
        }
        for shared in [&self.rooms_made, &self.users_made, &self.misses] {
            shared.of_users.prune(now);
            shared.of_addresses.prune(now);
        }
        self.attempts.prune(now);
    }

    /// Entries in all tables.
    pub fn len(&self) -> usize {
        let users =
            [&self.sends, &self.edits, &self.reactions, &self.joins, &self.follows, &self.renames, &self.powers]
                .map(Meter::len);
        let shared = [&self.rooms_made, &self.users_made, &self.misses]
            .map(|shared| shared.of_users.len() + shared.of_addresses.len());
        users.iter().chain(&shared).sum::<usize>() + self.attempts.len()
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RateLimits({} entries)", self.len())
    }
}

/// An allowance for each user, and one for those of an address who have no login.
#[derive(Debug)]
struct Shared {
    of_users: Meter<UserId>,
    of_addresses: Spread<Share>,
}

impl Shared {
    fn new(rate: Rate, entries_max: usize) -> Self {
        Self { of_users: Meter::new(rate, entries_max), of_addresses: Spread::new(rate, entries_max) }
    }

    fn take(&self, caller: Caller, now: chat::Monotonic) -> Result<(), u64> {
        // Both or none: a refusal costs nothing.
        self.check(caller, now)?;
        let (user, share, times) = shares(caller);
        user.map_or(Ok(()), |user| self.of_users.take(user, now))?;
        self.of_addresses.take(share, caller.address, times, now)
    }

    fn give_back(&self, caller: Caller) {
        let (user, share, times) = shares(caller);
        if let Some(user) = user {
            self.of_users.give_back(&user);
        }
        self.of_addresses.give_back(share, caller.address, times);
    }

    fn check(&self, caller: Caller, now: chat::Monotonic) -> Result<(), u64> {
        let (user, share, times) = shares(caller);
        user.map_or(Ok(()), |user| self.of_users.check(&user, now))?;
        self.of_addresses.check(share, caller.address, times, now)
    }
}

/// Which user is counted, and which share of the address. Where another site leads people here, their own allowance is
/// left alone.
fn shares(caller: Caller) -> (Option<UserId>, Share, u32) {
    match caller {
        Caller { followed: true, .. } => (None, Share::Followed, 1),
        Caller { user: Some(user), .. } => (Some(user), Share::Users, USERS_PER_ADDRESS),
        Caller { user: None, .. } => (None, Share::Nobody, 1),
    }
}

#[cfg(test)]
mod tests;
