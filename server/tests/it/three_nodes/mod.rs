//! Three nodes, nine people who talk all the time, and faults by a seeded schedule: lines to the engine that are cut, both
//! ways or one, an engine that is slow and one that is killed, a node that is killed, clients whose lines are lost. Held
//! against the promises is what each person has heard.

mod chance;
mod checker;
mod nodes;
mod person;
mod record;

use std::io::Write as _;
use std::time::{Duration, Instant};

use test_engine::Way;

use crate::harness::{Guest, Room};
use chance::Chance;
use checker::{Figures, check};
use nodes::{NODES, Nodes};
use person::{Newcomer, Person};
use record::Record;

/// Of each node; the first of them stays whatever happens to it.
const PEOPLE_EACH: usize = 3;
/// Longer than anything takes on a busy machine; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The people of a node that is killed are gone from the lists of the others.
const GONE_WITHIN: Duration = Duration::from_secs(15);

struct Three {
    nodes: Nodes,
    people: Vec<Person>,
    chance: Chance,
    /// How long it took until the people of a node that was killed were gone.
    gone_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// One node is not heard, another does not hear, the third hears late.
    OneWay,
    EngineKilled,
    /// A node is cut off for so long that others take it for gone, and another one is killed.
    NodeGone,
}

impl Three {
    async fn start(nodes: Nodes) -> Self {
        let mut three = Self { nodes, people: Vec::new(), chance: Chance::new(), gone_after: None };
        let address = |node: usize| three.nodes.at.lock().expect("nobody panics in here")[node].expect("it runs");
        let mut room: Option<Room> = None;
        for number in 0..NODES * PEOPLE_EACH {
            let home = number % NODES;
            let guest = Guest::at(address(home), None).await;
            let room = match &room {
                Some(room) => room,
                None => room.insert(guest.room_for(50).await),
            };
            three.people.push(Person::begin(Newcomer {
                number,
                home,
                moves: number >= NODES,
                token: guest.token().to_owned(),
                code: room.code.clone(),
                at: three.nodes.at.clone(),
            }));
        }
        three.until("everybody sees everybody", Self::all_are_inside).await;
        three.people.iter().for_each(|person| person.speak(true));
        three.all_hear_all().await;
        three
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(self.people.iter().all(Person::is_well), "somebody panicked");
            assert!(
                began.elapsed() < PATIENCE,
                "not in time: {what}; seed {}\n{}\n{}",
                self.chance.seed,
                self.state(),
                self.nodes.logs()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// For whoever has to find out why a run failed.
    fn state(&self) -> String {
        let line = |person: &Person| {
            let Record { node, begun, acked, latest, inside, refused, .. } = &*person.record.lock();
            let number = person.number;
            format!(
                "person {number} at {node:?}: said {acked} of {begun}, {} inside, heard {latest:?}, refused {refused:?}\n",
                inside.len()
            )
        };
        self.people.iter().map(line).collect()
    }

    fn of(&self, node: usize) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| person.record.lock().node == Some(node))
    }

    fn all_are_inside(&self) -> bool {
        self.people.iter().all(|person| person.record.lock().inside.len() == self.people.len())
    }

    /// Everybody hears something that each began to say after this call.
    async fn all_hear_all(&self) {
        let begun: Vec<_> = self.people.iter().map(|person| person.record.lock().begun).collect();
        let hears = |person: &Person| {
            let record = person.record.lock();
            begun.iter().enumerate().all(|(by, begun)| record.latest.get(&by).is_some_and(|latest| latest > begun))
        };
        self.until("all hear all", |three| three.people.iter().all(hears)).await;
    }

    /// Everybody of these nodes has said something that they began after this call.
    async fn speak_on(&self, nodes: &[usize]) {
        let of = |person: &Person| nodes.iter().any(|node| person.record.lock().node == Some(*node));
        let speak = self.people.iter().filter(|person| of(person));
        let begun: Vec<_> = speak.map(|person| (person.number, person.record.lock().begun)).collect();
        let spoke =
            |three: &Self| begun.iter().all(|(number, begun)| three.people[*number].record.lock().acked > *begun);
        self.until("they go on talking", spoke).await;
    }

    /// Somebody's own line is lost, and claimed again.
    fn cut_somebody(&mut self) {
        let whom = self.chance.below(self.people.len());
        self.people[whom].cut();
    }

    async fn suffer(&mut self, fault: Fault) {
        let mut order = [0, 1, 2];
        self.chance.shuffle(&mut order);
        self.cut_somebody();
        match fault {
            Fault::OneWay => self.one_way(order).await,
            Fault::EngineKilled => {
                self.nodes.engine.kill();
                self.speak_on(&order).await;
                self.cut_somebody();
                self.nodes.engine.start_again().await;
            }
            Fault::NodeGone => self.node_gone(order).await,
        }
        self.all_hear_all().await;
        self.until("everybody sees everybody", Self::all_are_inside).await;
    }

    async fn one_way(&mut self, [unheard, deaf, slow]: [usize; 3]) {
        let late = Way::Slow(Duration::from_millis(100 + self.chance.below(300) as u64));
        self.nodes.relays[unheard].set(Way::Cut, Way::Open);
        self.nodes.relays[deaf].set(Way::Open, Way::Cut);
        self.nodes.relays[slow].set(late, late);
        self.speak_on(&[unheard, deaf, slow]).await;
        self.cut_somebody();
        self.nodes.relays.iter().for_each(test_engine::Relay::open);
    }

    async fn node_gone(&mut self, [cut, killed, stays]: [usize; 3]) {
        let faithful = |node: usize| self.people[node].record.lock().you.clone().expect("they are inside");
        let (of_cut, of_killed) = (faithful(cut), faithful(killed));
        let since = Instant::now();
        if self.nodes.are_processes() {
            self.nodes.kill(killed);
            // Whoever can goes to another node, and talks there before anything else happens.
            let moved = |person: &Person| !person.moves || person.record.lock().node.is_some_and(|node| node != killed);
            self.until("they are on another node", |three| three.people.iter().all(moved)).await;
            self.speak_on(&[cut, stays]).await;
        }
        self.nodes.relays[cut].set(Way::Cut, Way::Cut);
        if self.nodes.are_processes() {
            let is_gone = |person: &Person| !person.record.lock().inside.contains(&of_killed);
            self.until("who was on the node that was killed is gone", |three| three.of(stays).all(is_gone)).await;
            self.gone_after = Some(since.elapsed());
        }
        let is_gone = |person: &Person| !person.record.lock().inside.contains(&of_cut);
        self.until("who is on the node that is cut off is gone", |three| three.of(stays).all(is_gone)).await;
        self.speak_on(&[cut, stays]).await;
        if self.nodes.are_processes() {
            self.nodes.start(killed).await;
        }
        self.nodes.relays[cut].open();
    }

    /// Nobody speaks any more, and everybody has heard what each said last.
    async fn fall_silent(&self) {
        self.people.iter().for_each(|person| person.speak(false));
        let acked = |person: &Person| {
            let record = person.record.lock();
            record.acked == record.begun
        };
        self.until("all is said", |three| three.people.iter().all(acked)).await;
        let said: Vec<_> = self.people.iter().map(|person| person.record.lock().acked).collect();
        let heard = |person: &Person| {
            let record = person.record.lock();
            said.iter().enumerate().all(|(by, last)| record.latest.get(&by) == Some(last))
        };
        self.until("all is heard", |three| three.people.iter().all(heard)).await;
    }

    async fn run(mut self, what: &str) {
        let began = Instant::now();
        let mut faults = [Fault::OneWay, Fault::EngineKilled, Fault::NodeGone];
        self.chance.shuffle(&mut faults);
        for fault in faults {
            self.suffer(fault).await;
        }
        self.fall_silent().await;
        let records: Vec<_> = self.people.iter().map(|person| person.record.take()).collect();
        let figures = check(&records.iter().collect::<Vec<_>>());
        let seed = self.chance.seed;
        let gone =
            self.gone_after.map(|gone| format!(", people of a killed node gone after {:.1} s", gone.as_secs_f64()));
        let told = format!(
            "three nodes, {what}: {figures}{}; {faults:?}, {:.0} s, seed {seed}\n",
            gone.unwrap_or_default(),
            began.elapsed().as_secs_f64()
        );
        tell(&told);
        let Figures { sent, received, told, again, .. } = figures;
        let allowed = Figures { sent, received, told, again, ..Figures::default() };
        assert_eq!(figures, allowed, "a promise is broken; seed {seed}");
        assert_eq!(received - again + told, sent * self.people.len(), "heard, or told as missed; seed {seed}");
        assert!(told > 0, "the faults were none; seed {seed}");
        assert!(records.iter().all(|record| record.refused.is_empty()), "refused; seed {seed}\n{}", self.nodes.logs());
        assert!(self.gone_after.is_none_or(|gone| gone <= GONE_WITHIN), "{:?}; seed {seed}", self.gone_after);
        assert_eq!(self.nodes.engine.keys(), Vec::<String>::new(), "nothing is kept at the engine");
    }
}

/// Past the runner, which hides what a test prints that passes.
fn tell(what: &str) {
    std::io::stderr().write_all(what.as_bytes()).expect("standard error can be written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_one_process_nothing_is_lost_in_silence() {
    Three::start(Nodes::here().await).await.run("one process").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_processes_that_are_killed_nothing_is_lost_in_silence() {
    let has_database = std::env::var("TEST_MONGODB_URI").is_ok_and(|uri| !uri.is_empty());
    if !has_database && std::env::var_os("CI").is_none() {
        return tell("WARNING: no three processes: TEST_MONGODB_URI names no server; type: cargo xtask test\n");
    }
    Three::start(Nodes::processes().await).await.run("processes").await;
}
