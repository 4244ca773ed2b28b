//! Calls about users, and the purge.

use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any, prop_oneof};

use super::{Answer, KEYS, TIMES, USERS, answered, done, sorted, time};
use crate::store::conformance::fixtures::{account, display_name, guest, login, user_id, username};
use crate::store::{AccountChange, Purged, Store, User};

const NAMES: [&str; 3] = ["ada", "Ada", "Bob"];

#[derive(Debug, Clone)]
pub(crate) enum UserStep {
    CreateGuest { user: u8, end: u8 },
    CreateAccount { user: u8, name: usize, key: u8 },
    Read { user: u8, now: u8 },
    ReadByName { name: usize },
    MakeAccount { user: u8, name: usize, now: u8 },
    ChangePassword { user: u8, to: u8 },
    ChangeName { user: u8, to: u8 },
    Extend { user: u8, end: u8, now: u8 },
    Delete { user: u8 },
    Purge { now: u8, logins_before: u8 },
}

pub(super) fn steps() -> impl Strategy<Value = UserStep> {
    let (user, name, time) = (|| 0..USERS, || 0..NAMES.len(), || 0..TIMES);
    prop_oneof![
        3 => (user(), time()).prop_map(|(user, end)| UserStep::CreateGuest { user, end }),
        2 => (user(), name(), 0..KEYS)
            .prop_map(|(user, name, key)| UserStep::CreateAccount { user, name, key }),
        1 => (user(), time()).prop_map(|(user, now)| UserStep::Read { user, now }),
        1 => name().prop_map(|name| UserStep::ReadByName { name }),
        2 => (user(), name(), time())
            .prop_map(|(user, name, now)| UserStep::MakeAccount { user, name, now }),
        1 => (user(), any::<u8>()).prop_map(|(user, to)| UserStep::ChangePassword { user, to }),
        1 => (user(), any::<u8>()).prop_map(|(user, to)| UserStep::ChangeName { user, to }),
        1 => (user(), time(), time())
            .prop_map(|(user, end, now)| UserStep::Extend { user, end, now }),
        1 => user().prop_map(|user| UserStep::Delete { user }),
        1 => (time(), time())
            .prop_map(|(now, logins_before)| UserStep::Purge { now, logins_before }),
    ]
}

pub(super) async fn answer(store: &dyn Store, step: &UserStep) -> Answer {
    match *step {
        UserStep::CreateGuest { user, end } => {
            let guest = User { expires_at: Some(time(end)), ..guest(user) };
            answered(store.create_user(guest).await, done)
        }
        UserStep::CreateAccount { user, name, key } => {
            let logins = vec![login(key, time(0), time(0))];
            let account = Some(account(NAMES[name]));
            let user = User { account, expires_at: None, logins, ..guest(user) };
            answered(store.create_user(user).await, done)
        }
        UserStep::Read { user, now } => answered(store.user(user_id(user), time(now)).await, Answer::User),
        UserStep::ReadByName { name } => answered(store.user_by_name(&username(NAMES[name])).await, Answer::User),
        UserStep::MakeAccount { user, name, now } => {
            let account = account(NAMES[name]);
            answered(store.make_account(user_id(user), account, time(now)).await, done)
        }
        UserStep::ChangePassword { user, to } => {
            let change = AccountChange::PasswordHash(format!("hash{to}"));
            answered(store.change_account(user_id(user), change).await, done)
        }
        UserStep::ChangeName { user, to } => {
            let change = AccountChange::DisplayName(display_name(&format!("Name {to}")));
            answered(store.change_account(user_id(user), change).await, done)
        }
        UserStep::Extend { user, end, now } => {
            answered(store.extend_guest(user_id(user), time(end), time(now)).await, done)
        }
        UserStep::Delete { user } => {
            let left = store.delete_user(user_id(user)).await;
            answered(left, |mut left| {
                left.sort_by_key(|(room, _)| *room);
                Answer::AllLeft(left)
            })
        }
        UserStep::Purge { now, logins_before } => {
            let purged = store.purge(time(now), time(logins_before), &BTreeSet::new()).await;
            answered(purged, |Purged { rooms, users, passed_on }| {
                Answer::Purged(Purged { rooms: sorted(rooms), users, passed_on: sorted(passed_on) })
            })
        }
    }
}
