//! The display names in use in a room: no two of them are the same to a reader ([`DisplayName::folded`]).
//!
//! A name is folded once when it is taken, and the numbers that made earlier ones unique are not tried again: so many
//! people of one name cost each of them the same.

use std::collections::{HashMap, HashSet};

use protocol::DisplayName;

/// All of them, by their folded form.
#[derive(Debug, Default)]
pub(crate) struct NamesInUse {
    taken: HashSet<String>,
    /// Where a number behind a name made it unique, by the folded name without it.
    numbered: HashMap<String, Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    /// How many names have a number because of this one.
    count: usize,
    /// No lower number is known to be free.
    next: u32,
}

/// One name in use, until it is released.
#[derive(Debug)]
pub(crate) struct Claim {
    key: String,
    /// The folded name and the number that was put behind it.
    numbered: Option<(String, u32)>,
}

impl NamesInUse {
    /// Takes the name as wished, or with a number behind it that makes it unique, 2 at the least.
    pub(crate) fn claim(&mut self, wished: &DisplayName) -> (DisplayName, Claim) {
        let folded = wished.folded();
        if self.taken.insert(folded.clone()) {
            return (wished.clone(), Claim { key: folded, numbered: None });
        }
        let group = self.numbered.entry(folded.clone()).or_insert(Numbered { count: 0, next: 2 });
        // It ends: of so many numbers as there are names, and one more, one is free.
        loop {
            let number = group.next;
            group.next += 1;
            let name = wished.numbered(number);
            let key = name.folded();
            if self.taken.insert(key.clone()) {
                group.count += 1;
                return (name, Claim { key, numbered: Some((folded, number)) });
            }
        }
    }

    /// Gives a name back to whoever wishes it next.
    pub(crate) fn release(&mut self, claim: &Claim) {
        self.taken.remove(&claim.key);
        if let Some((folded, number)) = &claim.numbered
            && let Some(group) = self.numbered.get_mut(folded)
        {
            group.count -= 1;
            group.next = group.next.min(*number);
            if group.count == 0 {
                self.numbered.remove(folded);
            }
        }
        // Somebody may have been called that without our doing.
        if let Some((name, number)) = claim.key.rsplit_once(' ')
            && let Ok(number @ 2..) = number.parse()
            && let Some(group) = self.numbered.get_mut(name)
        {
            group.next = group.next.min(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::DisplayName;

    use super::NamesInUse;

    fn name(text: &str) -> DisplayName {
        DisplayName::parse(text).expect("a plain name")
    }

    /// The lowest number that makes a name unique, found by trying all.
    fn first_free(wished: &DisplayName, taken: &[String]) -> DisplayName {
        let numbered = (2..).map(|number| wished.numbered(number));
        let mut all = std::iter::once(wished.clone()).chain(numbered);
        all.find(|name| !taken.contains(&name.folded())).expect("numbers do not end")
    }

    proptest! {
        /// As if every name of the room were looked at for each that comes.
        #[test]
        fn each_gets_the_first_name_that_is_free(turns in prop::collection::vec((0_usize..8, 0_usize..6), 1..80)) {
            let wishes = ["Heron", "HERON", "Heron 2", "heron 3", "Heron 02", "Owl 1"].map(name);
            let (mut names, mut places) = (NamesInUse::default(), [const { None }; 8]);
            for (place, wish) in turns {
                if let Some((_, claim)) = places[place].take() {
                    names.release(&claim);
                    continue;
                }
                let taken: Vec<_> = places.iter().flatten().map(|(name, _): &(DisplayName, _)| name.folded()).collect();
                let (given, claim) = names.claim(&wishes[wish]);
                prop_assert_eq!(&given, &first_free(&wishes[wish], &taken));
                places[place] = Some((given, claim));
            }
            for (_, claim) in places.iter_mut().filter_map(Option::take) {
                names.release(&claim);
            }
            prop_assert!(names.taken.is_empty() && names.numbered.is_empty(), "nothing is kept of those who are gone");
        }
    }

    #[test]
    fn the_thousandth_of_a_name_tries_one_number() {
        let mut names = NamesInUse::default();
        let claims: Vec<_> = (0..1_000).map(|_| names.claim(&name("Quiet Heron"))).collect();
        assert_eq!(claims.last().map(|(name, _)| name.as_str()), Some("Quiet Heron 1000"));
        let group = names.numbered.values().next().expect("there is one");
        assert_eq!((group.count, group.next), (999, 1_001), "the next begins behind all that are taken");
    }
}
