//! The gates on a clock of their own.

use std::net::IpAddr;
use std::time::Duration;

use protocol::{ErrorCode, Limits, Username};

use super::{Gate, Gates, PIN_MEMORY_MS, PIN_WAIT_MS, PIN_WAIT_MS_MAX, SLOWED_MS_MAX, TRIES_PER_TARGET, Target};
use crate::address::Address;
use crate::error::Failure;
use crate::store::{RoomId, UserId};

const NOW: u64 = 1_800_000_000_000;
const ROOM: RoomId = RoomId([7; 16]);
const USER: UserId = UserId([1; 16]);

fn gates() -> Gates {
    Gates::new(&Limits::default())
}

fn address(last: u8) -> Address {
    IpAddr::from([192, 0, 2, last]).into()
}

fn wait_of(refused: Result<(), Failure>) -> u64 {
    let failure = refused.expect_err("this one is refused");
    assert_eq!(failure.code, ErrorCode::RateLimited);
    failure.retry_after_ms.expect("a refusal says when to come back")
}

#[test]
fn each_gate_lets_its_limit_through_and_not_one_more() {
    let (gates, limits) = (gates(), Limits::default());
    let name = gates.name_key(&Username::parse("somebody").expect("is a name"));
    let table = [
        (Gate::Sends(USER), limits.sends_burst),
        (Gate::Joins(USER), limits.joins_per_minute),
        (Gate::Follows(USER), limits.rooms_per_session),
        (Gate::Renames(USER), limits.joins_per_minute),
        (Gate::RoomsMade(address(1)), limits.rooms_made_per_hour),
        (Gate::UsersMade(address(1)), limits.guests_made_per_hour),
        (Gate::Misses(address(1)), limits.misses_per_minute),
        (Gate::SignIns(name, address(1)), limits.auth_failures),
        (Gate::SignInsFrom(address(1)), limits.auth_failures * 12),
    ];
    for (gate, allowed) in table {
        for _ in 0..allowed {
            assert_eq!(gates.check(gate, NOW), Ok(()), "{gate:?}");
            assert_eq!(gates.take(gate, NOW), Ok(()), "{gate:?}");
        }
        let wait_ms = wait_of(gates.take(gate, NOW));
        assert_eq!(wait_of(gates.check(gate, NOW)), wait_ms);
        assert!(gates.take(gate, NOW + wait_ms - 1).is_err(), "{gate:?}");
        assert_eq!(gates.take(gate, NOW + wait_ms), Ok(()), "{gate:?}");
    }
}

#[test]
fn five_failed_sign_ins_in_fifteen_minutes_are_the_most() {
    let gates = gates();
    let name = gates.name_key(&Username::parse("Somebody").expect("is a name"));
    assert_eq!(name, gates.name_key(&Username::parse("sOMEBODY").expect("is a name")));
    let gate = Gate::SignIns(name, address(1));
    for _ in 0..5 {
        assert_eq!(gates.take(gate, NOW), Ok(()));
    }
    assert_eq!(wait_of(gates.take(gate, NOW)), 180_000);
    assert_eq!(gates.take(Gate::SignIns(name, address(2)), NOW), Ok(()), "others are not locked out");
    gates.signed_in(name, address(1));
    assert_eq!(gates.take(gate, NOW), Ok(()));
}

#[test]
fn wrong_pins_wait_longer_each_time() {
    let gates = gates();
    for _ in 0..5 {
        assert_eq!(gates.try_pin(ROOM, address(1), NOW), Ok(()));
    }
    let (mut now, mut expected_ms) = (NOW, PIN_WAIT_MS);
    for _ in 0..20 {
        assert_eq!(wait_of(gates.try_pin(ROOM, address(1), now)), expected_ms);
        assert!(gates.try_pin(ROOM, address(1), now + expected_ms - 1).is_err());
        now += expected_ms;
        assert_eq!(gates.try_pin(ROOM, address(1), now), Ok(()));
        expected_ms = (expected_ms * 2).min(PIN_WAIT_MS_MAX);
    }
    assert_eq!(gates.try_pin(ROOM, address(2), now), Ok(()), "others are not locked out");
    assert_eq!(gates.try_pin(RoomId([8; 16]), address(1), now), Ok(()), "other rooms neither");
}

#[test]
fn the_right_pin_and_time_make_forget_the_wrong_ones() {
    let gates = gates();
    for _ in 0..5 {
        assert_eq!(gates.try_pin(ROOM, address(1), NOW), Ok(()));
    }
    gates.opened(ROOM, address(1));
    for _ in 0..5 {
        assert_eq!(gates.try_pin(ROOM, address(1), NOW), Ok(()));
    }
    let later = NOW + PIN_WAIT_MS + PIN_MEMORY_MS;
    for _ in 0..5 {
        assert_eq!(gates.try_pin(ROOM, address(1), later), Ok(()));
    }
    assert_eq!(wait_of(gates.try_pin(ROOM, address(1), later)), PIN_WAIT_MS);
}

#[test]
fn a_target_under_attack_is_slowed_and_never_refused() {
    let gates = gates();
    for _ in 0..TRIES_PER_TARGET {
        assert_eq!(gates.slowed(Target::Room(ROOM), NOW), Duration::ZERO);
    }
    for _ in 0..1_000 {
        let slowed = gates.slowed(Target::Room(ROOM), NOW);
        assert!(slowed > Duration::ZERO && slowed <= Duration::from_millis(SLOWED_MS_MAX));
    }
    assert_eq!(gates.slowed(Target::Room(RoomId([8; 16])), NOW), Duration::ZERO);
}

#[test]
fn the_tables_are_bounded_and_empty_in_the_end() {
    let limits = Limits { rate_entries_max: 100, ..Limits::default() };
    let gates = Gates::new(&limits);
    for user in 0..10_000_u128 {
        let user = user.to_be_bytes();
        assert_eq!(gates.take(Gate::Sends(UserId(user)), NOW), Ok(()));
        assert_eq!(gates.try_pin(RoomId(user), address(1), NOW), Ok(()));
    }
    assert!(gates.len() <= 200 && !gates.is_empty());
    gates.prune(NOW + PIN_MEMORY_MS + PIN_WAIT_MS_MAX);
    assert!(gates.is_empty());
}
