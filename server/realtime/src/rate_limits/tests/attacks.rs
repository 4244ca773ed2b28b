//! Guessing by many at once, played through on a clock of the test's own. Each prints the rate that got through.

#![expect(clippy::print_stdout, reason = "the rates are what these tests are read for")]

use std::net::IpAddr;

use chat::{ChannelId, Now};
use protocol::Limits;

use super::super::lanes::{Step, TRIES_PER_TARGET};
use super::{NOW, OTHER, ROOM, USER, name, nobody, rate_limits};
use crate::address::Address;
use crate::error::Refused;
use crate::rate_limits::{Attempt, Caller, RateLimits};

const MINUTE_MS: u64 = 60_000;

/// One of the 65,536 networks of a /48.
fn within_a_48(number: u16) -> Caller {
    let base: u128 = 0x2001_0db8_0001 << 80;
    let address = Address::from(IpAddr::from((base | u128::from(number) << 64).to_be_bytes()));
    Caller { user: None, address, followed: false }
}

/// One of a botnet's machines.
fn machine(number: u32) -> Caller {
    let [_, a, b, c] = number.to_be_bytes();
    Caller { user: None, address: IpAddr::from([10, a, b, c]).into(), followed: false }
}

/// Guesses that wait for their turn.
struct Crowd<'g> {
    rate_limits: &'g RateLimits,
    waiting: Vec<(Attempt, Now)>,
    /// When each guess that got through was checked, in milliseconds from the start.
    checked: Vec<u64>,
}

impl<'g> Crowd<'g> {
    fn new(rate_limits: &'g RateLimits) -> Self {
        Self { rate_limits, waiting: Vec::new(), checked: Vec::new() }
    }

    /// One guess more, which is wrong.
    fn guess(&mut self, attempt: Result<Attempt, Refused>, now: Now) {
        let Ok(attempt) = attempt else { return };
        match self.rate_limits.attempts.arrive(&attempt, now) {
            Step::Go => self.fail(attempt, now),
            Step::Wait(_) => self.waiting.push((attempt, now)),
            Step::Refused(_) => self.rate_limits.attempts.uncount(attempt.of, now),
        }
    }

    /// Those who wait look whether it is their turn.
    fn look(&mut self, now: Now) {
        for (attempt, arrived) in std::mem::take(&mut self.waiting) {
            match self.rate_limits.attempts.look(&attempt, arrived, now) {
                Step::Go => self.fail(attempt, now),
                Step::Wait(_) => self.waiting.push((attempt, arrived)),
                Step::Refused(_) => self.rate_limits.attempts.uncount(attempt.of, now),
            }
        }
    }

    fn fail(&mut self, attempt: Attempt, now: Now) {
        self.rate_limits.failed(attempt);
        self.checked.push(now.mono.since(NOW.mono));
    }

    /// The most that was checked in any minute.
    fn most_a_minute(&self) -> usize {
        let within = |from: u64| self.checked.iter().filter(|at| (from..from + MINUTE_MS).contains(at)).count();
        self.checked.iter().map(|at| within(*at)).max().unwrap_or_default()
    }

    fn print(&self, who: &str, minutes: u64) {
        let all = self.checked.len();
        println!("{who}: {all} of the guesses of {minutes} minutes were checked, {} in one", self.most_a_minute());
    }
}

#[test]
fn a_whole_48_guesses_at_one_room_as_slowly_as_a_few_neighbours() {
    let rate_limits = rate_limits();
    let mut crowd = Crowd::new(&rate_limits);
    // Fifty-one a second, each from another /64: what got through before, each second.
    for tick in 0..51 * 60 * 30_u32 {
        let now = NOW.after(u64::from(tick) * 1_000 / 51);
        let caller = within_a_48(u16::try_from(tick % 65_536).expect("is one of them"));
        crowd.guess(rate_limits.try_pin(ROOM, caller, now), now);
        crowd.look(now);
    }
    crowd.print("a /48 at one room", 30);
    let free = Limits::default().pin_tries as usize * 8;
    assert!(crowd.checked.len() <= free + 7, "eight times the tries of one address, then waits that grow");
    assert!(crowd.most_a_minute() <= TRIES_PER_TARGET as usize);
    let now = NOW.after(31 * MINUTE_MS);
    let right = rate_limits.try_pin(ROOM, nobody(1), now).expect("who comes from elsewhere is not counted with them");
    assert_eq!(rate_limits.attempts.arrive(&right, now), Step::Go, "and is checked at once");
}

#[test]
fn a_whole_48_fails_at_so_many_rooms_only() {
    let rate_limits = rate_limits();
    let mut crowd = Crowd::new(&rate_limits);
    for tick in 0..60_000_u32 {
        let now = NOW.after(u64::from(tick));
        let room = ChannelId(u128::from(tick % 1_000).to_be_bytes());
        crowd.guess(rate_limits.try_pin(room, within_a_48(u16::try_from(tick).expect("fits")), now), now);
    }
    crowd.print("a /48 at a thousand rooms", 1);
    assert!(crowd.checked.len() <= 60 * 8 + 40, "{}", crowd.checked.len());
}

#[test]
fn one_account_is_guessed_at_sixty_times_a_minute_by_all_the_world() {
    let rate_limits = rate_limits();
    let key = name("somebody");
    let owner = nobody(1);
    rate_limits.succeeded(rate_limits.try_password(key, false, owner, NOW).expect("nobody guesses yet"), NOW);
    let mut crowd = Crowd::new(&rate_limits);
    let minutes = 5;
    for tick in 0..100 * 60 * minutes {
        let now = NOW.after(tick * 10);
        // Half of them come again and again, half are new each time.
        let number = if tick % 2 == 0 { tick % 2_000 } else { 10_000 + tick };
        crowd.guess(rate_limits.try_password(key, false, machine(u32::try_from(number).expect("fits")), now), now);
        crowd.look(now);
        if tick % 3_000 == 0 {
            let right = rate_limits.try_password(key, false, owner, now).expect("the owner is known there");
            assert_eq!(rate_limits.attempts.arrive(&right, now), Step::Go, "and does not stand in line");
            rate_limits.succeeded(right, now);
            let own =
                rate_limits.try_password(key, true, Caller::user(USER, owner.address), now).expect("is signed in");
            assert_eq!(rate_limits.attempts.arrive(&own, now), Step::Go);
            rate_limits.succeeded(own, now);
        }
    }
    crowd.print("a botnet at one account, 100 a second", minutes);
    assert!(crowd.most_a_minute() <= TRIES_PER_TARGET as usize, "{}", crowd.most_a_minute());
    assert!(crowd.checked.len() > 100, "nor is it a standstill");
}

#[test]
fn a_few_who_guess_again_and_again_do_not_keep_newcomers_out() {
    let rate_limits = rate_limits();
    let mut crowd = Crowd::new(&rate_limits);
    for tick in 0..5 * 60 * 20_u64 {
        let now = NOW.after(tick * 200);
        // Two hundred machines, each with its free tries and its growing waits. Each is new once.
        crowd.guess(rate_limits.try_pin(ROOM, machine(u32::try_from(tick % 200).expect("fits")), now), now);
        crowd.look(now);
    }
    crowd.print("two hundred machines at one room", 20);
    let now = NOW.after(20 * MINUTE_MS);
    let newcomer = rate_limits.try_pin(ROOM, Caller::user(OTHER, nobody(1).address), now).expect("never failed here");
    assert_eq!(rate_limits.attempts.arrive(&newcomer, now), Step::Go, "newcomers have a lane of their own");
}

#[test]
fn a_lecture_that_enters_the_right_pin_is_not_taken_for_an_attack() {
    let rate_limits = rate_limits();
    let mut checked = 0;
    // Three hundred people behind one address and in one minute, each right, eighty milliseconds for each to be checked.
    let mut checking: Vec<(Attempt, Now)> = Vec::new();
    for person in 0..300_u128 {
        let now = NOW.after(u64::try_from(person).expect("fits") * 200);
        for (attempt, until) in std::mem::take(&mut checking) {
            if until.mono <= now.mono {
                rate_limits.succeeded(attempt, now);
                checked += 1;
            } else {
                checking.push((attempt, until));
            }
        }
        let caller = Caller::user(crate::identity::UserId(person.to_be_bytes()), nobody(1).address);
        let attempt = rate_limits.try_pin(ROOM, caller, now).expect("those before were right");
        assert_eq!(rate_limits.attempts.arrive(&attempt, now), Step::Go);
        checking.push((attempt, now.after(80)));
    }
    println!("a lecture: {checked} of 300 checked without a wait");
    assert_eq!(checked + checking.len(), 300);
}
