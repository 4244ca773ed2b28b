//! The rate limits on a clock of their own.

mod attacks;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;
use std::sync::Arc;

use chat::{ChannelId, Monotonic, Now};
use protocol::{ErrorCode, Limits, Username};

use super::lanes::Step;
use super::strikes::{PIN_MEMORY_MS, PIN_WAIT_MS, PIN_WAIT_MS_MAX};
use super::{Attempt, Caller, NameKey, RateLimit, RateLimits};
use crate::address::Address;
use crate::error::Refused;
use crate::identity::UserId;

const NOW: Now = Now { wall: 1_800_000_000_000, mono: Monotonic::START.after(10_000) };
const ROOM: ChannelId = ChannelId([7; 16]);
const USER: UserId = UserId([1; 16]);
const OTHER: UserId = UserId([2; 16]);

fn rate_limits() -> RateLimits {
    RateLimits::new(&Limits::default())
}

fn address(last: u8) -> Address {
    IpAddr::from([192, 0, 2, last]).into()
}

fn nobody(last: u8) -> Caller {
    Caller { user: None, address: address(last), followed: false }
}

fn name_key(folded: &str) -> NameKey {
    let mut hasher = DefaultHasher::new();
    folded.hash(&mut hasher);
    NameKey(hasher.finish())
}

fn name(typed: &str) -> NameKey {
    name_key(&Username::parse(typed).expect("is a name").folded())
}

/// Two nodes, each of which hears what the other counts at once.
fn two_nodes() -> [Arc<RateLimits>; 2] {
    let nodes = [(); 2].map(|()| Arc::new(rate_limits()));
    for (node, other) in [(0, 1), (1, 0)] {
        let other = Arc::downgrade(&nodes[other]);
        nodes[node].tell_others(move |charge| {
            // As it travels.
            let json = serde_json::to_string(&charge).expect("is JSON");
            let other = other.upgrade().expect("lives as long");
            other.hear(serde_json::from_str(&json).expect("is read"), NOW);
        });
    }
    nodes
}

#[test]
fn whoever_asks_two_nodes_in_turn_may_no_more_than_at_one() {
    let limits = Limits::default();
    let [a, b] = two_nodes();
    let at = |turn: u32| if turn.is_multiple_of(2) { &a } else { &b };
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        at(turn)
    };
    let wrong_pins = made(|| next().try_pin(ROOM, nobody(1), NOW));
    assert_eq!(wrong_pins, limits.pin_tries);
    let mut misses = 0;
    while next().take(RateLimit::Misses(nobody(2)), NOW).is_ok() {
        misses += 1;
    }
    assert_eq!(misses, limits.misses_per_minute);
    next().give_back(RateLimit::Misses(nobody(2)));
    assert_eq!(next().take(RateLimit::Misses(nobody(2)), NOW), Ok(()), "what came to nothing is given back everywhere");
    let wrong_passwords = made(|| next().try_password(name("somebody"), false, nobody(3), NOW));
    assert_eq!(wrong_passwords, limits.auth_failures);
}

#[test]
fn who_was_right_on_one_node_is_known_on_the_other() {
    let [a, b] = two_nodes();
    let me = Caller::user(USER, address(1));
    let attempt = a.try_pin(ROOM, me, NOW).expect("is the first");
    a.succeeded(attempt, NOW);
    // A neighbour guesses; that costs those who are known there nothing.
    let _ = made(|| b.try_pin(ROOM, nobody(1), NOW));
    assert!(b.try_pin(ROOM, me, NOW).is_ok());
}

#[track_caller]
fn wait_of<T: std::fmt::Debug>(refused: Result<T, Refused>) -> u64 {
    let failure = refused.expect_err("this one is refused");
    assert!(matches!(failure.code, ErrorCode::RateLimited | ErrorCode::TooManyTries));
    failure.retry_after_ms.expect("a refusal says when to come back")
}

/// Tries that fail until one is refused; how many were made.
fn made(mut attempt: impl FnMut() -> Result<Attempt, Refused>) -> u32 {
    let mut made = 0;
    while let Ok(attempt) = attempt() {
        drop(attempt);
        made += 1;
        assert!(made < 100_000, "there is a limit");
    }
    made
}

#[test]
fn each_gate_lets_its_limit_through_and_not_one_more() {
    let (rate_limits, limits) = (rate_limits(), Limits::default());
    let followed = Caller { followed: true, ..nobody(1) };
    let table = [
        (RateLimit::Sends(USER), limits.sends_burst),
        (RateLimit::Joins(USER), limits.joins_per_minute),
        (RateLimit::Follows(USER), limits.rooms_per_session),
        (RateLimit::Renames(USER), limits.joins_per_minute),
        (RateLimit::RoomsMade(Caller::user(USER, address(1))), limits.rooms_made_per_hour),
        (RateLimit::UsersMade(nobody(1)), limits.guests_made_per_hour),
        (RateLimit::Misses(nobody(1)), limits.misses_per_minute),
        (RateLimit::Misses(followed), limits.misses_per_minute),
        (RateLimit::Misses(Caller::user(USER, address(1))), limits.misses_per_minute),
    ];
    for (limit, allowed) in table {
        for _ in 0..allowed {
            assert_eq!(rate_limits.check(limit, NOW), Ok(()), "{limit:?}");
            assert_eq!(rate_limits.take(limit, NOW), Ok(()), "{limit:?}");
        }
        let wait_ms = wait_of(rate_limits.take(limit, NOW));
        assert_eq!(wait_of(rate_limits.check(limit, NOW)), wait_ms);
        assert!(rate_limits.take(limit, NOW.after(wait_ms - 1)).is_err(), "{limit:?}");
        assert_eq!(rate_limits.take(limit, NOW.after(wait_ms)), Ok(()), "{limit:?}");
    }
}

#[test]
fn who_has_a_login_has_an_allowance_of_their_own() {
    let (rate_limits, limits) = (rate_limits(), Limits::default());
    let exhaust = |caller: Caller| {
        let mut taken = 0;
        while rate_limits.take(RateLimit::Misses(caller), NOW).is_ok() {
            taken += 1;
        }
        taken
    };
    let (user, other) = (Caller::user(USER, address(1)), Caller::user(OTHER, address(1)));
    assert_eq!(exhaust(nobody(1)), limits.misses_per_minute, "a neighbour without a login");
    assert_eq!(exhaust(Caller { followed: true, ..user }), limits.misses_per_minute, "another site's page");
    assert_eq!(exhaust(user), limits.misses_per_minute, "keep nobody with a login from theirs");
    assert_eq!(exhaust(other), limits.misses_per_minute, "nor does one with a login");
    let all: u32 = (3..=200).map(|user| exhaust(Caller::user(UserId([user; 16]), address(1)))).sum();
    assert_eq!(all, 2 * limits.misses_per_minute, "but guests are easily made: the address has an end");
    assert_eq!(exhaust(nobody(2)), limits.misses_per_minute);
}

#[test]
fn five_failed_sign_ins_in_fifteen_minutes_are_the_most() {
    let rate_limits = rate_limits();
    let key = name("Somebody");
    assert_eq!(key, name("sOMEBODY"));
    assert_eq!(made(|| rate_limits.try_password(key, false, nobody(1), NOW)), 5);
    assert_eq!(wait_of(rate_limits.try_password(key, false, nobody(1), NOW)), 180_000);
    let other = rate_limits.try_password(key, false, nobody(2), NOW).expect("others are not locked out");
    rate_limits.failed(other);
    let user = Caller::user(USER, address(1));
    assert_eq!(made(|| rate_limits.try_password(key, true, user, NOW)), 5, "nor is the account's user, from there too");
    let right = rate_limits.try_password(key, false, nobody(1), NOW.after(180_000)).expect("the wait is over");
    rate_limits.succeeded(right, NOW);
    assert_eq!(made(|| rate_limits.try_password(key, false, nobody(1), NOW)), 5);
}

#[test]
fn one_address_fails_at_so_many_accounts_only_and_who_is_known_there_gets_through() {
    let rate_limits = rate_limits();
    let known = name("known");
    let right = rate_limits.try_password(known, false, nobody(1), NOW).expect("is the first");
    rate_limits.succeeded(right, NOW);
    let mut accounts = 0_u32;
    let failed = made(|| {
        accounts += 1;
        rate_limits.try_password(name_key(&format!("account{accounts}")), false, nobody(1), NOW)
    });
    assert_eq!(failed, 60);
    assert_eq!(made(|| rate_limits.try_password(known, false, nobody(1), NOW)), 5);
}

#[test]
fn signing_in_to_an_account_of_ones_own_buys_no_guess_at_others() {
    let rate_limits = rate_limits();
    let own = name("own");
    rate_limits.succeeded(rate_limits.try_password(own, false, nobody(1), NOW).expect("is the first"), NOW);
    let mut accounts = 0_u32;
    let mut spray = || {
        accounts += 1;
        rate_limits.try_password(name_key(&format!("account{accounts}")), false, nobody(1), NOW)
    };
    made(&mut spray);
    for _ in 0..10 {
        rate_limits.succeeded(rate_limits.try_password(own, false, nobody(1), NOW).expect("is known there"), NOW);
        rate_limits.withdrawn(rate_limits.try_password(own, false, nobody(1), NOW).expect("is known there"), NOW);
    }
    assert_eq!(made(&mut spray), 0);
}

#[test]
fn what_came_to_nothing_is_given_back_to_user_and_address() {
    let rate_limits = rate_limits();
    let caller = Caller::user(USER, address(1));
    for limit in [
        RateLimit::RoomsMade(caller),
        RateLimit::UsersMade(nobody(1)),
        RateLimit::Joins(USER),
        RateLimit::Renames(USER),
    ] {
        for _ in 0..1_000 {
            assert_eq!(rate_limits.take(limit, NOW), Ok(()), "{limit:?}");
            rate_limits.give_back(limit);
        }
    }
}

#[test]
fn wrong_pins_wait_longer_each_time() {
    let rate_limits = rate_limits();
    assert_eq!(made(|| rate_limits.try_pin(ROOM, nobody(1), NOW)), 5);
    let (mut now, mut expected_ms) = (NOW, PIN_WAIT_MS);
    for _ in 0..20 {
        assert_eq!(wait_of(rate_limits.try_pin(ROOM, nobody(1), now)), expected_ms);
        assert!(rate_limits.try_pin(ROOM, nobody(1), now.after(expected_ms - 1)).is_err());
        now = now.after(expected_ms);
        rate_limits.failed(rate_limits.try_pin(ROOM, nobody(1), now).expect("the wait is over"));
        expected_ms = (expected_ms * 2).min(PIN_WAIT_MS_MAX);
    }
    rate_limits.failed(rate_limits.try_pin(ROOM, nobody(2), now).expect("others are not locked out"));
    rate_limits.failed(rate_limits.try_pin(ChannelId([8; 16]), nobody(1), now).expect("other rooms neither"));
}

#[test]
fn the_right_pin_and_time_make_forget_the_wrong_ones() {
    let rate_limits = rate_limits();
    for _ in 0..4 {
        rate_limits.failed(rate_limits.try_pin(ROOM, nobody(1), NOW).expect("is free"));
    }
    let right = rate_limits.try_pin(ROOM, nobody(1), NOW).expect("is free");
    rate_limits.succeeded(right, NOW);
    assert_eq!(made(|| rate_limits.try_pin(ROOM, nobody(1), NOW)), 5);
    let later = NOW.after(PIN_WAIT_MS + PIN_MEMORY_MS);
    assert_eq!(made(|| rate_limits.try_pin(ROOM, nobody(1), later)), 5);
    assert_eq!(wait_of(rate_limits.try_pin(ROOM, nobody(1), later)), PIN_WAIT_MS);
}

#[test]
fn what_was_not_looked_at_is_not_counted() {
    let rate_limits = rate_limits();
    let key = name("somebody");
    for _ in 0..1_000 {
        let attempt = rate_limits.try_pin(ROOM, nobody(1), NOW).expect("is not counted");
        assert_eq!(rate_limits.attempts.arrive(&attempt, NOW), Step::Go, "nor is its turn among all the world's");
        rate_limits.withdrawn(attempt, NOW);
        rate_limits.withdrawn(rate_limits.try_password(key, false, nobody(1), NOW).expect("is not counted"), NOW);
        rate_limits
            .withdrawn(rate_limits.try_password(key, true, Caller::user(USER, address(1)), NOW).expect("is not"), NOW);
    }
    assert_eq!(made(|| rate_limits.try_pin(ROOM, nobody(1), NOW)), 5);
}

#[test]
fn who_opened_a_room_before_has_tries_that_no_neighbour_uses_up() {
    let rate_limits = rate_limits();
    let (user, neighbour) = (Caller::user(USER, address(1)), Caller::user(OTHER, address(1)));
    rate_limits.succeeded(rate_limits.try_pin(ROOM, user, NOW).expect("is free"), NOW);
    assert_eq!(made(|| rate_limits.try_pin(ROOM, neighbour, NOW)), 5);
    assert!(rate_limits.try_pin(ROOM, nobody(1), NOW).is_err());
    assert_eq!(made(|| rate_limits.try_pin(ROOM, user, NOW)), 5, "and as many of their own");
}

#[test]
fn the_tables_are_bounded_and_empty_in_the_end() {
    let limits = Limits { rate_entries_max: 100, ..Limits::default() };
    let rate_limits = RateLimits::new(&limits);
    for user in 0..10_000_u128 {
        let bytes = user.to_be_bytes();
        let from = Address::from(IpAddr::from((user << 64).to_be_bytes()));
        assert_eq!(rate_limits.take(RateLimit::Sends(UserId(bytes)), NOW), Ok(()));
        assert_eq!(
            rate_limits.take(RateLimit::Misses(Caller::user(UserId(bytes), address(1))), NOW).is_ok(),
            user < 120
        );
        let caller = Caller { user: None, address: from, followed: false };
        if let Ok(attempt) = rate_limits.try_pin(ChannelId(bytes), caller, NOW) {
            rate_limits.succeeded(attempt, NOW);
        }
        drop(rate_limits.try_password(name_key(&user.to_string()), false, caller, NOW));
    }
    assert!(rate_limits.len() <= 1_200 && !rate_limits.is_empty(), "{}", rate_limits.len());
    rate_limits.prune(NOW.after(31 * 24 * 3_600_000));
    assert!(rate_limits.is_empty(), "{}", rate_limits.len());
}
