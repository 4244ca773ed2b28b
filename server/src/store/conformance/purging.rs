//! A purge removes what has expired, all of it, and nothing else.

use std::collections::BTreeSet;

use protocol::RoomCode;

use super::fixtures::{
    END, HOUR, MANY, NOW, a_room_of, account_user, assert_sound, code, done, guest, join, login, membership, owner_of,
    room, room_id, user_id, users_in,
};
use crate::store::{JoinOutcome, Purged, Room, RoomId, SharedStore, User};

/// How a purge names a room that it ended: whoever has the code is told that it had one.
fn named(number: u8) -> (RoomId, RoomCode) {
    (room_id(number), code(number))
}

/// Everything that lives is the same afterwards.
pub async fn nothing_expired_is_nothing_purged(store: &SharedStore) {
    assert_eq!(done(store.purge(NOW, NOW, &BTreeSet::new()).await), Purged::default());
    a_room_of(store, 3).await;
    done(store.create_user(account_user(4, "Ada")).await);
    assert_eq!(done(store.purge(END - 1, NOW, &BTreeSet::new()).await), Purged::default());
    assert_eq!(done(store.room(room_id(1), NOW).await), Some(room(1, 1)));
    assert_eq!(users_in(store, 1).await, [1, 2, 3].map(user_id));
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(guest(1)));
    assert_eq!(done(store.user(user_id(4), NOW).await), Some(account_user(4, "Ada")));
}

/// Readiness writes, and keeps nothing.
pub async fn what_a_ping_writes_does_not_stay(store: &SharedStore) {
    a_room_of(store, 2).await;
    let before = (done(store.users_page(None, MANY).await), done(store.rooms_page(None, MANY).await));
    for _ in 0..3 {
        done(store.ping().await);
    }
    assert!(before == (done(store.users_page(None, MANY).await), done(store.rooms_page(None, MANY).await)));
}

/// Those at their millisecond, with their members; the rest stays.
pub async fn expired_rooms_are_purged(store: &SharedStore) {
    for number in 1..=4 {
        done(store.create_user(account_user(number, &format!("owner{number}"))).await);
        let expires_at = NOW + u64::from(number) * HOUR;
        done(store.create_room(Room { expires_at, ..room(number, number) }).await);
        assert_eq!(join(store, number, 5).await, JoinOutcome::New);
    }
    done(store.create_user(account_user(5, "visitor")).await);
    let mut purged = done(store.purge(NOW + 2 * HOUR, 0, &BTreeSet::new()).await);
    purged.rooms.sort();
    assert_eq!(purged, Purged { rooms: [1, 2].map(named).to_vec(), ..Purged::default() });
    for number in 1..=4 {
        assert_sound(store, number, 1..=5).await;
        assert_eq!(users_in(store, number).await.is_empty(), number <= 2);
    }
    assert_eq!(done(store.purge(NOW + 2 * HOUR, 0, &BTreeSet::new()).await), Purged::default());
}

/// Whoever measures a room's life by another clock may keep it beyond its stamp.
pub async fn spared_rooms_are_not_purged(store: &SharedStore) {
    for number in 1..=3 {
        done(store.create_user(account_user(number, &format!("owner{number}"))).await);
        done(store.create_room(room(number, number)).await);
    }
    let spared = BTreeSet::from([room_id(2), room_id(9)]);
    let mut purged = done(store.purge(END, 0, &spared).await);
    purged.rooms.sort();
    assert_eq!(purged, Purged { rooms: [1, 3].map(named).to_vec(), ..Purged::default() });
    assert_eq!(done(store.room(room_id(2), crate::store::WHENEVER).await), Some(room(2, 2)));
    assert_eq!(users_in(store, 2).await, [user_id(2)]);
    assert_eq!(done(store.purge(END, 0, &BTreeSet::new()).await).rooms, [named(2)]);
}

/// Guests at their millisecond; accounts and later guests stay.
pub async fn expired_guests_are_purged(store: &SharedStore) {
    for number in 1..=4 {
        let expires_at = Some(NOW + u64::from(number) * HOUR);
        done(store.create_user(User { expires_at, ..guest(number) }).await);
    }
    done(store.create_user(account_user(5, "Ada")).await);
    assert_eq!(done(store.purge(NOW + 3 * HOUR, 0, &BTreeSet::new()).await), Purged { users: 3, ..Purged::default() });
    for number in 1..=3 {
        // The time before its end shows that it is gone, and not merely hidden.
        assert_eq!(done(store.user(user_id(number), NOW).await), None);
    }
    assert!(done(store.user(user_id(4), NOW).await).is_some());
    assert!(done(store.user(user_id(5), NOW).await).is_some());
}

/// As if each of them had left: to the oldest who is still there, or deleted and reported.
pub async fn rooms_of_purged_guests_pass_on_or_end(store: &SharedStore) {
    for number in 1..=3 {
        done(store.create_user(guest(number)).await);
    }
    done(store.create_user(account_user(4, "Ada")).await);
    done(store.create_user(account_user(5, "Bob")).await);
    for (number, owner, others) in [(1, 1, vec![2, 4, 5]), (2, 2, vec![1, 3]), (3, 5, vec![3])] {
        let lasting = Room { expires_at: END + HOUR, ..room(number, owner) };
        done(store.create_room(lasting).await);
        for other in others {
            assert_eq!(join(store, number, other).await, JoinOutcome::New);
        }
    }
    let purged = done(store.purge(END, 0, &BTreeSet::new()).await);
    // Room 1 passed over others who are gone too; room 3 only lost a member, and its owner is the one it had.
    let passed_on = vec![(room_id(1), user_id(4))];
    assert_eq!(purged, Purged { rooms: vec![named(2)], users: 3, passed_on });
    assert_eq!(users_in(store, 1).await, [user_id(4), user_id(5)]);
    assert_eq!(owner_of(store, 1).await, Some(user_id(4)));
    assert_eq!(users_in(store, 3).await, [user_id(5)]);
    assert_eq!(owner_of(store, 3).await, Some(user_id(5)));
    for number in 1..=3 {
        assert_sound(store, number, 1..=5).await;
    }
}

/// Each room that has another owner now is reported once, with the one it came to; a purge after that has no news.
pub async fn rooms_that_pass_on_are_reported_once(store: &SharedStore) {
    for number in 1..=3 {
        done(store.create_user(guest(number)).await);
    }
    done(store.create_user(account_user(4, "Ada")).await);
    for number in 1..=3 {
        done(store.create_room(Room { expires_at: END + HOUR, ..room(number, number) }).await);
        // Some of those who could inherit are gone themselves.
        for other in (1..=4).filter(|other| *other != number) {
            assert_eq!(join(store, number, other).await, JoinOutcome::New);
        }
    }
    let mut purged = done(store.purge(END, 0, &BTreeSet::new()).await);
    purged.passed_on.sort();
    let passed_on = [1, 2, 3].map(|number| (room_id(number), user_id(4))).to_vec();
    assert_eq!(purged, Purged { users: 3, passed_on, ..Purged::default() });
    assert_eq!(done(store.purge(END, 0, &BTreeSet::new()).await), Purged::default());
}

/// The methods on rooms do not look at users, so a join may come after the user's deletion. It does not stay.
pub async fn memberships_of_deleted_users_are_purged(store: &SharedStore) {
    a_room_of(store, 2).await;
    done(store.delete_user(user_id(2)).await);
    assert_eq!(join(store, 1, 2).await, JoinOutcome::New);
    done(store.create_room(room(2, 9)).await);
    let purged = done(store.purge(NOW, 0, &BTreeSet::new()).await);
    assert_eq!(purged, Purged { rooms: vec![named(2)], ..Purged::default() });
    assert_eq!(users_in(store, 1).await, [user_id(1)]);
    assert_sound(store, 2, 9..=9).await;
}

/// Those used last before the given time, of guests and accounts alike; at the time itself they stay.
pub async fn unused_logins_are_purged(store: &SharedStore) {
    let logins = vec![login(1, NOW, NOW), login(2, NOW, NOW + HOUR - 1), login(3, NOW, NOW + HOUR)];
    done(store.create_user(User { logins: logins.clone(), ..guest(1) }).await);
    done(store.create_user(User { logins, ..account_user(2, "Ada") }).await);
    assert_eq!(done(store.purge(NOW, NOW + HOUR, &BTreeSet::new()).await), Purged::default());
    for number in 1..=2 {
        let user = done(store.user(user_id(number), NOW).await);
        assert_eq!(user.map(|user| user.logins), Some(vec![login(3, NOW, NOW + HOUR)]));
    }
}

/// Nothing of it can be asked for under an earlier time, and its code and id are free.
pub async fn a_purged_code_and_room_stay_gone(store: &SharedStore) {
    a_room_of(store, 2).await;
    assert_eq!(done(store.purge(END, 0, &BTreeSet::new()).await).rooms, [named(1)]);
    assert_eq!(done(store.room(room_id(1), NOW).await), None);
    assert_eq!(done(store.room_by_code(code(1), NOW).await), None);
    assert_sound(store, 1, 1..=2).await;
    let again = store.join(room_id(1), membership(2, NOW), MANY, NOW).await;
    assert_eq!(done(again), JoinOutcome::NoRoom);
    done(store.create_room(room(1, 3)).await);
    assert_eq!(users_in(store, 1).await, [user_id(3)]);
}
