//! Users as records.

use super::fixtures::{
    END, HOUR, NOW, a_room_of, account_user, assert_conflict, assert_sound, code, display_name, done, guest, join, key,
    login, owner_of, room, room_id, user_id, username, users_in,
};
use crate::store::{Account, LeaveOutcome, SharedStore, User};

/// An empty store has nobody.
pub async fn the_unknown_are_none(store: &SharedStore) {
    assert_eq!(done(store.user(user_id(1), NOW).await), None);
    assert_eq!(done(store.user_by_name(&username("nobody")).await), None);
    assert_eq!(done(store.rooms_of(user_id(1), NOW).await), []);
}

/// A guest comes back as it was given, and only under its id.
pub async fn a_guest_is_kept(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(guest(1)));
    assert_eq!(done(store.user(user_id(2), NOW).await), None);
}

/// An account comes back as it was given, by id and by name.
pub async fn an_account_is_kept(store: &SharedStore) {
    let user = User {
        id: user_id(1),
        account: Some(Account {
            username: username("Grace.Hopper_1906-x"),
            password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
            display_name: display_name("Grace H."),
        }),
        created_at: NOW - HOUR,
        expires_at: None,
        logins: Vec::new(),
    };
    done(store.create_user(account_user(2, "somebody")).await);
    done(store.create_user(user.clone()).await);
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(user.clone()));
    let found = done(store.user_by_name(&username("Grace.Hopper_1906-x")).await);
    assert_eq!(found, Some(user));
}

/// The logins that a new user is given are kept with it.
pub async fn a_user_brings_its_logins(store: &SharedStore) {
    let logins = vec![login(1, NOW - HOUR, NOW), login(2, NOW, NOW)];
    let user = User { logins, ..guest(1) };
    done(store.create_user(user.clone()).await);
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(user));
}

/// A second user of one id is refused and the first stays as it is.
pub async fn ids_of_users_are_unique(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    assert_conflict(store.create_user(account_user(1, "usurper")).await);
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(guest(1)));
    assert_eq!(done(store.user_by_name(&username("usurper")).await), None);
}

/// A guest that is used lives on.
pub async fn a_guest_is_extended(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    done(store.extend_guest(user_id(1), END + HOUR, END - 1).await);
    let extended = User { expires_at: Some(END + HOUR), ..guest(1) };
    assert_eq!(done(store.user(user_id(1), END).await), Some(extended));
    assert_eq!(done(store.user(user_id(1), END + HOUR).await), None);
}

/// Accounts get no end, who is gone does not come back, who never was does not come to be.
pub async fn extending_others_does_nothing(store: &SharedStore) {
    done(store.create_user(account_user(1, "steady")).await);
    done(store.create_user(guest(2)).await);
    done(store.extend_guest(user_id(1), END, NOW).await);
    done(store.extend_guest(user_id(2), END + HOUR, END).await);
    done(store.extend_guest(user_id(3), END, NOW).await);
    let account = done(store.user(user_id(1), END).await);
    assert_eq!(account, Some(account_user(1, "steady")));
    assert_eq!(done(store.user(user_id(2), END).await), None);
    assert_eq!(done(store.user(user_id(3), NOW).await), None);
}

/// Nothing of a deleted user is left, not even when its id comes again.
pub async fn deleting_a_user_deletes_its_record(store: &SharedStore) {
    let leaving = User { logins: vec![login(1, NOW, NOW)], ..account_user(1, "leaving") };
    done(store.create_user(leaving).await);
    done(store.create_user(guest(2)).await);
    assert_eq!(done(store.delete_user(user_id(1)).await), []);
    assert_eq!(done(store.user(user_id(1), NOW).await), None);
    assert_eq!(done(store.user_by_name(&username("leaving")).await), None);
    assert_eq!(done(store.user(user_id(2), NOW).await), Some(guest(2)));
    done(store.create_user(guest(1)).await);
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(guest(1)));
    assert!(!done(store.touch_login(user_id(1), key(1), NOW, NOW).await));
}

/// Each room is left as if by its user: handed on, kept, or deleted.
pub async fn deleting_a_user_ends_its_memberships(store: &SharedStore) {
    a_room_of(store, 3).await;
    done(store.create_room(room(2, 2)).await);
    assert_eq!(join(store, 2, 1).await, crate::store::JoinOutcome::New);
    done(store.create_room(room(3, 1)).await);
    done(store.create_room(room(4, 3)).await);
    let mut left = done(store.delete_user(user_id(1)).await);
    left.sort_by_key(|(room, _)| *room);
    let expected = [
        (room_id(1), LeaveOutcome::Remaining { owner: user_id(2) }),
        (room_id(2), LeaveOutcome::Remaining { owner: user_id(2) }),
        (room_id(3), LeaveOutcome::RoomDeleted),
    ];
    assert_eq!(left, expected);
    assert_eq!(users_in(store, 1).await, [user_id(2), user_id(3)]);
    assert_eq!(users_in(store, 2).await, [user_id(2)]);
    assert_eq!(owner_of(store, 1).await, Some(user_id(2)));
    assert_eq!(done(store.room_by_code(code(3), NOW).await), None);
    for number in 1..=4 {
        assert_sound(store, number, 1..=3).await;
    }
}

/// Nothing happens, and nobody else loses anything.
pub async fn deleting_the_unknown_does_nothing(store: &SharedStore) {
    a_room_of(store, 2).await;
    assert_eq!(done(store.delete_user(user_id(9)).await), []);
    assert_eq!(users_in(store, 1).await, [user_id(1), user_id(2)]);
}
