//! What owners and moderators change, and who is one.

use protocol::{Role, Topic};

use super::fixtures::{END, HOUR, MANY, NOW, a_room_of, done, join, owner_of, room, room_id, room_name, user_id};
use crate::store::{LeaveOutcome, RoleOutcome, Room, RoomChange, SharedStore, UserId};

async fn set_role(store: &SharedStore, user: u8, role: Role) -> RoleOutcome {
    done(store.set_role(room_id(1), user_id(user), role, MANY).await)
}

async fn moderators(store: &SharedStore) -> Vec<UserId> {
    done(store.room(room_id(1), NOW).await).expect("there is a room").moderators
}

fn topic(text: &str) -> Topic {
    Topic::parse(text).expect("the cases use valid topics")
}

/// One field at a time, and all at once.
pub async fn a_room_changes_what_is_said_and_nothing_else(store: &SharedStore) {
    a_room_of(store, 2).await;
    let hash = || Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned());
    let changes = [
        RoomChange { name: Some(room_name("Coffee \"& <tea>")), ..RoomChange::default() },
        RoomChange { topic: Some(Some(topic("Who brews?"))), ..RoomChange::default() },
        RoomChange { pin_hash: Some(hash()), ..RoomChange::default() },
        RoomChange { capacity: Some(2), ..RoomChange::default() },
        RoomChange { locked: Some(true), ..RoomChange::default() },
        RoomChange { timer_s: Some(Some(3_600)), ..RoomChange::default() },
        RoomChange { timer_s: Some(Some(5)), ..RoomChange::default() },
        RoomChange { lobby: Some(true), ..RoomChange::default() },
        RoomChange { expires_at: Some(END + HOUR), ..RoomChange::default() },
        RoomChange::default(),
        RoomChange {
            name: Some(room_name("Cocoa")),
            topic: Some(Some(topic("Nobody"))),
            pin_hash: Some(None),
            capacity: Some(99),
            locked: Some(false),
            timer_s: Some(None),
            lobby: Some(false),
            expires_at: Some(END + 2 * HOUR),
        },
    ];
    let mut expected = room(1, 1);
    for change in changes {
        assert!(done(store.change_room(room_id(1), change.clone()).await));
        let RoomChange { name, topic, pin_hash, capacity, locked, timer_s, lobby, expires_at } = change;
        expected = Room {
            name: name.unwrap_or(expected.name),
            topic: topic.unwrap_or(expected.topic),
            pin_hash: pin_hash.unwrap_or(expected.pin_hash),
            capacity: capacity.unwrap_or(expected.capacity),
            locked: locked.unwrap_or(expected.locked),
            timer_s: timer_s.unwrap_or(expected.timer_s),
            lobby: lobby.unwrap_or(expected.lobby),
            expires_at: expires_at.unwrap_or(expected.expires_at),
            ..expected
        };
        assert_eq!(done(store.room(room_id(1), NOW).await), Some(expected.clone()));
        assert_eq!(done(store.rooms_of(user_id(2), NOW).await), [expected.clone()]);
    }
}

/// A topic and a PIN.
pub async fn what_is_taken_away_is_gone(store: &SharedStore) {
    a_room_of(store, 1).await;
    let given =
        RoomChange { topic: Some(Some(topic("Soon"))), pin_hash: Some(Some("p".to_owned())), ..RoomChange::default() };
    assert!(done(store.change_room(room_id(1), given).await));
    let taken = RoomChange { topic: Some(None), pin_hash: Some(None), ..RoomChange::default() };
    assert!(done(store.change_room(room_id(1), taken).await));
    assert_eq!(done(store.room(room_id(1), NOW).await), Some(room(1, 1)));
}

/// Nor is it made by that.
pub async fn no_room_is_not_changed(store: &SharedStore) {
    let change = RoomChange { name: Some(room_name("Tea")), ..RoomChange::default() };
    assert!(!done(store.change_room(room_id(1), change).await));
    assert!(!done(store.change_room(room_id(1), RoomChange::default()).await));
    assert_eq!(done(store.room(room_id(1), NOW).await), None);
}

/// In the order of their naming, and once.
pub async fn a_member_becomes_a_moderator_and_a_member_again(store: &SharedStore) {
    a_room_of(store, 3).await;
    for user in [3, 2, 3] {
        assert_eq!(set_role(store, user, Role::Moderator).await, RoleOutcome::Done);
    }
    assert_eq!(moderators(store).await, [user_id(3), user_id(2)]);
    assert_eq!(set_role(store, 3, Role::Member).await, RoleOutcome::Done);
    assert_eq!(set_role(store, 3, Role::Member).await, RoleOutcome::Done);
    assert_eq!(moderators(store).await, [user_id(2)]);
}

/// Whoever is one already stays one.
pub async fn moderators_are_bounded(store: &SharedStore) {
    a_room_of(store, 3).await;
    let name = async |user| done(store.set_role(room_id(1), user_id(user), Role::Moderator, 1).await);
    assert_eq!(name(2).await, RoleOutcome::Done);
    assert_eq!(name(3).await, RoleOutcome::Bound);
    assert_eq!(name(2).await, RoleOutcome::Done);
    assert_eq!(moderators(store).await, [user_id(2)]);
}

/// The owner before is a member, the new one no moderator any more.
pub async fn a_room_is_handed_over(store: &SharedStore) {
    a_room_of(store, 3).await;
    set_role(store, 2, Role::Moderator).await;
    assert_eq!(set_role(store, 2, Role::Owner).await, RoleOutcome::Done);
    assert_eq!(owner_of(store, 1).await, Some(user_id(2)));
    assert_eq!(moderators(store).await, []);
    for role in [Role::Member, Role::Moderator, Role::Owner] {
        assert_eq!(set_role(store, 2, role).await, RoleOutcome::Done);
    }
    assert_eq!((owner_of(store, 1).await, moderators(store).await), (Some(user_id(2)), vec![]), "an owner stays one");
}

/// Neither strangers nor anybody without a room.
pub async fn only_members_have_a_role(store: &SharedStore) {
    a_room_of(store, 2).await;
    for role in [Role::Member, Role::Moderator, Role::Owner] {
        assert_eq!(set_role(store, 3, role).await, RoleOutcome::NotMember);
        let nowhere = store.set_role(room_id(2), user_id(1), role, MANY).await;
        assert_eq!(done(nowhere), RoleOutcome::NotMember);
    }
    assert_eq!((owner_of(store, 1).await, moderators(store).await), (Some(user_id(1)), vec![]));
}

/// Who comes back is a member like others.
pub async fn a_role_ends_with_the_membership(store: &SharedStore) {
    a_room_of(store, 3).await;
    set_role(store, 2, Role::Moderator).await;
    set_role(store, 3, Role::Moderator).await;
    assert_eq!(done(store.leave(room_id(1), user_id(2)).await), LeaveOutcome::Remaining { owner: user_id(1) });
    assert_eq!(moderators(store).await, [user_id(3)]);
    join(store, 1, 2).await;
    assert_eq!(moderators(store).await, [user_id(3)]);
    done(store.delete_user(user_id(3)).await);
    assert_eq!(moderators(store).await, []);
}

/// The oldest member, whatever their role.
pub async fn an_owner_who_leaves_is_followed_by_a_moderator_who_is_none_any_more(store: &SharedStore) {
    a_room_of(store, 3).await;
    set_role(store, 2, Role::Moderator).await;
    set_role(store, 3, Role::Moderator).await;
    assert_eq!(done(store.leave(room_id(1), user_id(1)).await), LeaveOutcome::Remaining { owner: user_id(2) });
    assert_eq!(moderators(store).await, [user_id(3)]);
}
