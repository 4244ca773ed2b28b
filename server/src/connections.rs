//! How many are connected, in all and for each address: lines from accept on, and the places of those who chat.
//!
//! A line is one TCP connection, whatever it carries. A place is one WebSocket, or one Socket.IO session whose client has
//! said who it is (and not that it goes); its address is the client's, behind a proxy not that of the line. Who has a login finds a place also
//! where strangers behind the same address have taken all of theirs. Entries live as long as their guards.
//! Knows no socket.
//!
//! Who has a login finds a line, too, where a neighbour has taken all of the address's: a line beyond those waits in the
//! reserve until its first request says who it is.

mod reserve;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::{ErrorCode, Limits};
use tokio::sync::Notify;

use crate::error::ApiError;
use crate::open_files::Budget;
use crate::store::UserId;
use realtime::address::Address;
use reserve::{Reserve, Signals, Taken};

/// When somebody who was refused for the number of connections may try again.
const RETRY_MS: u64 = 5_000;
/// Places of those with a login behind one address, as a multiple of those of strangers. One user has few of them
/// (`connections_per_user`).
const USERS_PER_ADDRESS: u32 = 4;
/// Lines of one address for each place it may have: a browser opens several beside its WebSocket.
const LINES_PER_PLACE: u32 = 4;
/// And so many in any case, for pages and the API.
const LINES_MIN: u32 = 32;
/// Lines of one user beyond those of the address: guests are easily made.
const LINES_PER_USER: u32 = 16;

/// The counts.
#[derive(Debug, Clone)]
pub struct Connections {
    counts: Arc<Mutex<Counts>>,
    /// Told when a line of the reserve has gone.
    gone: Arc<Notify>,
    budget: Budget,
    /// Nobody new is let in, whatever the numbers say.
    is_closed: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Counts {
    places: Count<Address>,
    /// Of those with a login, beyond the places of their address.
    users: Count<Address>,
    lines: Count<Address>,
    /// Of those with a login, beyond the lines of their address; counted in all lines, too.
    kept: HashMap<u64, (Address, UserId)>,
    kept_at: Count<Address>,
    kept_of: Count<UserId>,
    reserve: Reserve,
}

#[derive(Debug)]
struct Count<K> {
    total: u32,
    by_key: HashMap<K, u32>,
}

impl<K> Default for Count<K> {
    fn default() -> Self {
        Self { total: 0, by_key: HashMap::new() }
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Place,
    User,
    Line,
    Reserve(u64),
}

/// One that is counted; dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    connections: Connections,
    kind: Kind,
    /// None of a trusted proxy's line: those are counted in all only.
    address: Option<Address>,
}

/// What becomes of a line that was accepted.
#[derive(Debug)]
pub enum Admission {
    /// It is served.
    Served(Place),
    /// There are too many, for this reason. Health is answered, everything else is told so, unless it comes from somebody
    /// for whom [`Waiting::keep`] finds room.
    Reserved(Place, Waiting, ErrorCode),
    /// In the reserve another makes way at this moment: see [`Connections::gone`].
    Soon,
    /// Even the reserve is full, of those that are being answered.
    Refused,
}

/// A handle to a line of the reserve.
#[derive(Debug, Clone)]
pub struct Waiting {
    connections: Connections,
    id: u64,
    address: Option<Address>,
    signals: Signals,
}

impl Waiting {
    /// Its request has come: from now on it does not make way.
    pub fn hear(&self) {
        self.signals.first_request.cancel();
    }

    /// Resolves when its request has come.
    pub async fn first_request(&self) {
        self.signals.first_request.cancelled().await;
    }

    /// Resolves when it has to make way for another.
    pub async fn leave(&self) {
        self.signals.leave.cancelled().await;
    }

    /// Makes it one of the lines that are served, for a user whose login was checked; returns whether there is room for
    /// it, in all, at the address and of the user.
    pub fn keep(&self, user: UserId, limits: &Limits) -> bool {
        let mut counts = self.connections.lock();
        let Some(address) = self.address.filter(|_| counts.reserve.has(self.id)) else {
            return self.is_kept();
        };
        let is_room = counts.lines.total < self.connections.budget.lines_total
            && counts.kept_at.of(Some(address)) < lines_max(limits).saturating_mul(USERS_PER_ADDRESS)
            && counts.kept_of.of(Some(user)) < LINES_PER_USER;
        if is_room {
            counts.reserve.remove(self.id);
            counts.lines.add(None);
            counts.kept_at.add(Some(address));
            counts.kept_of.add(Some(user));
            counts.kept.insert(self.id, (address, user));
            self.signals.kept.cancel();
            self.connections.gone.notify_one();
        }
        is_room
    }

    /// Whether it is one of the lines that are served.
    pub fn is_kept(&self) -> bool {
        self.signals.kept.is_cancelled()
    }

    /// Resolves when it is one of the lines that are served.
    pub async fn kept(&self) {
        self.signals.kept.cancelled().await;
    }
}

impl Connections {
    /// Nobody is connected.
    pub fn new(budget: Budget) -> Self {
        Self { counts: Arc::default(), gone: Arc::default(), budget, is_closed: Arc::default() }
    }

    /// From now on nobody new is let in, or everybody again for whom there is a place. Those who are in stay.
    pub fn close_door(&self, is_closed: bool) {
        self.is_closed.store(is_closed, Ordering::Relaxed);
    }

    /// Whether nobody new is let in, whatever the numbers say.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    fn door(&self) -> Result<(), ApiError> {
        if self.is_closed() { Err(full(ErrorCode::Overloaded)) } else { Ok(()) }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] at the server's limit, [`ErrorCode::TooManyConnections`] at the address's.
    pub fn enter(&self, address: Address, limits: &Limits) -> Result<Place, ApiError> {
        self.door()?;
        let mut counts = self.lock();
        counts.places.room(counts.taken(), address, limits.connections_per_address, limits)?;
        counts.places.add(Some(address));
        Ok(self.guard(Kind::Place, Some(address)))
    }

    /// Takes a place for somebody whose login was checked: one of the address's, or where those are taken one of those
    /// that all users of the address have together.
    ///
    /// # Errors
    /// As [`Connections::room`].
    pub fn enter_user(&self, address: Address, limits: &Limits) -> Result<Place, ApiError> {
        match self.enter(address, limits) {
            Err(failure) if failure.code == ErrorCode::TooManyConnections => {}
            entered => return entered,
        }
        let mut counts = self.lock();
        counts.users.room(counts.taken(), address, users_max(limits), limits)?;
        counts.users.add(Some(address));
        Ok(self.guard(Kind::User, Some(address)))
    }

    /// Looks whether there is a place for somebody with a login, without taking it.
    ///
    /// # Errors
    /// [`ErrorCode::Overloaded`] at the server's limit, [`ErrorCode::TooManyConnections`] at the address's.
    pub fn room(&self, address: Address, limits: &Limits) -> Result<(), ApiError> {
        self.door()?;
        let counts = self.lock();
        let taken = counts.taken();
        let strangers = counts.places.room(taken, address, limits.connections_per_address, limits);
        strangers.or_else(|_| counts.users.room(taken, address, users_max(limits), limits))
    }

    /// Counts a line that was accepted. `address`: its peer's, or `None` where that is a trusted proxy. Of the reserve the
    /// last quarter is for this machine's own probes (`is_local`).
    pub fn accept(&self, address: Option<Address>, is_local: bool, limits: &Limits) -> Admission {
        let mut counts = self.lock();
        let reason = if self.is_closed() || counts.lines.total >= self.budget.lines_total {
            ErrorCode::Overloaded
        } else if counts.lines.of(address) >= lines_max(limits) {
            ErrorCode::TooManyConnections
        } else {
            counts.lines.add(address);
            return Admission::Served(self.guard(Kind::Line, address));
        };
        let reserve_max = usize::try_from(self.budget.reserve).unwrap_or(usize::MAX);
        match counts.reserve.take(address, is_local, reserve_max) {
            Taken::In(id, signals) => {
                // A line that finds the server full is kept for nobody.
                let owner = address.filter(|_| reason == ErrorCode::TooManyConnections);
                let waiting = Waiting { connections: self.clone(), id, address: owner, signals };
                Admission::Reserved(self.guard(Kind::Reserve(id), address), waiting, reason)
            }
            Taken::Soon => Admission::Soon,
            Taken::Full => Admission::Refused,
        }
    }

    /// Resolves when a line of the reserve has gone since it was asked last.
    pub async fn gone(&self) {
        self.gone.notified().await;
    }

    fn guard(&self, kind: Kind, address: Option<Address>) -> Place {
        Place { connections: self.clone(), kind, address }
    }

    /// Places that are taken.
    pub fn total(&self) -> u32 {
        self.lock().taken()
    }

    /// Addresses with places.
    pub fn addresses(&self) -> usize {
        let counts = self.lock();
        counts.places.by_key.len() + counts.users.by_key.len()
    }

    /// Lines that are open, those of the reserve included.
    pub fn lines(&self) -> u32 {
        let counts = self.lock();
        counts.lines.total + u32::try_from(counts.reserve.open()).unwrap_or(u32::MAX)
    }

    /// Lines that may be open, without those of the reserve.
    pub const fn lines_max(&self) -> u32 {
        self.budget.lines_total
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn taken(&self) -> u32 {
        self.places.total + self.users.total
    }
}

impl Count<Address> {
    fn room(&self, taken: u32, address: Address, own_max: u32, limits: &Limits) -> Result<(), ApiError> {
        if taken >= limits.connections_total {
            return Err(ApiError::after(ErrorCode::Overloaded, RETRY_MS));
        }
        if self.of(Some(address)) >= own_max {
            return Err(ApiError::after(ErrorCode::TooManyConnections, RETRY_MS));
        }
        Ok(())
    }
}

impl<K: Copy + Eq + Hash> Count<K> {
    fn of(&self, key: Option<K>) -> u32 {
        key.and_then(|key| self.by_key.get(&key).copied()).unwrap_or_default()
    }

    fn add(&mut self, key: Option<K>) {
        self.total += 1;
        if let Some(key) = key {
            *self.by_key.entry(key).or_default() += 1;
        }
    }

    fn remove(&mut self, key: Option<K>) {
        self.total -= 1;
        if let Some(key) = key
            && let Some(own) = self.by_key.get_mut(&key)
        {
            *own -= 1;
            if *own == 0 {
                self.by_key.remove(&key);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.connections.lock();
        match self.kind {
            Kind::Place => counts.places.remove(self.address),
            Kind::User => counts.users.remove(self.address),
            Kind::Line => counts.lines.remove(self.address),
            Kind::Reserve(id) => {
                if let Some((address, user)) = counts.kept.remove(&id) {
                    counts.lines.remove(None);
                    counts.kept_at.remove(Some(address));
                    counts.kept_of.remove(Some(user));
                } else {
                    counts.reserve.remove(id);
                    self.connections.gone.notify_one();
                }
            }
        }
    }
}

/// Lines that one address may have.
fn lines_max(limits: &Limits) -> u32 {
    limits.connections_per_address.saturating_mul(LINES_PER_PLACE).saturating_add(LINES_MIN)
}

/// Places of those with a login behind one address, beyond its own.
fn users_max(limits: &Limits) -> u32 {
    limits.connections_per_address.saturating_mul(USERS_PER_ADDRESS)
}

/// The answer to a line for which there is only the reserve.
pub(crate) fn full(reason: ErrorCode) -> ApiError {
    ApiError::after(reason, RETRY_MS)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use protocol::{ErrorCode, Limits};

    use super::{Admission, Connections, LINES_PER_USER};
    use crate::open_files::Budget;
    use crate::store::UserId;
    use realtime::address::Address;

    fn address(last: u8) -> Address {
        IpAddr::from([192, 0, 2, last]).into()
    }

    #[test]
    fn lines_are_counted_an_address_and_in_all_and_given_back() {
        let connections = Connections::new(Budget { lines_total: 100, reserve: 12 });
        let limits = Limits { connections_per_address: 1, ..Limits::default() };
        let accept = |last, is_local| connections.accept(Some(address(last)), is_local, &limits);
        let mut held: Vec<_> = (0..36).map(|_| accept(1, false)).collect();
        assert!(held.iter().all(|admission| matches!(admission, Admission::Served(_))));
        let over = accept(1, false);
        assert!(matches!(over, Admission::Reserved(_, _, ErrorCode::TooManyConnections)), "{over:?}");
        held.push(over);
        // A proxy's lines are those of many.
        held.extend((0..64).map(|_| connections.accept(None, false, &limits)));
        assert_eq!(connections.lines(), 101);
        let over = accept(2, false);
        assert!(
            matches!(&over, Admission::Reserved(_, waiting, ErrorCode::Overloaded)
            if !waiting.keep(UserId([1; 16]), &limits)),
            "{over:?}"
        );
        held.push(over);
        assert!(matches!(accept(4, true), Admission::Reserved(..)));
        drop(held);
        assert_eq!(connections.lines(), 0);
        assert!(connections.lock().lines.by_key.is_empty());
    }

    #[test]
    fn who_has_a_login_keeps_a_line_beyond_the_addresss_and_one_user_few() {
        let connections = Connections::new(Budget { lines_total: 100, reserve: 12 });
        let limits = Limits { connections_per_address: 1, ..Limits::default() };
        let accept = || connections.accept(Some(address(1)), false, &limits);
        let mut held: Vec<_> = (0..36).map(|_| accept()).collect();
        for (user, room) in [(UserId([1; 16]), LINES_PER_USER), (UserId([2; 16]), LINES_PER_USER)] {
            for number in 0..=room {
                let over = accept();
                assert!(
                    matches!(&over, Admission::Reserved(_, waiting, _)
                    if waiting.keep(user, &limits) == (number < room)),
                    "{number}: {over:?}"
                );
                held.push(over);
            }
        }
        assert_eq!(connections.lines(), 36 + 2 * LINES_PER_USER + 2);
        drop(held);
        let counts = connections.lock();
        assert!(counts.lines.total == 0 && counts.kept.is_empty() && counts.reserve.open() == 0);
        assert!(counts.kept_at.by_key.is_empty() && counts.kept_of.by_key.is_empty());
    }
}
