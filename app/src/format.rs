//! Times and spans as people read them. Pure: moments and zones are arguments, words come from the catalogue.

use protocol::{Millis, ROOM_CODE_CHARS, RoomCode};

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

/// What a box for a room code shows instead of what was typed so far: capitals with the dash between the groups, or the code
/// of a pasted link. `None` leaves it as it is; what can be no code is not touched.
pub(crate) fn code_as_typed(typed: &str) -> Option<String> {
    let tidy = RoomCode::parse(typed).map_or_else(
        |_| {
            let mut groups: String =
                typed.chars().filter(|typed| *typed != '-').map(|it| it.to_ascii_uppercase()).collect();
            let may_be = groups.len() <= ROOM_CODE_CHARS && groups.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if may_be && groups.len() > ROOM_CODE_CHARS / 2 {
                groups.insert(ROOM_CODE_CHARS / 2, '-');
            }
            may_be.then_some(groups)
        },
        |code| Some(code.dashed()),
    );
    tidy.filter(|tidy| tidy != typed)
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

/// Pictures of a text that is shown larger; more of them are a drawing.
const PICTURES_MAX: usize = 6;

/// Whether a text is nothing but a few emoji. By ranges and not by a table: what is new in a range is one too.
pub(crate) fn is_emoji_only(text: &str) -> bool {
    let mut pictures = 0;
    let mut joined = false;
    let mut flag = false;
    let mut signs = text.chars().filter(|c| !c.is_whitespace()).peekable();
    while let Some(sign) = signs.next() {
        let (joins, ends_flag) = (std::mem::take(&mut joined), std::mem::take(&mut flag));
        match u32::from(sign) {
            // Two letters make a flag.
            0x1F1E6..=0x1F1FF => {
                flag = !ends_flag;
                pictures += usize::from(flag);
            }
            // Tones of skin, tags of flags, "as a picture", the box of a key.
            0x1F3FB..=0x1F3FF | 0xE0020..=0xE007F | 0xFE0F | 0x20E3 if pictures > 0 => {}
            0x200D if pictures > 0 => joined = true,
            0x1F004 | 0x1F0CF | 0x1F18E | 0x1F191..=0x1F19A | 0x1F201..=0x1F64F | 0x1F680..=0x1F6FF
            | 0x1F7E0..=0x1F7F0 | 0x1F900..=0x1F9FF | 0x1FA70..=0x1FAFF
            // Pictures by themselves among the older signs.
            | 0x231A..=0x231B | 0x23E9..=0x23F3 | 0x25FD..=0x25FE | 0x2614..=0x2615 | 0x2648..=0x2653 | 0x267F | 0x2693
            | 0x26A1 | 0x26AA..=0x26AB | 0x26BD..=0x26BE | 0x26C4..=0x26C5 | 0x26CE | 0x26D4 | 0x26EA
            | 0x26F2..=0x26F5 | 0x26FA | 0x26FD | 0x2705 | 0x270A..=0x270B | 0x2728 | 0x274C | 0x274E
            | 0x2753..=0x2757 | 0x2795..=0x2797 | 0x27B0 | 0x27BF | 0x2B1B..=0x2B1C | 0x2B50 | 0x2B55 => {
                pictures += usize::from(!joins);
            }
            // Signs that are pictures where the next one says so: hearts, arrows, digits in a box.
            _ if signs.peek() == Some(&'\u{FE0F}') => pictures += usize::from(!joins),
            _ => return false,
        }
    }
    (1..=PICTURES_MAX).contains(&pictures)
}

#[cfg(test)]
mod tests {
    use super::{Span, code_as_typed, day_and_time, is_emoji_only, machine_time, seconds, time_of_day};

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
    fn a_code_is_grouped_while_it_is_typed() {
        let table = [
            ("k", Some("K")),
            ("kw7p", Some("KW7P")),
            ("KW7P", None),
            ("KW7P-", Some("KW7P")),
            ("KW7P3", Some("KW7P-3")),
            ("KW7P-3", None),
            ("kw7p-3mx", Some("KW7P-3MX")),
            ("kw7p3mxq", Some("KW7P-3MXQ")),
            (" kw7p 3mxq ", Some("KW7P-3MXQ")),
            ("KW7P-3MXQ", None),
            ("https://chat.example/r/KW7P3MXQ?from=mail#top", Some("KW7P-3MXQ")),
            ("HTTPS://CHAT.EXAMPLE/R/KW7P3MXQ", Some("KW7P-3MXQ")),
            ("r/kw7p3mxq", Some("KW7P-3MXQ")),
            (" \"r/KW7P3MXQ\", please", Some("KW7P-3MXQ")),
            ("zzzz-2222", Some("ZZZZ-2222")),
            ("not a code", None),
            ("https://chat.ex", None),
            ("kw7p3mxq9", None),
            ("größe", None),
            ("", None),
        ];
        for (typed, shown) in table {
            assert_eq!(code_as_typed(typed).as_deref(), shown, "{typed}");
        }
    }

    #[test]
    fn a_countdown_never_says_zero() {
        assert_eq!(seconds(1), 1);
        assert_eq!(seconds(4_000), 4);
        assert_eq!(seconds(4_001), 5);
    }

    #[test]
    fn a_few_emoji_alone_are_told_from_text() {
        for text in ["👍", "👍🏽 🎉", "❤️", "👩‍👩‍👧", "🏳️‍🌈", "🇩🇪🇫🇷", "1️⃣", "☕", "😀😀😀😀😀😀", "❤️‍🔥", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
        {
            assert!(is_emoji_only(text), "{text}");
        }
        for text in ["", "1", "ok 👍", "→", "✓", "(c)", "®", "字", "😀😀😀😀😀😀😀", "\u{FE0F}", "\u{200D}", "12"]
        {
            assert!(!is_emoji_only(text), "{text}");
        }
    }
}
