//! Times and spans as people read them. Pure: moments and zones are arguments, words come from the catalogue.

use protocol::Millis;

const MINUTE_MS: u64 = 60_000;
const DAY_MIN: i64 = 24 * 60;

/// How long something lasts, in the one unit that says enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// Less than a minute.
    Moment,
    /// Up to two hours.
    Minutes(u64),
    /// Up to two days.
    Hours(u64),
    /// Anything longer.
    Days(u64),
}

impl Span {
    /// The span from one moment to another, rounded down; none is left when `to` is over.
    pub(crate) const fn between(from: Millis, to: Millis) -> Self {
        let minutes = to.saturating_sub(from) / MINUTE_MS;
        match minutes {
            0 => Self::Moment,
            1..120 => Self::Minutes(minutes),
            120..2880 => Self::Hours(minutes / 60),
            _ => Self::Days(minutes / 60 / 24),
        }
    }
}

/// Whole seconds until something, rounded up, so that a countdown never says 0 while one waits.
pub(crate) const fn seconds(span_ms: u64) -> u64 {
    span_ms.div_ceil(1000)
}

/// `14:02` in the zone that adds `offset_min` to UTC.
pub(crate) fn time_of_day(at: Millis, offset_min: i64) -> String {
    let minute = local_minute(at, offset_min).rem_euclid(DAY_MIN);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `2026-11-20, 14:02`: the same in every language, read as no other date.
pub(crate) fn day_and_time(at: Millis, offset_min: i64) -> String {
    format!("{}, {}", day(at, offset_min), time_of_day(at, offset_min))
}

/// The moment as machines read it, for `<time datetime>`.
pub(crate) fn machine_time(at: Millis) -> String {
    format!("{}T{}Z", day(at, 0), time_of_day(at, 0))
}

fn day(at: Millis, offset_min: i64) -> String {
    let (year, month, day) = civil(local_minute(at, offset_min).div_euclid(DAY_MIN));
    format!("{year:04}-{month:02}-{day:02}")
}

fn local_minute(at: Millis, offset_min: i64) -> i64 {
    i64::try_from(at / MINUTE_MS).unwrap_or(i64::MAX / 2) + offset_min
}

/// Days since 1970 as year, month and day (Hinnant's `civil_from_days`).
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{Span, day_and_time, machine_time, seconds, time_of_day};

    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn a_moment_reads_as_its_zone_says() {
        // 2024-02-29T23:45:00Z
        let at = 1_709_250_300_000;
        assert_eq!(time_of_day(at, 0), "23:45");
        assert_eq!(time_of_day(at, 330), "05:15");
        assert_eq!(time_of_day(at, -600), "13:45");
        assert_eq!(day_and_time(at, 0), "2024-02-29, 23:45");
        assert_eq!(day_and_time(at, 330), "2024-03-01, 05:15");
        assert_eq!(machine_time(at), "2024-02-29T23:45Z");
    }

    #[test]
    fn the_epoch_and_the_end_of_time_have_a_date() {
        assert_eq!(day_and_time(0, -60), "1969-12-31, 23:00");
        assert!(!machine_time(u64::MAX).is_empty());
    }

    #[test]
    fn a_span_is_told_in_one_unit() {
        assert_eq!(Span::between(HOUR_MS, 0), Span::Moment);
        assert_eq!(Span::between(0, 59_999), Span::Moment);
        assert_eq!(Span::between(0, 60_000), Span::Minutes(1));
        assert_eq!(Span::between(0, 2 * HOUR_MS - 1), Span::Minutes(119));
        assert_eq!(Span::between(0, 22 * HOUR_MS - 1), Span::Hours(21));
        assert_eq!(Span::between(0, 168 * HOUR_MS), Span::Days(7));
    }

    #[test]
    fn a_countdown_never_says_zero() {
        assert_eq!(seconds(1), 1);
        assert_eq!(seconds(4_000), 4);
        assert_eq!(seconds(4_001), 5);
    }
}
