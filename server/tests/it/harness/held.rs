//! A store whose answer can be held back at a moment of the test's choice: what happens between a look and its use.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use protocol::{Device, Millis, Role, RoomCode, Username};
use server::store::{
    Account, AccountChange, JoinOutcome, LeaveOutcome, Login, LoginKey, Membership, Purged, Result, RoleOutcome, Room,
    RoomChange, RoomId, SharedStore, Store, User, UserId,
};
use tokio::sync::Notify;

use super::PATIENCE;

/// The call whose answer is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    User,
    UserByName,
}

/// The test's hand on it.
#[derive(Debug, Default)]
pub(crate) struct LockFile {
    next: Mutex<Option<Call>>,
    reached: Notify,
    released: Notify,
}

impl LockFile {
    /// The next answer to this call is held back.
    pub(crate) fn arm(&self, call: Call) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(call);
    }

    /// Waits until the store has answered and the answer is held back.
    pub(crate) async fn reached(&self) {
        tokio::time::timeout(PATIENCE, self.reached.notified()).await.expect("the store is asked in time");
    }

    /// Lets the answer through, as it was then.
    pub(crate) fn release(&self) {
        self.released.notify_one();
    }

    async fn pass(&self, call: Call) {
        let held = self.next.lock().unwrap_or_else(PoisonError::into_inner).take_if(|next| *next == call).is_some();
        if held {
            self.reached.notify_one();
            self.released.notified().await;
        }
    }
}

/// Hands everything on.
#[derive(Debug)]
pub(crate) struct HeldStore {
    pub(crate) inner: SharedStore,
    pub(crate) hold: Arc<LockFile>,
}

macro_rules! hands_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        #[async_trait]
        impl Store for HeldStore {
            async fn user(&self, id: UserId, now: Millis) -> Result<Option<User>> {
                let answer = self.inner.user(id, now).await;
                self.hold.pass(Call::User).await;
                answer
            }

            async fn user_by_name(&self, username: &Username) -> Result<Option<User>> {
                let answer = self.inner.user_by_name(username).await;
                self.hold.pass(Call::UserByName).await;
                answer
            }

            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                self.inner.$name($($argument),*).await
            })+
        }
    };
}

hands_on! {
    create_user(user: User) -> ();
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
