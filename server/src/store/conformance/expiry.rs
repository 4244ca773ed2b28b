//! The time that is handed in decides, to the millisecond, before any purge.

use super::fixtures::{
    END, HOUR, MANY, NOW, a_room_of, account, assert_conflict, assert_not_found, code, done, guest, key, login,
    membership, room, room_id, user_id, users_in,
};
use crate::store::{JoinOutcome, LeaveOutcome, Room, SharedStore};

/// A millisecond before its end it is all there, at its end it is not there for anybody.
pub async fn a_room_ends_at_its_millisecond(store: &SharedStore) {
    a_room_of(store, 2).await;
    for (now, lives) in [(END - 1, true), (END, false), (END + HOUR, false), (END - 1, true)] {
        let expected = lives.then(|| room(1, 1));
        assert_eq!(done(store.room(room_id(1), now).await), expected);
        assert_eq!(done(store.room_by_code(code(1), now).await), expected);
        assert_eq!(done(store.is_member(room_id(1), user_id(2), now).await), lives);
        assert_eq!(done(store.rooms_of(user_id(2), now).await).len(), usize::from(lives));
        assert_eq!(done(store.live_rooms(now).await).len(), usize::from(lives));
        let again = done(store.join(room_id(1), membership(2, now), MANY, now).await);
        assert_eq!(again, if lives { JoinOutcome::Already } else { JoinOutcome::NoRoom });
    }
    let late = done(store.join(room_id(1), membership(3, END), MANY, END).await);
    assert_eq!(late, JoinOutcome::NoRoom);
    let in_time = done(store.join(room_id(1), membership(3, END - 1), MANY, END - 1).await);
    assert_eq!(in_time, JoinOutcome::New);
}

/// The same for a guest, for everything that needs one.
pub async fn a_guest_ends_at_its_millisecond(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    done(store.add_login(user_id(1), login(1, NOW, NOW), 16, NOW).await);
    assert!(done(store.user(user_id(1), END - 1).await).is_some());
    assert!(done(store.user(user_id(1), END).await).is_none());
    assert!(done(store.user(user_id(1), END + HOUR).await).is_none());
    assert!(done(store.touch_login(user_id(1), key(1), NOW, END - 1).await));
    assert!(!done(store.touch_login(user_id(1), key(1), NOW, END).await));
    assert_not_found(store.add_login(user_id(1), login(2, NOW, NOW), 16, END).await);
    assert_not_found(store.make_account(user_id(1), account("Late"), END).await);
    done(store.extend_guest(user_id(1), END + HOUR, END).await);
    assert!(done(store.user(user_id(1), END).await).is_none());
}

/// The expired room goes, with its members, when the new one comes.
pub async fn an_expired_code_is_free(store: &SharedStore) {
    a_room_of(store, 3).await;
    let later = END + HOUR;
    let next = Room { code: code(1), created_at: END, expires_at: later, ..room(2, 4) };
    done(store.create_room(next.clone()).await);
    assert_eq!(done(store.room_by_code(code(1), END).await), Some(next));
    assert_eq!(users_in(store, 2).await, [user_id(4)]);
    assert_eq!(users_in(store, 1).await, []);
    assert_eq!(done(store.room(room_id(1), NOW).await), None);
    assert_eq!(done(store.rooms_of(user_id(3), NOW).await), []);
    assert!(!done(store.delete_room(room_id(1)).await));
}

/// One millisecond earlier it is a conflict, and nothing goes.
pub async fn a_code_is_taken_until_its_millisecond(store: &SharedStore) {
    a_room_of(store, 2).await;
    let early = Room { code: code(1), created_at: END - 1, expires_at: END + HOUR, ..room(2, 4) };
    assert_conflict(store.create_room(early).await);
    assert_eq!(done(store.room(room_id(1), END - 1).await), Some(room(1, 1)));
    assert_eq!(users_in(store, 1).await, [user_id(1), user_id(2)]);
}

/// A leave is told no time: until the purge the room is there for it, so that no caller depends on the purge's hour.
pub async fn an_expired_room_is_left_as_any_other(store: &SharedStore) {
    let short = Room { expires_at: NOW + 1, ..room(1, 1) };
    done(store.create_room(short).await);
    let joining = store.join(room_id(1), membership(2, NOW), MANY, NOW).await;
    assert_eq!(done(joining), JoinOutcome::New);
    assert_eq!(done(store.room(room_id(1), NOW + 1).await), None);
    assert_eq!(done(store.leave(room_id(1), user_id(1)).await), LeaveOutcome::Remaining { owner: user_id(2) });
    assert_eq!(done(store.leave(room_id(1), user_id(2)).await), LeaveOutcome::RoomDeleted);
    assert!(!done(store.delete_room(room_id(1)).await));
}
