//! Rooms as records.

use super::fixtures::{
    END, HOUR, MANY, NOW, a_room_of, assert_conflict, assert_sound, code, done, guest, join, membership, room, room_id,
    room_name, user_id, users_in,
};
use crate::store::{JoinOutcome, Membership, Room, SharedStore};

/// An empty store has no room, by whatever way one asks.
pub async fn the_unknown_are_none(store: &SharedStore) {
    assert_eq!(done(store.room(room_id(1), NOW).await), None);
    assert_eq!(done(store.room_by_code(code(1), NOW).await), None);
    assert_eq!(done(store.live_rooms(NOW).await), []);
    assert_eq!(done(store.members(room_id(1)).await), []);
    assert!(!done(store.is_member(room_id(1), user_id(1), NOW).await));
    assert!(!done(store.delete_room(room_id(1)).await));
}

/// With a PIN and without, every field comes back: by id, by code, and among the rooms of a member.
pub async fn a_room_is_kept(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    let open = room(1, 1);
    let closed = Room {
        name: room_name("The \"quiet\" room & <more>"),
        pin_hash: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        capacity: 2,
        sealed: true,
        created_at: NOW + 17,
        expires_at: END + 4_711,
        ..room(2, 1)
    };
    for made in [&open, &closed] {
        done(store.create_room(made.clone()).await);
        assert_eq!(done(store.room(made.id, NOW).await).as_ref(), Some(made));
        assert_eq!(done(store.room_by_code(made.code, NOW).await).as_ref(), Some(made));
    }
    assert_eq!(done(store.rooms_of(user_id(1), NOW).await), [open, closed]);
}

/// Since the room began.
pub async fn the_owner_is_the_first_member(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    done(store.create_room(room(1, 1)).await);
    let owner = Membership { user: user_id(1), joined_at: NOW };
    assert_eq!(done(store.members(room_id(1)).await), [owner]);
    assert!(done(store.is_member(room_id(1), user_id(1), NOW).await));
    assert_sound(store, 1, 1..=2).await;
}

/// The second room of a code is refused whole: no record, no membership.
pub async fn codes_of_live_rooms_are_unique(store: &SharedStore) {
    a_room_of(store, 1).await;
    let second = Room { code: code(1), created_at: NOW + HOUR, ..room(2, 2) };
    assert_conflict(store.create_room(second).await);
    assert_eq!(done(store.room_by_code(code(1), NOW).await), Some(room(1, 1)));
    assert_eq!(done(store.room(room_id(2), NOW).await), None);
    assert_eq!(done(store.rooms_of(user_id(2), NOW).await), []);
    assert_eq!(users_in(store, 2).await, []);
}

/// The second room of an id is refused, and its code stays free.
pub async fn ids_of_rooms_are_unique(store: &SharedStore) {
    a_room_of(store, 1).await;
    assert_conflict(store.create_room(Room { code: code(2), ..room(1, 2) }).await);
    assert_eq!(done(store.room(room_id(1), NOW).await), Some(room(1, 1)));
    assert_eq!(users_in(store, 1).await, [user_id(1)]);
    assert_eq!(done(store.room_by_code(code(2), NOW).await), None);
    done(store.create_room(room(2, 2)).await);
}

/// And whoever makes a room of the code gets an empty one.
pub async fn a_deleted_room_frees_its_code(store: &SharedStore) {
    a_room_of(store, 3).await;
    assert!(done(store.delete_room(room_id(1)).await));
    let next = Room { code: code(1), ..room(2, 2) };
    done(store.create_room(next.clone()).await);
    assert_eq!(done(store.room_by_code(code(1), NOW).await), Some(next));
    assert_eq!(users_in(store, 2).await, [user_id(2)]);
}

/// Memberships go with the room, those of other rooms stay, and a second deletion finds nothing.
pub async fn a_deleted_room_leaves_no_member(store: &SharedStore) {
    a_room_of(store, 3).await;
    done(store.create_room(room(2, 2)).await);
    assert!(done(store.delete_room(room_id(1)).await));
    assert!(!done(store.delete_room(room_id(1)).await));
    assert_sound(store, 1, 1..=3).await;
    assert_eq!(join(store, 1, 3).await, JoinOutcome::NoRoom);
    assert_eq!(done(store.rooms_of(user_id(2), NOW).await), [room(2, 2)]);
}

/// Not in that of the rooms' making; equal times fall back to the id.
pub async fn rooms_of_a_user_are_in_the_order_of_membership(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    done(store.create_user(guest(2)).await);
    for number in 1..=4 {
        done(store.create_room(Room { created_at: NOW, ..room(number, 1) }).await);
    }
    for (number, joined_at) in [(3, NOW + 1), (4, NOW + 2), (2, NOW + 2), (1, NOW + 3)] {
        let joining = store.join(room_id(number), membership(2, joined_at), MANY, NOW).await;
        assert_eq!(done(joining), JoinOutcome::New);
    }
    let rooms = done(store.rooms_of(user_id(2), NOW).await);
    assert_eq!(rooms, [room(3, 1), room(2, 1), room(4, 1), room(1, 1)]);
    assert_eq!(done(store.rooms_of(user_id(3), NOW).await), []);
}

/// All that live at the time asked for, none twice.
pub async fn live_rooms_are_listed(store: &SharedStore) {
    for number in 1..=5 {
        let expires_at = NOW + u64::from(number) * HOUR;
        done(store.create_room(Room { expires_at, ..room(number, 1) }).await);
    }
    for (now, first) in [(NOW, 1), (NOW + 2 * HOUR, 3), (NOW + 5 * HOUR - 1, 5)] {
        let mut live = done(store.live_rooms(now).await);
        live.sort();
        assert_eq!(live, (first..=5).map(room_id).collect::<Vec<_>>());
    }
    assert_eq!(done(store.live_rooms(NOW + 5 * HOUR).await), []);
}

/// The longest name, the largest capacity, the latest time that are told apart from the rest.
pub async fn long_values_survive(store: &SharedStore) {
    let name = "\u{1F9FF}".repeat(protocol::names::ROOM_NAME_CHARS_MAX);
    let long = Room {
        name: room_name(&name),
        pin_hash: Some("p".repeat(4_096)),
        capacity: u32::MAX,
        expires_at: (1 << 53) - 1,
        ..room(1, 1)
    };
    done(store.create_room(long.clone()).await);
    assert_eq!(done(store.room(room_id(1), NOW).await), Some(long));
}
