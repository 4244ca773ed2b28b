//! The database with a watch beside it: how long each operation takes, and how many fail. It changes nothing of what the
//! store does, and knows no record.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use protocol::{Device, Millis, Role, RoomCode, Username};
use realtime::counts::{Counter, Spans};

use crate::store::{
    Account, AccountChange, JoinOutcome, LeaveOutcome, Login, LoginKey, Membership, Purged, Result, RoleOutcome, Room,
    RoomChange, RoomId, SharedStore, Store, StoreError, User, UserId,
};

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct StoreTimes {
    operations: [Spans; OPERATIONS.len()],
    /// The database was away, too slow, or could not write.
    pub(super) unavailable: Counter,
    /// Another failure.
    pub(super) failed: Counter,
}

impl StoreTimes {
    /// Each operation that was called, by its name.
    pub(super) fn operations(&self) -> impl Iterator<Item = (&'static str, &Spans)> {
        OPERATIONS.into_iter().zip(&self.operations).filter(|(_, spans)| spans.sum().as_nanos() > 0)
    }

    async fn measure<T>(&self, place: usize, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let began = Instant::now();
        let done = work.await;
        if let Some(spans) = self.operations.get(place) {
            spans.add(began.elapsed());
        }
        match &done {
            Err(StoreError::Unavailable) => self.unavailable.add(1),
            Err(StoreError::Failed(_)) => self.failed.add(1),
            // Answers, of a database that works.
            Ok(_) | Err(StoreError::Conflict | StoreError::NotFound) => {}
        }
        done
    }
}

/// A store, measured.
#[derive(Debug)]
pub(crate) struct MeasuredStore {
    pub(crate) inner: SharedStore,
    pub(crate) times: Arc<StoreTimes>,
}

macro_rules! measured {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        /// The names of all operations.
        const OPERATIONS: [&str; [$(stringify!($name)),+].len()] = [$(stringify!($name)),+];

        /// Their places among the names.
        #[expect(non_camel_case_types, reason = "named as the operations are")]
        enum Place { $($name),+ }

        #[async_trait]
        impl Store for MeasuredStore {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                self.times.measure(Place::$name as usize, self.inner.$name($($argument),*)).await
            })+
        }
    };
}

measured! {
    create_user(user: User) -> ();
    user(id: UserId, now: Millis) -> Option<User>;
    user_by_name(username: &Username) -> Option<User>;
    make_account(id: UserId, account: Account, now: Millis) -> ();
    change_account(id: UserId, change: AccountChange) -> ();
    extend_guest(id: UserId, expires_at: Millis, now: Millis) -> ();
    delete_user(id: UserId) -> Vec<(RoomId, LeaveOutcome)>;
    add_login(id: UserId, login: Login, logins_max: u32, now: Millis) -> Vec<LoginKey>;
    touch_login(id: UserId, key: LoginKey, last_used_at: Millis, now: Millis) -> bool;
    name_login(id: UserId, key: LoginKey, device: Device, now: Millis) -> bool;
    remove_login(id: UserId, key: LoginKey) -> bool;
    remove_logins_except(id: UserId, keep: Option<LoginKey>) -> Vec<LoginKey>;
    create_room(room: Room) -> ();
    room_by_code(code: RoomCode, now: Millis) -> Option<Room>;
    room(id: RoomId, now: Millis) -> Option<Room>;
    join(room: RoomId, membership: Membership, members_max: u32, now: Millis) -> JoinOutcome;
    leave(room: RoomId, user: UserId) -> LeaveOutcome;
    is_member(room: RoomId, user: UserId, now: Millis) -> bool;
    members(room: RoomId) -> Vec<Membership>;
    guests_in(room: RoomId, guests_max: u32) -> Vec<UserId>;
    rooms_of(user: UserId, now: Millis) -> Vec<Room>;
    change_room(room: RoomId, change: RoomChange) -> bool;
    set_role(room: RoomId, user: UserId, role: Role, moderators_max: u32) -> RoleOutcome;
    delete_room(room: RoomId) -> bool;
    live_rooms(now: Millis) -> Vec<RoomId>;
    purge(now: Millis, logins_before: Millis, spared: &BTreeSet<RoomId>) -> Purged;
    users_page(after: Option<UserId>, users_max: u32) -> Vec<User>;
    rooms_page(after: Option<RoomId>, rooms_max: u32) -> Vec<(Room, Vec<Membership>)>;
    restore_room(room: Room, members: Vec<Membership>) -> ();
    ping() -> ();
    close() -> ();
}
