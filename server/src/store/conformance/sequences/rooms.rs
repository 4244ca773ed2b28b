//! Calls about rooms and their membership.

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::Just;
use protocol::{Role, Topic};

use super::{Answer, ROOMS, TIMES, USERS, answered, done, sorted, time};
use crate::store::conformance::fixtures::{MANY, code, membership, room, room_id, user_id};
use crate::store::{Room, RoomChange, Store};

#[derive(Debug, Clone)]
pub(crate) enum RoomStep {
    Create { room: u8, code: u8, owner: u8, now: u8, end: u8 },
    ReadByCode { code: u8, now: u8 },
    Join { room: u8, user: u8, max: u32, now: u8 },
    Leave { room: u8, user: u8 },
    IsMember { room: u8, user: u8, now: u8 },
    GuestsIn { room: u8, max: u32 },
    RoomsOf { user: u8, now: u8 },
    Rename { room: u8, topic: Option<u8>, locked: bool, end: u8 },
    SetRole { room: u8, user: u8, role: Role, max: u32 },
    Delete { room: u8 },
    Live { now: u8 },
}

pub(super) fn steps() -> impl Strategy<Value = RoomStep> {
    let (user, room, time) = (|| 0..USERS, || 0..ROOMS, || 0..TIMES);
    prop_oneof![
        4 => (room(), room(), user(), time(), time()).prop_map(
            |(room, code, owner, now, end)| RoomStep::Create { room, code, owner, now, end },
        ),
        1 => (room(), time()).prop_map(|(code, now)| RoomStep::ReadByCode { code, now }),
        6 => (room(), user(), prop_oneof![Just(MANY), 0..4_u32], time())
            .prop_map(|(room, user, max, now)| RoomStep::Join { room, user, max, now }),
        3 => (room(), user()).prop_map(|(room, user)| RoomStep::Leave { room, user }),
        1 => (room(), user(), time())
            .prop_map(|(room, user, now)| RoomStep::IsMember { room, user, now }),
        1 => (room(), 0..4_u32).prop_map(|(room, max)| RoomStep::GuestsIn { room, max }),
        1 => (user(), time()).prop_map(|(user, now)| RoomStep::RoomsOf { user, now }),
        2 => (room(), proptest::option::of(0_u8..2), any::<bool>(), time())
            .prop_map(|(room, topic, locked, end)| RoomStep::Rename { room, topic, locked, end }),
        3 => (room(), user(), select(vec![Role::Member, Role::Moderator, Role::Owner]), 0..4_u32)
            .prop_map(|(room, user, role, max)| RoomStep::SetRole { room, user, role, max }),
        1 => room().prop_map(|room| RoomStep::Delete { room }),
        1 => time().prop_map(|now| RoomStep::Live { now }),
    ]
}

pub(super) async fn answer(store: &dyn Store, step: &RoomStep) -> Answer {
    match *step {
        RoomStep::Create { room: number, code: of, owner, now, end } => {
            let (created_at, expires_at) = (time(now), time(end));
            let made = Room { code: code(of), created_at, expires_at, ..room(number, owner) };
            answered(store.create_room(made).await, done)
        }
        RoomStep::ReadByCode { code: of, now } => answered(store.room_by_code(code(of), time(now)).await, Answer::Room),
        RoomStep::Join { room, user, max, now } => {
            let joining = membership(user, time(now));
            answered(store.join(room_id(room), joining, max, time(now)).await, Answer::Joined)
        }
        RoomStep::Leave { room, user } => answered(store.leave(room_id(room), user_id(user)).await, Answer::Left),
        RoomStep::IsMember { room, user, now } => {
            let is_member = store.is_member(room_id(room), user_id(user), time(now)).await;
            answered(is_member, Answer::Truth)
        }
        RoomStep::GuestsIn { room, max } => answered(store.guests_in(room_id(room), max).await, Answer::Users),
        RoomStep::RoomsOf { user, now } => answered(store.rooms_of(user_id(user), time(now)).await, Answer::Rooms),
        RoomStep::Rename { room, topic, locked, end } => {
            let topic = topic.map(|number| Topic::parse(&format!("topic {number}")).expect("is a topic"));
            let (topic, locked, expires_at) = (Some(topic), Some(locked), Some(time(end)));
            let change = RoomChange { topic, locked, expires_at, ..RoomChange::default() };
            answered(store.change_room(room_id(room), change).await, Answer::Truth)
        }
        RoomStep::SetRole { room, user, role, max } => {
            answered(store.set_role(room_id(room), user_id(user), role, max).await, Answer::Role)
        }
        RoomStep::Delete { room } => answered(store.delete_room(room_id(room)).await, Answer::Truth),
        RoomStep::Live { now } => answered(store.live_rooms(time(now)).await, |ids| Answer::Ids(sorted(ids))),
    }
}
