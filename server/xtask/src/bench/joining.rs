//! Coming in: many join one room at once, and ten thousand come back to a server that was killed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::gather::{self, GATHERS_WITHIN, Shape};
use super::load::Load;
use super::measured::{Bar, Gathered, or_miss};
use super::peers::{Candidate, Programs};
use super::scenarios::Plan;
use super::statistics::float;

/// Files that a server and the load have open beside the connections.
const OTHER_FILES: usize = 1_000;
/// A server keeps files for as many as a quarter of its connections besides, for lines that are not yet any.
const SPARE: usize = 4;
const COME_BACK: usize = 10_000;
/// Nobody waits longer for all to be back.
const BACK_WITHIN: Duration = Duration::from_mins(1);

/// Joins of one room by people who are connected.
pub(super) fn joins(programs: &mut Programs, plan: &Plan, gathered: &mut Gathered) {
    let sizes: &[(usize, f64)] = if plan.quick { &[(500, 0.05)] } else { &[(500, 0.05), (2_000, 0.25)] };
    for &(members, bar) in sizes {
        let what = format!("{members} joins of one room");
        for _ in 0..plan.rounds.min(3) {
            let candidates = [vec![Candidate::Floor], programs.candidates()].concat();
            for candidate in candidates.into_iter().filter(|_| !plan.is_over()) {
                let bar = candidate.is_product().then_some(Bar::AtMost(bar));
                let joined = join(programs, plan, candidate, members).map(|(cpu, frames)| {
                    gathered.add(&what, candidate, "s of CPU", bar, cpu);
                    gathered.add(&format!("{what}: frames to each"), candidate, "frames", None, frames);
                });
                or_miss(programs, &what, candidate, joined);
            }
        }
    }
}

/// Seconds of the server's processor until all are inside and it is quiet again; frames that each got.
fn join(programs: &Programs, plan: &Plan, candidate: Candidate, members: usize) -> Result<(f64, f64)> {
    let (mut load, data) = (Load::new()?, tempfile::tempdir()?);
    let server = programs.start(candidate, 0, data.path(), &[plan.server_core])?;
    let outside = gather::outside(&mut load, candidate, server.address, Shape { rooms: 1, members })?;
    load.open_all(outside.openings(), GATHERS_WITHIN, |_| {})?;
    load.rest(Duration::from_millis(300))?;
    load.take_heard();
    let before = server.cpu()?;
    for person in &outside.people {
        load.follow(person.line, vec![person.join.clone()])?;
    }
    load.settle(Instant::now() + GATHERS_WITHIN)?;
    // News of those who came is gathered for a while.
    load.rest(Duration::from_secs(1))?;
    let spent = server.cpu()?.since(&before);
    Ok((spent.as_secs_f64(), float(load.take_heard().frames) / float(members as u64)))
}

/// A server is killed with all inside, is started again, and all come back at once.
pub(super) fn come_back(programs: &mut Programs, plan: &Plan, gathered: &mut Gathered) {
    let possible = (plan.file_limit.saturating_sub(OTHER_FILES) * SPARE / (SPARE + 1)).min(COME_BACK);
    let people = if plan.quick { possible.min(1_000) } else { possible };
    if possible < COME_BACK {
        programs.miss(
            &format!("{COME_BACK} who come back"),
            &format!("{} open files are allowed, which is enough for {possible}", plan.file_limit),
        );
    }
    let what = format!("{people} come back after SIGKILL");
    for candidate in programs.candidates().into_iter().filter(|candidate| candidate.is_product()) {
        if plan.is_over() {
            return programs.miss(&what, "the time is over");
        }
        let result = back(programs, plan, candidate, people).map(|back| {
            gathered.add(&format!("{what}: 99 % are inside"), candidate, "s", Some(Bar::AtMost(10.0)), back.most_s);
            gathered.add(&format!("{what}: all are inside"), candidate, "s", None, back.all_s);
            gathered.add(&format!("{what}: CPU each"), candidate, "us", Some(Bar::AtMost(150.0)), back.cpu_us);
        });
        or_miss(programs, &what, candidate, result);
    }
}

struct Back {
    most_s: f64,
    all_s: f64,
    cpu_us: f64,
}

fn back(programs: &Programs, plan: &Plan, candidate: Candidate, people: usize) -> Result<Back> {
    let (mut load, data) = (Load::new()?, tempfile::tempdir()?);
    let cores = [plan.server_core];
    let mut server = programs.start(candidate, 0, data.path(), &cores)?;
    let shape = Shape { rooms: people / 50, members: 50 };
    let outside = gather::outside(&mut load, candidate, server.address, shape)?;
    load.open_all(outside.ways_inside(), BACK_WITHIN, |_| {}).context("they did not come in")?;
    server.kill()?;
    let until = Instant::now() + GATHERS_WITHIN;
    while load.heard().ended.len() < shape.people() {
        load.listen(Duration::from_millis(1))?;
        ensure!(Instant::now() < until, "connections outlive their server");
    }
    load.take_heard();
    let server = programs.start(candidate, server.address.port(), data.path(), &cores).context("not started again")?;
    let (before, started) = (server.cpu()?, Instant::now());
    let mut most = None;
    load.open_all(outside.ways_inside(), BACK_WITHIN, |done| {
        if done * 100 >= shape.people() * 99 {
            most.get_or_insert_with(|| started.elapsed().as_secs_f64());
        }
    })?;
    let all_s = started.elapsed().as_secs_f64();
    load.rest(Duration::from_millis(500))?;
    let spent = server.cpu()?.since(&before);
    let cpu_us = spent.as_secs_f64() * 1e6 / float(shape.people() as u64);
    Ok(Back { most_s: most.unwrap_or(all_s), all_s, cpu_us })
}
