//! Quantities that have no floor beside them: memory, joins, what a slow reader does to others, coming back.

use serde::{Deserialize, Serialize};

use super::peers::{Candidate, Programs};
use super::statistics::Spread;
use crate::steps::say;

/// One quantity of one candidate, over all times it was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) what: String,
    pub(super) candidate: Candidate,
    pub(super) unit: String,
    pub(super) value: Spread,
    /// What the project allows itself.
    pub(super) bar: Option<Bar>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

impl Bar {
    pub(super) fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(bar) => value <= bar,
            Self::AtLeast(bar) => value >= bar,
        }
    }
}

/// Gathers values of the same quantity, in the order in which they first came.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    quantities: Vec<Quantity>,
}

#[derive(Debug)]
struct Quantity {
    what: String,
    candidate: Candidate,
    unit: &'static str,
    bar: Option<Bar>,
    values: Vec<f64>,
}

impl Gathered {
    pub(super) fn add(&mut self, what: &str, candidate: Candidate, unit: &'static str, bar: Option<Bar>, value: f64) {
        say(&format!("    {what}: {}: {} {unit}", candidate.name(), number(value)));
        let known = self.quantities.iter_mut().find(|known| known.what == what && known.candidate == candidate);
        match known {
            Some(known) => known.values.push(value),
            None => {
                self.quantities.push(Quantity { what: what.to_owned(), candidate, unit, bar, values: vec![value] });
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Measured> {
        let of = |Quantity { what, candidate, unit, bar, values }| {
            Some(Measured { what, candidate, unit: str::to_owned(unit), value: Spread::of(values)?, bar })
        };
        self.quantities.into_iter().filter_map(of).collect()
    }
}

/// A failure costs this quantity of this candidate, and is named.
pub(super) fn or_miss(programs: &mut Programs, what: &str, candidate: Candidate, result: anyhow::Result<()>) {
    if let Err(error) = result {
        programs.miss(&format!("{} in {what}", candidate.name()), &format!("{error:#}"));
    }
}

/// Three digits that count, as people read them: `1234`, `12.3`, `0.012`.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        large if large >= 100.0 => 0,
        medium if medium >= 10.0 => 1,
        small if small >= 0.1 || small == 0.0 => 2,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_gathered_over_all_times() {
        let mut gathered = Gathered::default();
        for value in [3.0, 1.0, 2.0] {
            gathered.add("idle", Candidate::Native, "KB", Some(Bar::AtMost(6.0)), value);
        }
        gathered.add("idle", Candidate::Bun, "KB", None, 9.0);
        let measured = gathered.finish();
        assert_eq!(measured.len(), 2);
        assert_eq!(measured[0].value, Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert!(measured[0].bar.is_some_and(|bar| bar.is_met(6.0) && !bar.is_met(6.1)));
        assert!(Bar::AtLeast(1.8).is_met(1.8) && !Bar::AtLeast(1.8).is_met(1.7));
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!([1234.4, 12.34, 1.234, 0.0123, 0.0].map(number), ["1234", "12.3", "1.23", "0.0123", "0.00"]);
    }
}
