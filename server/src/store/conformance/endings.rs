//! What a leave does to the room, and what a close does to the store.

use super::fixtures::{
    NOW, a_room_of, assert_sound, code, done, guest, join, owner_of, room, room_id, user_id, users_in,
};
use crate::store::{JoinOutcome, LeaveOutcome, Room, SharedStore, StoreError};

/// Nothing is left of it, and its code is free at once.
pub async fn the_last_to_leave_deletes_the_room(store: &SharedStore) {
    a_room_of(store, 2).await;
    assert_eq!(done(store.leave(room_id(1), user_id(2)).await), LeaveOutcome::Remaining { owner: user_id(1) });
    assert_eq!(done(store.leave(room_id(1), user_id(1)).await), LeaveOutcome::RoomDeleted);
    assert_eq!(done(store.room(room_id(1), NOW).await), None);
    assert_eq!(done(store.live_rooms(NOW).await), []);
    assert_sound(store, 1, 1..=2).await;
    assert_eq!(done(store.leave(room_id(1), user_id(1)).await), LeaveOutcome::NotMember);
    done(store.create_room(Room { code: code(1), ..room(2, 2) }).await);
}

/// To the first who joined, whatever the ids are; nothing else of the room changes.
pub async fn the_room_passes_to_the_oldest_member(store: &SharedStore) {
    a_room_of(store, 1).await;
    for number in [9, 2, 5] {
        assert_eq!(join(store, 1, number).await, JoinOutcome::New);
    }
    assert_eq!(done(store.leave(room_id(1), user_id(1)).await), LeaveOutcome::Remaining { owner: user_id(9) });
    assert_eq!(done(store.room(room_id(1), NOW).await), Some(room(1, 9)));
    assert_eq!(users_in(store, 1).await, [9, 2, 5].map(user_id));
    assert_sound(store, 1, 1..=9).await;
}

/// Owner after owner.
pub async fn the_room_passes_on_until_nobody_is_left(store: &SharedStore) {
    a_room_of(store, 4).await;
    for number in 1..=3 {
        let left = done(store.leave(room_id(1), user_id(number)).await);
        assert_eq!(left, LeaveOutcome::Remaining { owner: user_id(number + 1) });
        assert_eq!(owner_of(store, 1).await, Some(user_id(number + 1)));
    }
    assert_eq!(done(store.leave(room_id(1), user_id(4)).await), LeaveOutcome::RoomDeleted);
}

/// What was handed over stays so.
pub async fn an_owner_who_comes_back_is_a_member(store: &SharedStore) {
    a_room_of(store, 3).await;
    done(store.leave(room_id(1), user_id(1)).await);
    assert_eq!(join(store, 1, 1).await, JoinOutcome::New);
    assert_eq!(owner_of(store, 1).await, Some(user_id(2)));
    assert_eq!(users_in(store, 1).await, [2, 3, 1].map(user_id));
}

/// However many leave, the room is its owner's while the owner is inside.
pub async fn others_leave_and_the_owner_stays(store: &SharedStore) {
    a_room_of(store, 4).await;
    for number in 2..=4 {
        let left = done(store.leave(room_id(1), user_id(number)).await);
        assert_eq!(left, LeaveOutcome::Remaining { owner: user_id(1) });
    }
    assert_eq!(done(store.room(room_id(1), NOW).await), Some(room(1, 1)));
    assert_eq!(users_in(store, 1).await, [user_id(1)]);
}

/// A call that comes too late is told that the database is away; it does not hang and does not pass for done.
pub async fn a_closed_store_refuses(store: &SharedStore) {
    done(store.ping().await);
    done(store.create_user(guest(1)).await);
    done(store.close().await);
    let ping = store.ping().await;
    assert!(matches!(ping, Err(StoreError::Unavailable)), "unavailable, not {ping:?}");
    let made = store.create_user(guest(2)).await;
    assert!(matches!(made, Err(StoreError::Unavailable)), "unavailable, not {made:?}");
    let read = store.user(user_id(1), NOW).await;
    assert!(matches!(read, Err(StoreError::Unavailable)), "unavailable, not {read:?}");
}
