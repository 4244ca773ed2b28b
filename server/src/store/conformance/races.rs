//! Calls at once leave the same state as some order of them.

use std::collections::BTreeSet;

use super::fixtures::{
    CROWD, END, HOUR, MANY, NOW, a_room_of, account, account_user, assert_sound, at_once, code, done, guest, join, key,
    login, membership, owner_of, room, room_id, user_id, username, users_in,
};
use crate::store::{JoinOutcome, LeaveOutcome, Room, SharedStore, StoreError};

/// Rounds of a race that may come out in more than one way.
const ROUNDS: u8 = 32;

/// How many of the calls came out as expected.
fn count<T>(answers: &[T], expected: impl Fn(&T) -> bool) -> usize {
    answers.iter().filter(|answer| expected(answer)).count()
}

fn is_conflict<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Conflict))
}

/// Sixty-four joins make sixty-four memberships.
pub async fn many_users_join_at_once(store: &SharedStore) {
    a_room_of(store, 1).await;
    let answers = at_once(store, 2..=CROWD, |store, user| async move { join(&store, 1, user).await }).await;
    assert!(answers.iter().all(|joined| *joined == JoinOutcome::New));
    let mut users = users_in(store, 1).await;
    assert_eq!(users.first(), Some(&user_id(1)));
    users.sort();
    assert_eq!(users, (1..=CROWD).map(user_id).collect::<Vec<_>>());
    assert_sound(store, 1, 1..=CROWD).await;
}

/// Sixty-four joins of one user make one membership, and one of them is told so.
pub async fn one_user_joins_many_times_at_once(store: &SharedStore) {
    a_room_of(store, 1).await;
    let answers = at_once(store, 1..=CROWD, |store, _| async move { join(&store, 1, 2).await }).await;
    assert_eq!(count(&answers, |joined| *joined == JoinOutcome::New), 1);
    assert_eq!(count(&answers, |joined| *joined == JoinOutcome::Already), usize::from(CROWD) - 1);
    assert_eq!(users_in(store, 1).await, [user_id(1), user_id(2)]);
}

/// Of sixty-four who want the last nine places, nine get one.
pub async fn the_bound_holds_under_many_joins(store: &SharedStore) {
    a_room_of(store, 1).await;
    let answers = at_once(store, 2..=CROWD, |store, user| async move {
        done(store.join(room_id(1), membership(user, NOW), 10, NOW).await)
    })
    .await;
    assert_eq!(count(&answers, |joined| *joined == JoinOutcome::New), 9);
    assert_eq!(count(&answers, |joined| *joined == JoinOutcome::Bound), usize::from(CROWD) - 10);
    assert_eq!(users_in(store, 1).await.len(), 10);
    assert_sound(store, 1, 1..=CROWD).await;
}

/// One room of the code is made; of the others no trace is left.
pub async fn one_creator_of_a_code_wins(store: &SharedStore) {
    let answers = at_once(store, 1..=CROWD, |store, number| async move {
        store.create_room(Room { code: code(1), ..room(number, number) }).await
    })
    .await;
    assert_eq!(count(&answers, Result::is_ok), 1);
    assert_eq!(count(&answers, is_conflict), usize::from(CROWD) - 1);
    let live = done(store.live_rooms(NOW).await);
    let winner = done(store.room_by_code(code(1), NOW).await).map(|room| room.id);
    assert_eq!(Some(live), winner.map(|winner| vec![winner]));
    for number in 1..=CROWD {
        let won = Some(room_id(number)) == winner;
        assert_eq!(users_in(store, number).await.len(), usize::from(won));
    }
}

/// The expired room makes way for one, once: the others do not delete the winner's.
pub async fn one_creator_of_an_expired_code_wins(store: &SharedStore) {
    done(store.create_room(Room { expires_at: NOW + HOUR, ..room(200, 200) }).await);
    let answers = at_once(store, 1..=CROWD, |store, number| async move {
        let later = Room { created_at: NOW + HOUR, expires_at: END, ..room(number, number) };
        store.create_room(Room { code: code(200), ..later }).await
    })
    .await;
    assert_eq!(count(&answers, Result::is_ok), 1);
    assert_eq!(count(&answers, is_conflict), usize::from(CROWD) - 1);
    assert_eq!(done(store.live_rooms(NOW).await).len(), 1);
    assert_eq!(users_in(store, 200).await, []);
    assert!(done(store.room_by_code(code(200), NOW + HOUR).await).is_some());
}

/// One account of a name, whatever the case.
pub async fn one_account_of_a_name_wins(store: &SharedStore) {
    let answers = at_once(store, 1..=CROWD, |store, number| async move {
        let name = if number % 2 == 0 { "ada" } else { "ADA" };
        store.create_user(account_user(number, name)).await
    })
    .await;
    assert_eq!(count(&answers, Result::is_ok), 1);
    assert_eq!(count(&answers, is_conflict), usize::from(CROWD) - 1);
    let mut kept = 0;
    for number in 1..=CROWD {
        kept += usize::from(done(store.user(user_id(number), NOW).await).is_some());
    }
    assert_eq!(kept, 1);
}

/// One guest gets the name, the others stay guests.
pub async fn one_guest_of_a_name_wins(store: &SharedStore) {
    for number in 1..=CROWD {
        done(store.create_user(guest(number)).await);
    }
    let answers = at_once(store, 1..=CROWD, |store, number| async move {
        store.make_account(user_id(number), account("Ada"), NOW).await
    })
    .await;
    assert_eq!(count(&answers, Result::is_ok), 1);
    assert_eq!(count(&answers, is_conflict), usize::from(CROWD) - 1);
    let winner = done(store.user_by_name(&username("ada")).await).map(|user| user.id);
    for (number, answer) in (1..=CROWD).zip(&answers) {
        let user = done(store.user(user_id(number), NOW).await);
        assert!(user.is_some_and(|user| user.expires_at.is_none() == answer.is_ok()));
        assert_eq!(winner == Some(user_id(number)), answer.is_ok());
    }
}

/// Whoever joined did so before the deletion and went with it; nobody is a member of nothing.
pub async fn joins_race_a_deletion(store: &SharedStore) {
    for round in 1..=ROUNDS {
        done(store.create_room(room(round, 1)).await);
        at_once(store, 1..=16, |store, user| async move {
            if user == 8 {
                assert!(done(store.delete_room(room_id(round)).await));
            } else {
                let joined = join(&store, round, user).await;
                assert!(matches!(joined, JoinOutcome::New | JoinOutcome::Already | JoinOutcome::NoRoom));
            }
        })
        .await;
        assert_eq!(done(store.room(room_id(round), NOW).await), None);
        assert_sound(store, round, 1..=16).await;
    }
}

/// The room ends before the join or goes over to who joined: never a member inside a deleted room, never an empty one.
pub async fn joins_race_the_last_to_leave(store: &SharedStore) {
    for round in 1..=ROUNDS {
        done(store.create_room(room(round, 1)).await);
        let answers = at_once(store, 1..=2, |store, user| async move {
            if user == 1 {
                done(store.leave(room_id(round), user_id(1)).await) == LeaveOutcome::RoomDeleted
            } else {
                join(&store, round, 2).await == JoinOutcome::NoRoom
            }
        })
        .await;
        assert_eq!(answers[0], answers[1], "both saw the same order");
        let expected = (!answers[0]).then(|| user_id(2));
        assert_eq!(owner_of(store, round).await, expected);
        assert_sound(store, round, 1..=2).await;
    }
}

/// One of them is the last, and only one.
pub async fn everybody_leaves_at_once(store: &SharedStore) {
    a_room_of(store, CROWD).await;
    let answers =
        at_once(store, 1..=CROWD, |store, user| async move { done(store.leave(room_id(1), user_id(user)).await) })
            .await;
    assert_eq!(count(&answers, |left| *left == LeaveOutcome::RoomDeleted), 1);
    assert_eq!(count(&answers, |left| *left == LeaveOutcome::NotMember), 0);
    assert_eq!(done(store.room(room_id(1), NOW).await), None);
    assert_sound(store, 1, 1..=CROWD).await;
}

/// The owner at the end is one of those who are left, and the oldest of them.
pub async fn the_owner_leaves_among_others(store: &SharedStore) {
    for round in 1..=ROUNDS {
        done(store.create_room(room(round, 1)).await);
        for user in 2..=8 {
            assert_eq!(join(store, round, user).await, JoinOutcome::New);
        }
        at_once(store, 1..=6, |store, user| async move {
            let left = done(store.leave(room_id(round), user_id(user)).await);
            assert!(matches!(left, LeaveOutcome::Remaining { .. }));
        })
        .await;
        assert_eq!(users_in(store, round).await, [user_id(7), user_id(8)]);
        assert_eq!(owner_of(store, round).await, Some(user_id(7)));
    }
}

/// However many devices sign in at once, the bound holds, and each that made way is named once.
pub async fn logins_are_bounded_under_many(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    let answers = at_once(store, 1..=CROWD, |store, number| async move {
        done(store.add_login(user_id(1), login(number, NOW, NOW), 16, NOW).await)
    })
    .await;
    let user = done(store.user(user_id(1), NOW).await);
    let kept = user.map(|user| user.logins).unwrap_or_default();
    assert_eq!(kept.len(), 16);
    let mut keys: Vec<_> = answers.into_iter().flatten().collect();
    keys.extend(kept.iter().map(|login| login.key));
    keys.sort();
    assert_eq!(keys, (1..=CROWD).map(key).collect::<Vec<_>>());
}

/// What is removed is removed once: one caller hears of it.
pub async fn one_of_many_removals_wins(store: &SharedStore) {
    a_room_of(store, 2).await;
    done(store.add_login(user_id(1), login(1, NOW, NOW), 16, NOW).await);
    let logins =
        at_once(store, 1..=CROWD, |store, _| async move { done(store.remove_login(user_id(1), key(1)).await) });
    assert_eq!(count(&logins.await, |removed| *removed), 1);
    let leaves = at_once(store, 1..=CROWD, |store, _| async move { done(store.leave(room_id(1), user_id(2)).await) });
    assert_eq!(count(&leaves.await, |left| *left != LeaveOutcome::NotMember), 1);
    let rooms = at_once(store, 1..=CROWD, |store, _| async move { done(store.delete_room(room_id(1)).await) });
    assert_eq!(count(&rooms.await, |deleted| *deleted), 1);
}

/// The others leave and come while an owner's account goes: each room stays sound, and the deleted user is in none.
pub async fn a_user_is_deleted_while_rooms_change(store: &SharedStore) {
    for round in 1..=ROUNDS {
        done(store.create_user(guest(1)).await);
        done(store.create_room(room(round, 1)).await);
        assert_eq!(join(store, round, 2).await, JoinOutcome::New);
        at_once(store, 1..=4, |store, user| async move {
            match user {
                1 => drop(done(store.delete_user(user_id(1)).await)),
                2 => drop(done(store.leave(room_id(round), user_id(2)).await)),
                other => drop(join(&store, round, other).await),
            }
        })
        .await;
        assert!(!users_in(store, round).await.contains(&user_id(1)));
        assert_sound(store, round, 1..=4).await;
    }
}

/// A purge that takes the owner away leaves the joins that come meanwhile in a sound room, or in none.
pub async fn a_purge_races_joins(store: &SharedStore) {
    for user in 2..=8 {
        done(store.create_user(account_user(user, &format!("user{user}"))).await);
    }
    for round in 1..=ROUNDS {
        done(store.create_user(guest(1)).await);
        let lasting = Room { expires_at: END + HOUR, ..room(round, 1) };
        done(store.create_room(lasting).await);
        at_once(store, 1..=8, |store, user| async move {
            if user == 1 {
                assert_eq!(done(store.purge(END, 0, &BTreeSet::new()).await).users, 1);
            } else {
                let joining = store.join(room_id(round), membership(user, NOW), MANY, NOW).await;
                assert!(matches!(done(joining), JoinOutcome::New | JoinOutcome::NoRoom));
            }
        })
        .await;
        assert!(!users_in(store, round).await.contains(&user_id(1)));
        assert_sound(store, round, 1..=8).await;
    }
}
