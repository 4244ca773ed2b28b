//! Random sequences of calls, answered alike by the reference and by another store.
//!
//! Few ids and few times, so that calls meet: names collide, codes come again, ends are hit to the millisecond.

mod logins;
mod rooms;
mod users;

use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};

use super::fixtures::{NOW, room_id, user_id};
use crate::store::{
    JoinOutcome, LeaveOutcome, LoginKey, Membership, Purged, RoleOutcome, Room, RoomId, Store, StoreError, User, UserId,
};
use logins::LoginStep;
use rooms::RoomStep;
use users::UserStep;

const USERS: u8 = 4;
const KEYS: u8 = 5;
const ROOMS: u8 = 3;
const TIMES: u8 = 8;
const STEPS_MAX: usize = 80;

/// One call. Small numbers become ids, names and times where it is made.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    User(UserStep),
    Login(LoginStep),
    Room(RoomStep),
}

/// What a call was answered, in an order that does not depend on the store.
#[derive(Debug, PartialEq)]
enum Answer {
    Done,
    Truth(bool),
    User(Option<User>),
    Room(Option<Room>),
    Rooms(Vec<Room>),
    Ids(Vec<RoomId>),
    Users(Vec<UserId>),
    Keys(Vec<LoginKey>),
    Joined(JoinOutcome),
    Left(LeaveOutcome),
    Role(RoleOutcome),
    AllLeft(Vec<(RoomId, LeaveOutcome)>),
    Members(Vec<Membership>),
    Purged(Purged),
    Conflict,
    NotFound,
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => users::steps().prop_map(Step::User),
        2 => logins::steps().prop_map(Step::Login),
        5 => rooms::steps().prop_map(Step::Room),
    ];
    vec(step, 1..STEPS_MAX)
}

/// Makes the calls in both stores, then compares everything that can be read.
pub(crate) async fn assert_alike(reference: &dyn Store, other: &dyn Store, steps: &[Step]) {
    for (number, step) in steps.iter().enumerate() {
        let expected = answer(reference, step).await;
        assert_eq!(expected, answer(other, step).await, "call {number} is answered alike");
    }
    assert!(everything(reference).await == everything(other).await, "the same is left");
}

async fn answer(store: &dyn Store, step: &Step) -> Answer {
    match step {
        Step::Login(step) => logins::answer(store, step).await,
        Step::User(step) => users::answer(store, step).await,
        Step::Room(step) => rooms::answer(store, step).await,
    }
}

async fn everything(store: &dyn Store) -> Vec<Answer> {
    let mut read = Vec::new();
    for now in (0..TIMES).map(time) {
        for user in (0..USERS).map(user_id) {
            read.push(answered(store.user(user, now).await, Answer::User));
            read.push(answered(store.rooms_of(user, now).await, Answer::Rooms));
        }
        for room in (0..ROOMS).map(room_id) {
            read.push(answered(store.room(room, now).await, Answer::Room));
        }
    }
    for room in (0..ROOMS).map(room_id) {
        read.push(answered(store.members(room).await, Answer::Members));
    }
    read
}

fn time(number: u8) -> u64 {
    NOW + u64::from(number)
}

fn answered<T>(result: Result<T, StoreError>, kind: impl Fn(T) -> Answer) -> Answer {
    match result {
        Ok(value) => kind(value),
        Err(StoreError::Conflict) => Answer::Conflict,
        Err(StoreError::NotFound) => Answer::NotFound,
        Err(error @ (StoreError::Unavailable | StoreError::Failed(_))) => {
            panic!("the store failed: {error:?}")
        }
    }
}

fn done((): ()) -> Answer {
    Answer::Done
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}
