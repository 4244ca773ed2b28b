//! Membership: once a user, bounded, in the order of joining.

use super::fixtures::{
    END, HOUR, MANY, NOW, a_room_of, account, account_user, assert_sound, done, join, membership, owner_of, room,
    room_id, user_id, users_in,
};
use crate::store::{JoinOutcome, LeaveOutcome, SharedStore};

/// It is seen from the room and from the user.
pub async fn a_join_makes_one_membership(store: &SharedStore) {
    a_room_of(store, 1).await;
    assert_eq!(join(store, 1, 2).await, JoinOutcome::New);
    let expected = [membership(1, NOW), membership(2, NOW + 2)];
    assert_eq!(done(store.members(room_id(1)).await), expected);
    assert_eq!(done(store.rooms_of(user_id(2), NOW).await), [room(1, 1)]);
    assert_sound(store, 1, 1..=3).await;
}

/// The membership keeps its time and its place. The owner is a member too.
pub async fn a_second_join_changes_nothing(store: &SharedStore) {
    a_room_of(store, 3).await;
    let before = done(store.members(room_id(1)).await);
    for number in 1..=3 {
        let again = membership(number, NOW + HOUR);
        assert_eq!(done(store.join(room_id(1), again, MANY, NOW).await), JoinOutcome::Already);
    }
    assert_eq!(done(store.members(room_id(1)).await), before);
}

/// And asking leaves nothing behind that a room of that id would find.
pub async fn there_is_no_joining_of_no_room(store: &SharedStore) {
    assert_eq!(join(store, 1, 2).await, JoinOutcome::NoRoom);
    a_room_of(store, 1).await;
    assert_eq!(users_in(store, 1).await, [user_id(1)]);
    assert_eq!(done(store.rooms_of(user_id(2), NOW).await), []);
}

/// One below it is room, at it there is none, and a leave makes room again.
pub async fn the_bound_is_exact(store: &SharedStore) {
    a_room_of(store, 2).await;
    let joined = |user, bound| store.join(room_id(1), membership(user, NOW), bound, NOW);
    assert_eq!(done(joined(3, 2).await), JoinOutcome::Bound);
    assert_eq!(done(joined(3, 3).await), JoinOutcome::New);
    assert_eq!(done(joined(4, 3).await), JoinOutcome::Bound);
    assert_eq!(done(joined(4, 0).await), JoinOutcome::Bound);
    assert_eq!(users_in(store, 1).await.len(), 3);
    done(store.leave(room_id(1), user_id(2)).await);
    assert_eq!(done(joined(4, 3).await), JoinOutcome::New);
    assert_sound(store, 1, 1..=4).await;
}

/// Who is a member is told so, however full the room is.
pub async fn a_member_passes_the_bound(store: &SharedStore) {
    a_room_of(store, 2).await;
    let again = store.join(room_id(1), membership(2, NOW), 1, NOW).await;
    assert_eq!(done(again), JoinOutcome::Already);
}

/// The order in which the joins came, not that of the ids; who comes back comes last.
pub async fn members_are_in_the_order_of_joining(store: &SharedStore) {
    a_room_of(store, 1).await;
    for number in [5, 3, 9, 4] {
        let joining = store.join(room_id(1), membership(number, NOW + 1), MANY, NOW).await;
        assert_eq!(done(joining), JoinOutcome::New);
    }
    assert_eq!(users_in(store, 1).await, [1, 5, 3, 9, 4].map(user_id));
    done(store.leave(room_id(1), user_id(3)).await);
    let back = store.join(room_id(1), membership(3, NOW + 2), MANY, NOW).await;
    assert_eq!(done(back), JoinOutcome::New);
    assert_eq!(users_in(store, 1).await, [1, 5, 9, 4, 3].map(user_id));
}

/// Guests, and those who are gone, oldest membership first; accounts are none, also those that were guests.
pub async fn guests_are_told_from_accounts(store: &SharedStore) {
    a_room_of(store, 4).await;
    done(store.create_user(account_user(5, "Ada")).await);
    done(store.make_account(user_id(2), account("Bob"), NOW).await);
    for number in [9, 5] {
        assert_eq!(join(store, 1, number).await, JoinOutcome::New);
    }
    done(store.leave(room_id(1), user_id(3)).await);
    assert_eq!(join(store, 1, 3).await, JoinOutcome::New);
    let guests = async |guests_max| done(store.guests_in(room_id(1), guests_max).await);
    assert_eq!(guests(MANY).await, [1, 4, 9, 3].map(user_id));
    assert_eq!(guests(2).await, [1, 4].map(user_id));
    assert_eq!(guests(0).await, []);
    assert_eq!(users_in(store, 1).await.len(), 6, "asking changes nothing");
    assert_eq!(done(store.guests_in(room_id(2), MANY).await), []);
}

/// A member of one room is a stranger in the next.
pub async fn membership_is_of_one_room(store: &SharedStore) {
    a_room_of(store, 2).await;
    done(store.create_room(room(2, 3)).await);
    assert!(!done(store.is_member(room_id(2), user_id(2), NOW).await));
    assert_eq!(done(store.leave(room_id(2), user_id(2)).await), LeaveOutcome::NotMember);
    assert_eq!(users_in(store, 1).await, [user_id(1), user_id(2)]);
    assert_eq!(users_in(store, 2).await, [user_id(3)]);
}

/// Neither from a room that is there, nor from one that is not.
pub async fn a_stranger_leaves_nothing(store: &SharedStore) {
    a_room_of(store, 2).await;
    assert_eq!(done(store.leave(room_id(1), user_id(3)).await), LeaveOutcome::NotMember);
    assert_eq!(done(store.leave(room_id(2), user_id(1)).await), LeaveOutcome::NotMember);
    assert_eq!(users_in(store, 1).await, [user_id(1), user_id(2)]);
    assert_eq!(owner_of(store, 1).await, Some(user_id(1)));
    assert_eq!(done(store.leave(room_id(1), user_id(2)).await), LeaveOutcome::Remaining { owner: user_id(1) });
    assert_eq!(done(store.leave(room_id(1), user_id(2)).await), LeaveOutcome::NotMember);
}

/// A leave is final for its membership only.
pub async fn a_member_leaves_and_comes_back(store: &SharedStore) {
    a_room_of(store, 2).await;
    done(store.leave(room_id(1), user_id(2)).await);
    assert!(!done(store.is_member(room_id(1), user_id(2), NOW).await));
    assert_sound(store, 1, 1..=2).await;
    let back = membership(2, END - 1);
    assert_eq!(done(store.join(room_id(1), back, MANY, END - 1).await), JoinOutcome::New);
    assert_eq!(done(store.members(room_id(1)).await), [membership(1, NOW), back]);
}
