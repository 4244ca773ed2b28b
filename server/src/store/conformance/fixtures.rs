//! Small, distinct values for the cases, and the assertions that many of them share.

use protocol::{DisplayName, Millis, RoomCode, RoomName, Username};

use crate::store::{
    Account, JoinOutcome, Login, LoginKey, Membership, Result, Room, RoomId, SharedStore, StoreError, User, UserId,
};

pub(crate) const HOUR: Millis = 3_600_000;
/// The time at which most cases play: in the future, because `MongoDB` deletes by its own clock what ended long ago.
pub(crate) const NOW: Millis = 4_000_000_000_000 / HOUR * HOUR;
/// When guests and rooms of the fixtures end.
pub(crate) const END: Millis = NOW + 24 * HOUR;
/// A bound that no case reaches by accident.
pub(crate) const MANY: u32 = 10_000;
/// Callers at once.
pub(crate) const CROWD: u8 = 64;

fn sixteen(kind: u8, number: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    // First and last byte: a store that cuts an id short, or stops at a zero, makes two of them equal.
    bytes[0] = kind;
    bytes[15] = number;
    bytes
}

pub(crate) fn user_id(number: u8) -> UserId {
    UserId(sixteen(0, number))
}

pub(crate) fn room_id(number: u8) -> RoomId {
    RoomId(sixteen(0xFF, number))
}

pub(crate) fn key(number: u8) -> LoginKey {
    LoginKey(sixteen(0x80, number))
}

pub(crate) fn code(number: u8) -> RoomCode {
    let alphabet = protocol::ids::ROOM_CODE_ALPHABET;
    let letter = |place: usize| char::from(alphabet[place % alphabet.len()]);
    let number = usize::from(number);
    let typed = format!("WHSPER{}{}", letter(number / alphabet.len()), letter(number));
    RoomCode::parse(&typed).expect("letters of the alphabet are a code")
}

pub(crate) fn username(name: &str) -> Username {
    // Names of signs alone are given no more, and those that were given stay.
    Username::known(name).expect("the cases use valid account names")
}

pub(crate) fn display_name(name: &str) -> DisplayName {
    DisplayName::parse(name).expect("the cases use valid display names")
}

pub(crate) fn room_name(name: &str) -> RoomName {
    RoomName::parse(name).expect("the cases use valid room names")
}

pub(crate) fn guest(number: u8) -> User {
    User { id: user_id(number), account: None, created_at: NOW, expires_at: Some(END), logins: Vec::new() }
}

pub(crate) fn account(name: &str) -> Account {
    Account {
        username: username(name),
        password_hash: format!("$argon2id$v=19$m=19456,t=2,p=1${name}"),
        display_name: display_name("Ada"),
    }
}

pub(crate) fn account_user(number: u8, name: &str) -> User {
    User { account: Some(account(name)), expires_at: None, ..guest(number) }
}

pub(crate) fn login(number: u8, created_at: Millis, last_used_at: Millis) -> Login {
    Login { key: key(number), created_at, last_used_at, device: None }
}

pub(crate) fn room(number: u8, owner: u8) -> Room {
    Room {
        id: room_id(number),
        code: code(number),
        name: room_name("Tea"),
        topic: None,
        pin_hash: None,
        locked: false,
        timer_s: None,
        lobby: false,
        moderators: Vec::new(),
        capacity: 50,
        sealed: false,
        owner: user_id(owner),
        created_at: NOW,
        expires_at: END,
    }
}

pub(crate) fn membership(number: u8, joined_at: Millis) -> Membership {
    Membership { user: user_id(number), joined_at }
}

/// Room 1, owned by guest 1, with the guests 1 to `members` inside, who joined a millisecond after one another.
pub(crate) async fn a_room_of(store: &SharedStore, members: u8) {
    for number in 1..=members {
        done(store.create_user(guest(number)).await);
    }
    done(store.create_room(room(1, 1)).await);
    for number in 2..=members {
        assert_eq!(join(store, 1, number).await, JoinOutcome::New);
    }
}

pub(crate) async fn join(store: &SharedStore, room: u8, user: u8) -> JoinOutcome {
    let membership = membership(user, NOW + Millis::from(user));
    done(store.join(room_id(room), membership, MANY, NOW).await)
}

pub(crate) async fn users_in(store: &SharedStore, room: u8) -> Vec<UserId> {
    let members = done(store.members(room_id(room)).await);
    members.into_iter().map(|member| member.user).collect()
}

pub(crate) async fn owner_of(store: &SharedStore, room: u8) -> Option<UserId> {
    done(store.room(room_id(room), NOW).await).map(|room| room.owner)
}

/// A room that exists has members, its owner among them, and the members know of it; one that does not has none.
pub(crate) async fn assert_sound(store: &SharedStore, room: u8, users: std::ops::RangeInclusive<u8>) {
    let kept = done(store.room(room_id(room), NOW).await);
    let by_code = done(store.room_by_code(code(room), NOW).await);
    assert_eq!(kept.is_some(), by_code.is_some(), "code and id find the same room");
    let members = users_in(store, room).await;
    if let Some(kept) = &kept {
        assert!(members.contains(&kept.owner), "the owner is a member");
    } else {
        assert!(members.is_empty(), "no member without a room");
    }
    for user in users.map(user_id) {
        let inside = members.iter().filter(|member| **member == user).count();
        assert!(inside <= 1, "one membership a user");
        let is_member = done(store.is_member(room_id(room), user, NOW).await);
        assert_eq!(is_member, inside == 1, "is_member agrees with members");
        let rooms = done(store.rooms_of(user, NOW).await);
        let knows = rooms.iter().any(|other| other.id == room_id(room));
        assert_eq!(knows, inside == 1, "rooms_of agrees with members");
    }
}

/// The value of a call that must not fail.
#[track_caller]
pub(crate) fn done<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the store failed: {error:?}"),
    }
}

#[track_caller]
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: Result<T>) {
    assert!(matches!(result, Err(StoreError::Conflict)), "a conflict, not {result:?}");
}

#[track_caller]
pub(crate) fn assert_not_found<T: std::fmt::Debug>(result: Result<T>) {
    assert!(matches!(result, Err(StoreError::NotFound)), "not found, not {result:?}");
}

/// Runs a call for each number at once, each in a task of its own, and answers in the order of the numbers.
pub(crate) async fn at_once<T, F, Call>(store: &SharedStore, numbers: std::ops::RangeInclusive<u8>, call: F) -> Vec<T>
where
    T: Send + 'static,
    F: Fn(SharedStore, u8) -> Call,
    Call: Future<Output = T> + Send + 'static,
{
    let tasks = numbers.map(|number| tokio::spawn(call(store.clone(), number)));
    let tasks: Vec<_> = tasks.collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("a call to the store does not panic"));
    }
    answers
}
