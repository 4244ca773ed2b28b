//! The arithmetic of the report: what one sample says, ratios to the floor of the same round, medians, and which rounds
//! count. Knows no server and reads no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::peers::Candidate;

/// A round counts only where its two floors agree this well: the larger over the smaller.
pub(super) const FLOORS_APART_MAX: f64 = 1.2;

/// What one candidate did in one round of one scenario.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sample {
    /// Messages that arrived at a member, or joins that were answered.
    pub(super) deliveries: u64,
    /// Microseconds of the server's processor for each, in user and kernel mode.
    pub(super) cpu_us: f64,
    /// Deliveries a second.
    pub(super) rate: f64,
    /// From the time at which a message was due to be sent until a member had it, in milliseconds.
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
}

impl Sample {
    pub(super) fn new(deliveries: u64, cpu: Duration, wall: Duration, latencies: &mut [u32]) -> Self {
        let mut at = |part: f64| percentile(latencies, part) / 1e6;
        Self {
            deliveries,
            cpu_us: cpu.as_secs_f64() * 1e6 / float(deliveries.max(1)),
            rate: float(deliveries) / wall.as_secs_f64().max(1e-9),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }
}

/// All candidates after one another, between two samples of the floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Round {
    pub(super) floors: [Sample; 2],
    pub(super) samples: BTreeMap<Candidate, Sample>,
}

impl Round {
    /// How far the machine changed between the round's two floors.
    pub(super) fn floors_apart(&self) -> f64 {
        let [first, second] = self.floors.map(|floor| floor.cpu_us);
        let (small, large) = (first.min(second), first.max(second));
        if small > 0.0 { large / small } else { f64::INFINITY }
    }

    pub(super) fn is_void(&self) -> bool {
        self.floors_apart() > FLOORS_APART_MAX
    }

    /// The candidate's value over the mean of the round's floors.
    fn ratio(&self, candidate: Candidate, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        let floor = f64::midpoint(of(&self.floors[0]), of(&self.floors[1]));
        let value = of(self.samples.get(&candidate)?);
        (floor > 0.0).then(|| value / floor)
    }
}

/// The middle of some values, with the least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// Of one measurement.
    pub(super) fn single(value: f64) -> Self {
        Self { median: value, min: value, max: value }
    }

    /// Nothing where there are no values.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Some(Self { median, min, max })
    }
}

/// Ratios to the floor over the rounds that count.
pub(super) fn ratios(rounds: &[Round], candidate: Candidate, of: impl Fn(&Sample) -> f64) -> Option<Spread> {
    let counting = rounds.iter().filter(|round| !round.is_void());
    Spread::of(counting.filter_map(|round| round.ratio(candidate, &of)).collect())
}

/// The values themselves over the rounds that count; the floor has two in each.
pub(super) fn values(rounds: &[Round], candidate: Candidate, of: impl Fn(&Sample) -> f64) -> Option<Spread> {
    let counting = rounds.iter().filter(|round| !round.is_void());
    let samples = counting.flat_map(|round| match candidate {
        Candidate::Floor => round.floors.to_vec(),
        other => round.samples.get(&other).copied().into_iter().collect(),
    });
    Spread::of(samples.map(|sample| of(&sample)).collect())
}

/// The value below which this part of all lies (nearest rank); 0 where there is none. Reorders.
pub(super) fn percentile(values: &mut [u32], part: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank within the slice, or brought into it below"
    )]
    let rank = (part * float(values.len() as u64)).ceil() as usize;
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let (_, value, _) = values.select_nth_unstable(rank.saturating_sub(1).min(last));
    f64::from(*value)
}

/// A count in a mean or a ratio.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(cpu_us: f64, p99_ms: f64) -> Sample {
        Sample { deliveries: 1, cpu_us, rate: 1.0, p50_ms: p99_ms / 2.0, p99_ms, max_ms: p99_ms }
    }

    fn round(first: f64, second: f64, native: f64) -> Round {
        let samples = BTreeMap::from([(Candidate::Native, sample(native, 6.0))]);
        Round { floors: [sample(first, 2.0), sample(second, 4.0)], samples }
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]), Some(Spread { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(Spread::of(vec![7.0]), Some(Spread::single(7.0)));
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn a_round_is_void_where_its_floors_are_more_than_a_fifth_apart() {
        assert!(!round(5.0, 6.0, 6.0).is_void(), "just a fifth");
        assert!(!round(6.0, 5.0, 6.0).is_void(), "whichever came first");
        assert!(round(5.0, 6.01, 6.0).is_void() && round(6.01, 5.0, 6.0).is_void());
        assert!(round(0.0, 5.0, 6.0).is_void(), "a floor that cost nothing was not measured");
    }

    #[test]
    fn each_round_is_divided_by_its_own_floors_before_the_median() {
        // The machine became twice as slow in the second round, which changes no ratio; the third is void.
        let rounds = [round(4.0, 4.0, 6.0), round(8.0, 8.0, 12.0), round(1.0, 9.0, 50.0), round(4.0, 4.0, 5.0)];
        let cpu = ratios(&rounds, Candidate::Native, |sample| sample.cpu_us).expect("three rounds count");
        assert_eq!(cpu, Spread { median: 1.5, min: 1.25, max: 1.5 });
        let late = ratios(&rounds, Candidate::Native, |sample| sample.p99_ms).expect("three rounds count");
        assert_eq!(late, Spread::single(2.0), "6 ms over the mean of 2 and 4");
        assert_eq!(ratios(&rounds, Candidate::Bun, |sample| sample.cpu_us), None, "it was not there");
        assert_eq!(ratios(&rounds[2..3], Candidate::Native, |sample| sample.cpu_us), None, "no round counts");
    }

    #[test]
    fn values_leave_void_rounds_out_and_take_both_floors() {
        let rounds = [round(4.0, 4.4, 6.0), round(1.0, 9.0, 50.0)];
        assert_eq!(values(&rounds, Candidate::Native, |sample| sample.cpu_us), Some(Spread::single(6.0)));
        let floor = values(&rounds, Candidate::Floor, |sample| sample.cpu_us).expect("one round counts");
        assert_eq!((floor.min, floor.max), (4.0, 4.4));
    }

    #[test]
    fn a_percentile_is_the_value_of_the_nearest_rank() {
        let mut values: Vec<u32> = (1..=200).rev().collect();
        let at = |values: &mut Vec<u32>, part| percentile(values, part);
        assert_eq!((at(&mut values, 0.5), at(&mut values, 0.99), at(&mut values, 1.0)), (100.0, 198.0, 200.0));
        assert!(at(&mut values, 0.0) < 1.5);
        assert!(percentile(&mut [], 0.99) < f64::EPSILON);
    }

    #[test]
    fn a_sample_is_told_for_each_delivery() {
        let mut latencies = [1_000_000, 3_000_000];
        let sample = Sample::new(1_000, Duration::from_millis(5), Duration::from_millis(500), &mut latencies);
        assert_eq!((sample.cpu_us, sample.rate), (5.0, 2_000.0));
        assert_eq!((sample.p50_ms, sample.p99_ms, sample.max_ms), (1.0, 3.0, 3.0));
    }
}
