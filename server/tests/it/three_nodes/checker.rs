//! Holds what everybody has heard against what is promised. The figures are printed; all but the first three are 0.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use protocol::MessageId;

use super::record::{Heard, Record, Said};

/// What came of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Messages that were said: acknowledged, or heard by anybody.
    pub(super) sent: usize,
    /// Messages that reached somebody, once for each of those.
    pub(super) received: usize,
    /// Messages that did not reach somebody, who was told in their place that something was missed.
    pub(super) told: usize,
    /// Messages asked for by two sessions of one person, the first of which died before it had its answer: both were heard.
    pub(super) again: usize,
    pub(super) twice: usize,
    /// Messages that did not reach somebody, who was told nothing.
    pub(super) silent: usize,
    /// Messages whose number is not above that of the one before.
    pub(super) backwards: usize,
    /// Numbers that stand for different messages to two people of one node.
    pub(super) apart: usize,
    /// Messages in another order than somebody else has them in.
    pub(super) swapped: usize,
}

/// The records by the people's numbers. Everybody was inside before the first word, and has heard the last one of each.
pub(super) fn check(records: &[&Record]) -> Figures {
    let said = said(records);
    let mut figures = Figures { sent: said.values().map(BTreeSet::len).sum(), ..Figures::default() };
    let mut numbers = HashMap::new();
    for record in records {
        figures.count(record, records);
        figures.holes(record, &said);
        for heard in &record.heard {
            if let Heard::Message { epoch, seq, id, .. } = heard {
                figures.apart += usize::from(*numbers.entry((*epoch, *seq)).or_insert(id) != id);
            }
        }
    }
    let orders: Vec<Vec<&MessageId>> = records.iter().map(|record| ids(record)).collect();
    for (number, one) in orders.iter().enumerate() {
        figures.swapped += orders[number + 1..].iter().map(|other| swapped(one, other)).sum::<usize>();
    }
    figures
}

/// The messages of each person that are known to have been said.
fn said(records: &[&Record]) -> BTreeMap<usize, BTreeSet<u64>> {
    let mut all: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (person, record) in records.iter().enumerate() {
        for heard in &record.heard {
            match heard {
                Heard::Message { said: Said { by, number }, .. } => all.entry(*by).or_default().insert(*number),
                Heard::Acked(number) => all.entry(person).or_default().insert(*number),
                Heard::Entered | Heard::Returned | Heard::Gap(_) => false,
            };
        }
    }
    all
}

impl Figures {
    /// Each message once, by rising numbers, and every number unless it was told how many are missing.
    fn count(&mut self, record: &Record, records: &[&Record]) {
        let (mut ids, mut heard_said) = (BTreeSet::new(), BTreeSet::new());
        let (mut before, mut may_jump) = (None, false);
        for heard in &record.heard {
            match heard {
                Heard::Message { epoch, seq, id, said } => {
                    self.received += 1;
                    if !ids.insert(id.as_str()) {
                        self.twice += 1;
                    } else if !heard_said.insert(*said) {
                        let is_allowed = records[said.by].again.contains(&said.number);
                        *(if is_allowed { &mut self.again } else { &mut self.twice }) += 1;
                    }
                    if let Some((epoch_before, seq_before)) = before.replace((*epoch, *seq))
                        && epoch_before == *epoch
                    {
                        self.backwards += usize::from(*seq <= seq_before);
                        self.silent += usize::from(*seq > seq_before + 1 && !may_jump);
                    }
                    may_jump = false;
                }
                Heard::Gap(Some(_)) => may_jump = true,
                Heard::Entered | Heard::Returned | Heard::Gap(None) | Heard::Acked(_) => {}
            }
        }
    }

    /// A hole is told between what is heard of its speaker before and behind it.
    fn holes(&mut self, record: &Record, said: &BTreeMap<usize, BTreeSet<u64>>) {
        for (by, numbers) in said {
            let mut places: BTreeMap<u64, usize> = BTreeMap::new();
            for (at, heard) in record.heard.iter().enumerate() {
                if let Heard::Message { said, .. } = heard
                    && said.by == *by
                {
                    places.entry(said.number).or_insert(at);
                }
            }
            for number in numbers.iter().filter(|number| !places.contains_key(number)) {
                let from = places.range(..number).next_back().map_or(0, |(_, at)| *at);
                let to = places.range(number..).next().map_or(record.heard.len(), |(_, at)| *at);
                let is_told = record
                    .heard
                    .get(from..to)
                    .is_some_and(|between| between.iter().any(|heard| matches!(heard, Heard::Gap(_))));
                *(if is_told { &mut self.told } else { &mut self.silent }) += 1;
            }
        }
    }
}

fn ids(record: &Record) -> Vec<&MessageId> {
    let heard = record.heard.iter();
    heard.filter_map(|heard| if let Heard::Message { id, .. } = heard { Some(id) } else { None }).collect()
}

/// Neighbours in one list, of those that are in both, which are the other way round in the other.
fn swapped(one: &[&MessageId], other: &[&MessageId]) -> usize {
    let places: HashMap<_, _> = other.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let order: Vec<_> = one.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
    order.windows(2).filter(|pair| pair[0] > pair[1]).count()
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, received, told, again, twice, silent, backwards, apart, swapped } = self;
        write!(
            f,
            "sent {sent}, received {received}, told gaps {told}, twice: {twice}, silent holes: {silent}, backwards: \
             {backwards}, apart: {apart}, swapped: {swapped}; asked again by another session and heard again: {again}"
        )
    }
}
