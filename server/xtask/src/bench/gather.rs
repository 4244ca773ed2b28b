//! Brings people into the rooms of a server, in the way of its dialect.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::api::Api;
use super::crowd::{Crowd, Room};
use super::dialect::Step;
use super::line::Line;
use super::load::Load;
use super::peers::Candidate;
use super::publisher::Publisher;

/// All have to be inside by then.
pub(super) const GATHERS_WITHIN: Duration = Duration::from_mins(1);

/// How many rooms, with how many people in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rooms: usize,
    pub(super) members: usize,
}

impl Shape {
    pub(super) const fn people(self) -> usize {
        self.rooms * self.members
    }
}

/// People who are made and have not connected.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) crowd: usize,
    /// Their lines in the load, with what each says to be known and to be inside.
    pub(super) people: Vec<Person>,
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) line: usize,
    pub(super) opening: Vec<Step>,
    pub(super) join: Step,
}

impl Outside {
    /// What each says first.
    pub(super) fn openings(&self) -> Vec<(usize, Vec<Step>)> {
        self.people.iter().map(|person| (person.line, person.opening.clone())).collect()
    }

    /// What each says until they are inside.
    pub(super) fn ways_inside(&self) -> Vec<(usize, Vec<Step>)> {
        let way = |person: &Person| [person.opening.as_slice(), std::slice::from_ref(&person.join)].concat();
        self.people.iter().map(|person| (person.line, way(person))).collect()
    }
}

/// Makes a guest for each, and the rooms; nobody is connected yet.
pub(super) fn outside(load: &mut Load, candidate: Candidate, address: SocketAddr, shape: Shape) -> Result<Outside> {
    let dialect = candidate.dialect();
    let mut api = if candidate.has_rooms() { Some(Api::connect(address, load.secured.get(&address))?) } else { None };
    let number = load.crowds.len();
    let mut crowd = Crowd {
        dialect,
        address,
        rooms: Vec::with_capacity(shape.rooms),
        lines: Vec::with_capacity(shape.people()),
        said: 0,
        filling: 0,
        publisher: if candidate.is_published_to() { Some(Publisher::connect(address)?) } else { None },
        reporting: true,
    };
    let mut people = Vec::with_capacity(shape.people());
    for room in 0..shape.rooms {
        let mut name = format!("room{room}");
        let mut members = Vec::with_capacity(shape.members);
        for member in 0..shape.members {
            let token = api.as_mut().map_or(Ok(String::new()), Api::guest)?;
            if let Some(api) = api.as_mut().filter(|_| member == 0) {
                // One place more than is taken, for who comes later.
                name = api.room(&token, shape.members + 1)?;
            }
            let line = load.lines.len();
            let mut inside = Line::new(number);
            inside.room = Some(room);
            load.lines.push(inside);
            people.push(Person { line, opening: dialect.opening(address, &token), join: dialect.join(&name) });
            members.push(line);
        }
        crowd.lines.extend_from_slice(&members);
        crowd.rooms.push(Room { members, ..Room::new(name) });
    }
    load.crowds.push(crowd);
    Ok(Outside { crowd: number, people })
}

/// The same, and waits until all are inside; the crowd's place in the load.
pub(super) fn inside(load: &mut Load, candidate: Candidate, address: SocketAddr, shape: Shape) -> Result<usize> {
    let outside = outside(load, candidate, address, shape)?;
    load.open_all(outside.ways_inside(), GATHERS_WITHIN, |_| {})?;
    Ok(outside.crowd)
}
