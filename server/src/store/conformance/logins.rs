//! Logins: at most so many a user, each its user's own.

use protocol::Device;

use super::fixtures::{END, HOUR, NOW, assert_conflict, assert_not_found, done, guest, key, login, user_id};
use crate::store::{Login, LoginKey, SharedStore, User};

async fn logins_of(store: &SharedStore, user: u8) -> Vec<Login> {
    done(store.user(user_id(user), NOW).await).map(|user| user.logins).unwrap_or_default()
}

async fn keys_of(store: &SharedStore, user: u8) -> Vec<LoginKey> {
    logins_of(store, user).await.into_iter().map(|login| login.key).collect()
}

async fn a_user_with(store: &SharedStore, logins: &[Login]) {
    done(store.create_user(guest(1)).await);
    for login in logins {
        assert_eq!(done(store.add_login(user_id(1), *login, 16, NOW).await), []);
    }
}

/// By the time of their making, and in the order of adding where that is the same.
pub async fn logins_are_listed_oldest_first(store: &SharedStore) {
    let logins = [login(3, NOW, NOW), login(1, NOW, NOW), login(2, NOW - HOUR, NOW), login(9, NOW, NOW)];
    a_user_with(store, &logins).await;
    assert_eq!(logins_of(store, 1).await, [logins[2], logins[0], logins[1], logins[3]]);
}

/// Not the oldest login goes, but the one that nobody used.
pub async fn the_least_recently_used_login_makes_way(store: &SharedStore) {
    let logins = [login(1, NOW, NOW + HOUR), login(2, NOW + 1, NOW), login(3, NOW + 2, NOW + HOUR)];
    a_user_with(store, &logins).await;
    let new = login(4, NOW + 3, NOW + HOUR);
    assert_eq!(done(store.add_login(user_id(1), new, 3, NOW).await), [key(2)]);
    assert_eq!(logins_of(store, 1).await, [logins[0], logins[2], new]);
    assert!(!done(store.touch_login(user_id(1), key(2), NOW, NOW).await));
}

/// Uses are kept by the hour only, so many are equal: then age decides, then the order of adding.
pub async fn of_equals_the_older_login_makes_way(store: &SharedStore) {
    let logins = [login(9, NOW + 2, NOW), login(5, NOW + 1, NOW), login(7, NOW + 1, NOW)];
    a_user_with(store, &logins).await;
    let removed = done(store.add_login(user_id(1), login(1, NOW + 3, NOW), 3, NOW).await);
    assert_eq!(removed, [key(5)]);
    let removed = done(store.add_login(user_id(1), login(2, NOW + 3, NOW), 3, NOW).await);
    assert_eq!(removed, [key(7)]);
    assert_eq!(keys_of(store, 1).await, [key(9), key(1), key(2)]);
}

/// An operator who lowers the bound sees it kept at the next login; the least recently used is named first.
pub async fn a_lower_bound_removes_several(store: &SharedStore) {
    let logins: Vec<Login> = (1..=16).map(|number| login(number, NOW, NOW + HOUR * u64::from(20 - number))).collect();
    a_user_with(store, &logins).await;
    let removed = done(store.add_login(user_id(1), login(17, NOW, NOW), 14, NOW).await);
    assert_eq!(removed, [key(16), key(15), key(14)]);
    assert_eq!(keys_of(store, 1).await.len(), 14);
}

/// Even where it is the least recently used itself, and even with a bound of none.
pub async fn the_new_login_always_stays(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW + HOUR), login(2, NOW, NOW + HOUR)]).await;
    let old = login(3, NOW - HOUR, NOW - HOUR);
    let mut removed = done(store.add_login(user_id(1), old, 1, NOW).await);
    removed.sort();
    assert_eq!(removed, [key(1), key(2)]);
    assert_eq!(logins_of(store, 1).await, [old]);
    assert_eq!(done(store.add_login(user_id(1), login(4, NOW, NOW), 0, NOW).await), [key(3)]);
    assert_eq!(keys_of(store, 1).await, [key(4)]);
}

/// Two requests may arrive the wrong way round over an hour's change.
pub async fn a_login_is_touched_and_never_goes_back(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW), login(2, NOW, NOW)]).await;
    assert!(done(store.touch_login(user_id(1), key(1), NOW + 2 * HOUR, NOW).await));
    assert!(done(store.touch_login(user_id(1), key(1), NOW + HOUR, NOW).await));
    let expected = [login(1, NOW, NOW + 2 * HOUR), login(2, NOW, NOW)];
    assert_eq!(logins_of(store, 1).await, expected);
}

/// No such user, no such key, a guest whose time is over.
pub async fn touching_what_is_not_there_is_false(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW)]).await;
    assert!(!done(store.touch_login(user_id(2), key(1), NOW, NOW).await));
    assert!(!done(store.touch_login(user_id(1), key(2), NOW, NOW).await));
    assert!(done(store.touch_login(user_id(1), key(1), NOW, END - 1).await));
    assert!(!done(store.touch_login(user_id(1), key(1), NOW, END).await));
    assert_eq!(keys_of(store, 1).await, [key(1)]);
}

/// Two devices of one account, one of which never said what it is; a name is noted where its login is, and nowhere else.
pub async fn a_login_keeps_its_device(store: &SharedStore) {
    let [firefox, safari] = ["Firefox on Linux", "Safari on iPhone"].map(|words| Device::parse(words).ok());
    let told = Login { device: firefox, ..login(1, NOW, NOW) };
    a_user_with(store, &[told, login(2, NOW, NOW)]).await;
    assert_eq!(logins_of(store, 1).await, [told, login(2, NOW, NOW)]);
    let device = safari.expect("is a device");
    assert!(done(store.name_login(user_id(1), key(2), device, NOW).await));
    assert!(done(store.touch_login(user_id(1), key(1), NOW + HOUR, NOW).await));
    let touched = Login { last_used_at: NOW + HOUR, ..told };
    let named = Login { device: safari, ..login(2, NOW, NOW) };
    assert_eq!(logins_of(store, 1).await, [touched, named]);
    assert!(!done(store.name_login(user_id(1), key(3), device, NOW).await));
    assert!(!done(store.name_login(user_id(2), key(1), device, NOW).await));
    assert!(!done(store.name_login(user_id(1), key(1), device, END).await));
    assert_eq!(logins_of(store, 1).await, [touched, named]);
    done(store.create_user(User { logins: vec![named], ..guest(3) }).await);
    assert_eq!(logins_of(store, 3).await, [named]);
}

/// The first call ends it, the second finds nothing.
pub async fn a_login_is_removed_once(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW), login(2, NOW, NOW)]).await;
    assert!(done(store.remove_login(user_id(1), key(1)).await));
    assert!(!done(store.remove_login(user_id(1), key(1)).await));
    assert!(!done(store.touch_login(user_id(1), key(1), NOW, NOW).await));
    assert_eq!(keys_of(store, 1).await, [key(2)]);
}

/// After a change of the password only the login at hand stays.
pub async fn all_logins_but_one_are_removed(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW), login(2, NOW, NOW), login(3, NOW, NOW)]).await;
    let mut removed = done(store.remove_logins_except(user_id(1), Some(key(2))).await);
    removed.sort();
    assert_eq!(removed, [key(1), key(3)]);
    assert_eq!(keys_of(store, 1).await, [key(2)]);
    assert_eq!(done(store.remove_logins_except(user_id(1), Some(key(2))).await), []);
}

/// With nothing to keep, or with a key that is not there, every one ends.
pub async fn all_logins_are_removed(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW), login(2, NOW, NOW)]).await;
    done(store.create_user(guest(2)).await);
    done(store.add_login(user_id(2), login(3, NOW, NOW), 16, NOW).await);
    assert_eq!(done(store.remove_logins_except(user_id(1), None).await).len(), 2);
    assert_eq!(done(store.remove_logins_except(user_id(2), Some(key(9))).await), [key(3)]);
    assert_eq!(done(store.remove_logins_except(user_id(3), None).await), []);
    assert_eq!(keys_of(store, 1).await, []);
    assert_eq!(keys_of(store, 2).await, []);
}

/// A login needs a user, and one whose time is not over.
pub async fn nobody_gets_no_login(store: &SharedStore) {
    a_user_with(store, &[]).await;
    assert_not_found(store.add_login(user_id(2), login(1, NOW, NOW), 16, NOW).await);
    assert_not_found(store.add_login(user_id(1), login(1, NOW, NOW), 16, END).await);
    assert_eq!(done(store.add_login(user_id(1), login(1, NOW, NOW), 16, END - 1).await), []);
    assert_eq!(done(store.user(user_id(2), NOW).await), None);
}

/// A key that comes twice changes nothing, and nothing makes way for it.
pub async fn a_key_is_unique_within_its_user(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW), login(2, NOW, NOW)]).await;
    assert_conflict(store.add_login(user_id(1), login(1, NOW + HOUR, NOW + HOUR), 2, NOW).await);
    assert_eq!(logins_of(store, 1).await, [login(1, NOW, NOW), login(2, NOW, NOW)]);
}

/// Nobody touches or ends the login of another, and one user's bound is not another's.
pub async fn logins_are_their_users_own(store: &SharedStore) {
    a_user_with(store, &[login(1, NOW, NOW)]).await;
    done(store.create_user(guest(2)).await);
    assert_eq!(done(store.add_login(user_id(2), login(2, NOW, NOW), 1, NOW).await), []);
    assert!(!done(store.touch_login(user_id(2), key(1), NOW + HOUR, NOW).await));
    assert!(!done(store.remove_login(user_id(2), key(1)).await));
    assert_eq!(done(store.remove_logins_except(user_id(2), None).await), [key(2)]);
    assert_eq!(logins_of(store, 1).await, [login(1, NOW, NOW)]);
}
