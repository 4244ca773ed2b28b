//! Calls about logins.

use proptest::option;
use proptest::prelude::{Strategy, prop_oneof};

use super::{Answer, KEYS, TIMES, USERS, answered, sorted, time};
use crate::store::Store;
use crate::store::conformance::fixtures::{key, login, user_id};

#[derive(Debug, Clone)]
pub(crate) enum LoginStep {
    Add { user: u8, key: u8, made: u8, used: u8, max: u32, now: u8 },
    Touch { user: u8, key: u8, used: u8, now: u8 },
    Remove { user: u8, key: u8 },
    RemoveExcept { user: u8, keep: Option<u8> },
}

pub(super) fn steps() -> impl Strategy<Value = LoginStep> {
    let (user, key, time) = (|| 0..USERS, || 0..KEYS, || 0..TIMES);
    prop_oneof![
        4 => (user(), key(), time(), time(), 0..4_u32, time()).prop_map(
            |(user, key, made, used, max, now)| LoginStep::Add { user, key, made, used, max, now },
        ),
        2 => (user(), key(), time(), time())
            .prop_map(|(user, key, used, now)| LoginStep::Touch { user, key, used, now }),
        1 => (user(), key()).prop_map(|(user, key)| LoginStep::Remove { user, key }),
        1 => (user(), option::of(key()))
            .prop_map(|(user, keep)| LoginStep::RemoveExcept { user, keep }),
    ]
}

pub(super) async fn answer(store: &dyn Store, step: &LoginStep) -> Answer {
    match *step {
        LoginStep::Add { user, key, made, used, max, now } => {
            let login = login(key, time(made), time(used));
            let added = store.add_login(user_id(user), login, max, time(now)).await;
            answered(added, Answer::Keys)
        }
        LoginStep::Touch { user, key: touched, used, now } => {
            let (user, touched) = (user_id(user), key(touched));
            let answer = store.touch_login(user, touched, time(used), time(now)).await;
            answered(answer, Answer::Truth)
        }
        LoginStep::Remove { user, key: removed } => {
            answered(store.remove_login(user_id(user), key(removed)).await, Answer::Truth)
        }
        LoginStep::RemoveExcept { user, keep } => {
            let removed = store.remove_logins_except(user_id(user), keep.map(key)).await;
            answered(removed, |keys| Answer::Keys(sorted(keys)))
        }
    }
}
