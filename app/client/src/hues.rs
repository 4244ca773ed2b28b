//! Which hue a person wears: those inside a room differ as long as there are hues. Pure.
//!
//! It follows from the ids of those present alone, so that every screen finds the same and nothing has to be told. Each
//! person asks for the hue of their own id; where several ask for one, the first in the order of the ids gets it, and
//! the others take the next hue that the fewest wear.

use protocol::{Member, MemberId};

/// Hues in `style/tokens.css` (`.hue-0` to `.hue-11`), each readable on paper and on what is raised from it.
pub const HUES: usize = 12;

/// As many as a page lists by name.
const WORN_MAX: usize = 1_000;

/// FNV-1a: member ids are keyed hashes already, so any even spread of their bits will do.
pub fn digest(id: &MemberId) -> u64 {
    id.as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The hue that a person asks for, below [`HUES`]; theirs also when nobody is known to be inside.
pub fn own(id: &MemberId) -> usize {
    (digest(id) >> 32) as usize % HUES
}

/// The hue of each of those present. Those who did not get their own hue come last.
pub fn give<'a>(present: impl Iterator<Item = &'a MemberId>) -> Vec<(&'a MemberId, usize)> {
    let mut ids: Vec<_> = present.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut worn = [0_u32; HUES];
    let (mut given, mut aside) = (Vec::with_capacity(ids.len()), Vec::new());
    // First everybody whose own hue is free: a newcomer then changes the hue only of people who have not got their own.
    for id in ids {
        let asked = own(id);
        if worn[asked] == 0 {
            worn[asked] = 1;
            given.push((id, asked));
        } else {
            aside.push((id, asked));
        }
    }
    for (id, asked) in aside {
        let around = (asked..HUES).chain(0..asked);
        let hue = around.min_by_key(|hue| worn[*hue]).unwrap_or(asked);
        worn[hue] += 1;
        given.push((id, hue));
    }
    given
}

/// Who wears another hue than their own id asks for, also of those who left: the log still names them.
#[derive(Debug, Default)]
pub struct Worn(Vec<(MemberId, usize)>);

impl Worn {
    /// Updates who is inside and returns the CSS rules for all whose hue is not their own. An id is base64url, so with
    /// a letter before it it is a valid class name.
    pub fn rules(&mut self, present: &[Member]) -> String {
        let given = give(present.iter().map(|member| &member.id));
        self.0.retain(|(id, _)| !given.iter().any(|(present, _)| *present == id));
        let others = given.into_iter().filter(|(id, hue)| own(id) != *hue);
        self.0.extend(others.map(|(id, hue)| (id.clone(), hue)));
        let beyond = self.0.len().saturating_sub(WORN_MAX);
        self.0.drain(..beyond);
        let mut rules = String::new();
        for (id, hue) in &self.0 {
            rules.extend([".m", id.as_str(), "{--hue:var(--person-", &hue.to_string(), ")}"]);
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use protocol::{Activity, DisplayName};

    use super::*;

    /// The colours of people, and the grounds on which they are read.
    const TOKENS: &str = include_str!("../../../style/tokens.css");
    const GROUNDS: [&str; 3] = ["--paper", "--raised", "--sunken"];

    fn id(number: u64) -> MemberId {
        MemberId::parse(&format!("{number:022}")).expect("22 digits are a member id")
    }

    /// `[light, dark]` of a token.
    fn token(name: &str) -> [[f64; 3]; 2] {
        let (_, rest) = TOKENS.split_once(&format!("{name}: light-dark(")).unwrap_or_else(|| panic!("{name}"));
        let (pair, _) = rest.split_once(')').expect("is closed");
        let (light, dark) = pair.split_once(", ").expect("are two");
        [light, dark].map(|colour| {
            [1, 3, 5].map(|at| {
                let channel = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("#rrggbb")) / 255.0;
                if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
            })
        })
    }

    /// WCAG 2.2, relative luminance and contrast ratio.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |[red, green, blue]: [f64; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_hue_is_read_on_every_ground() {
        for hue in 0..HUES {
            assert!(TOKENS.contains(&format!(".hue-{hue} {{")), "{hue} has a class");
            for ground in GROUNDS {
                for theme in [0, 1] {
                    let ratio = contrast(token(&format!("--person-{hue}"))[theme], token(ground)[theme]);
                    assert!(ratio >= 4.5, "--person-{hue} on {ground}, theme {theme}: {ratio:.2}");
                }
            }
        }
        assert!(!TOKENS.contains(&format!("--person-{HUES}:")), "every hue is given out");
    }

    #[test]
    fn who_left_keeps_what_they_wore() {
        let people: Vec<_> = (0..12)
            .map(|number| Member {
                id: id(number),
                name: DisplayName::parse("Somebody").expect("a name"),
                state: Activity::Online,
                owner: false,
                moderator: false,
            })
            .collect();
        let mut worn = Worn::default();
        let rules = worn.rules(&people);
        let given = give(people.iter().map(|member| &member.id));
        for (id, hue) in given {
            let rule = format!(".m{}{{--hue:var(--person-{hue})}}", id.as_str());
            assert_eq!(rules.contains(&rule), own(id) != hue, "{rule}");
        }
        assert!(!rules.is_empty(), "of twelve, two ask for the same");
        assert_eq!(worn.rules(&[]), rules);
        assert!(Worn::default().rules(&people[..1]).is_empty(), "who is alone wears their own");
    }

    proptest! {
        #[test]
        fn those_present_differ_as_long_as_there_are_hues(numbers in proptest::collection::hash_set(any::<u64>(), 1..=60)) {
            let ids: Vec<_> = numbers.iter().map(|number| id(*number)).collect();
            let given = give(ids.iter());
            let hues: HashSet<_> = given.iter().map(|(_, hue)| *hue).collect();
            prop_assert_eq!((given.len(), hues.len()), (ids.len(), ids.len().min(HUES)));
            // On every screen the same, in whatever order people came.
            prop_assert_eq!(give(ids.iter().rev()), give(ids.iter()));
        }

        #[test]
        fn a_newcomer_changes_nobody_who_wears_their_own(numbers in proptest::collection::hash_set(any::<u64>(), 2..=12)) {
            let ids: Vec<_> = numbers.iter().map(|number| id(*number)).collect();
            let before = give(ids[1..].iter());
            let after = give(ids.iter());
            let kept = |list: &[(&MemberId, usize)]| -> HashSet<usize> {
                list.iter().filter(|(id, hue)| own(id) == *hue).map(|(_, hue)| *hue).collect()
            };
            prop_assert!(kept(&before).is_subset(&kept(&after)));
        }
    }
}
