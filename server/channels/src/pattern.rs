//! Patterns of channels' names: `project:{project}:comments`. What fits none does not exist.
//!
//! A part takes no colon, so `user:{user}` cannot reach into `user:{user}:keys`; other signs it may have, as ids do
//! (`chat-{chat}` and a UUID). A pattern begins with a word, so that no channel's name is wholly a client's.

use std::collections::BTreeSet;
use std::fmt;

use crate::names::{ChannelName, is_part};

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Word(String),
    Part(String),
}

/// What stands in for the parts, by their names.
pub(crate) type Parts = Vec<(String, String)>;

impl Pattern {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix('{') {
                let (name, behind) = behind.split_once('}').ok_or("a part is not closed")?;
                if !is_name(name) {
                    return Err("a part's name has letters, digits and _ only");
                }
                if matches!(pieces.last(), Some(Piece::Part(_))) {
                    return Err("between two parts stands a word");
                }
                if pieces.iter().any(|piece| matches!(piece, Piece::Part(known) if known == name)) {
                    return Err("two parts have one name");
                }
                pieces.push(Piece::Part(name.to_owned()));
                rest = behind;
            } else {
                let end = rest.find('{').unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                if ChannelName::parse(word).is_none() || word.contains(['}', '*']) {
                    return Err("a channel's name has no blanks, braces or stars");
                }
                pieces.push(Piece::Word(word.to_owned()));
                rest = behind;
            }
        }
        match pieces.first() {
            Some(Piece::Word(_)) => Ok(Self(pieces)),
            Some(Piece::Part(_)) | None => Err("a pattern begins with a word"),
        }
    }

    /// The names of the parts.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Part(name) => Some(name.as_str()),
            Piece::Word(_) => None,
        })
    }

    /// What stands in for the parts in this name; `None` where it does not fit.
    pub(crate) fn fit(&self, name: &str) -> Option<Parts> {
        let (mut parts, mut rest) = (Parts::new(), name);
        for (at, piece) in self.0.iter().enumerate() {
            match piece {
                Piece::Word(word) => rest = rest.strip_prefix(word.as_str())?,
                Piece::Part(part) => {
                    // Up to the next word as it comes first: a part before a word does not hold that word.
                    let end = match self.0.get(at + 1) {
                        Some(Piece::Word(word)) => rest.find(word.as_str())?,
                        Some(Piece::Part(_)) | None => rest.len(),
                    };
                    let (value, behind) = rest.split_at(end);
                    if !is_part(value) {
                        return None;
                    }
                    parts.push((part.clone(), value.to_owned()));
                    rest = behind;
                }
            }
        }
        rest.is_empty().then_some(parts)
    }

    /// The name with these values for its parts; `None` where one is none, or is missing.
    pub(crate) fn fill<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Option<ChannelName> {
        let mut name = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Word(word) => name.push_str(word),
                Piece::Part(part) => name.push_str(value(part).filter(|value| is_part(value))?),
            }
        }
        // What fits in another way than it was filled is not this channel.
        let fits = self.fit(&name)?.iter().all(|(part, found)| value(part) == Some(found.as_str()));
        if fits { ChannelName::parse(&name) } else { None }
    }

    /// Whether a name can fit both. Sign by sign through both at once; a part is one sign or more of those that a part may
    /// have, so where a word comes twice it is more careful than [`Self::fit`].
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let (one, two) = (self.signs(), other.signs());
        let (mut seen, mut open) = (BTreeSet::new(), vec![(Place::default(), Place::default())]);
        while let Some((here, there)) = open.pop() {
            if !seen.insert((here, there)) {
                continue;
            }
            if (here.at, there.at) == (one.len(), two.len()) {
                return true;
            }
            // A part that has a sign may be over.
            open.extend(here.has_some.then(|| (here.next(), there)));
            open.extend(there.has_some.then(|| (here, there.next())));
            open.extend(match (one.get(here.at), two.get(there.at)) {
                (Some(Sign::One(a)), Some(Sign::One(b))) if a == b => Some((here.next(), there.next())),
                (Some(Sign::One(sign)), Some(Sign::Many)) if is_of_part(*sign) => Some((here.next(), there.more())),
                (Some(Sign::Many), Some(Sign::One(sign))) if is_of_part(*sign) => Some((here.more(), there.next())),
                (Some(Sign::Many), Some(Sign::Many)) => Some((here.more(), there.more())),
                (Some(Sign::One(_) | Sign::Many) | None, Some(Sign::One(_) | Sign::Many) | None) => None,
            });
        }
        false
    }

    fn signs(&self) -> Vec<Sign> {
        let signs = self.0.iter().flat_map(|piece| match piece {
            Piece::Word(word) => word.chars().map(Sign::One).collect(),
            Piece::Part(_) => vec![Sign::Many],
        });
        signs.collect()
    }
}

/// What a pattern takes at one place.
enum Sign {
    One(char),
    /// One or more of those that a part may have.
    Many,
}

/// How far one of two patterns is.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: usize,
    /// It is a part, and has a sign.
    has_some: bool,
}

impl Place {
    const fn next(self) -> Self {
        Self { at: self.at + 1, has_some: false }
    }

    const fn more(self) -> Self {
        Self { at: self.at, has_some: true }
    }
}

fn is_of_part(sign: char) -> bool {
    is_part(sign.encode_utf8(&mut [0; 4]))
}

/// As it stands in a file.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Word(word) => f.write_str(word),
            Piece::Part(part) => write!(f, "{{{part}}}"),
        })
    }
}

/// What a part, a field or a claim may be called in a file.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect("is a pattern")
    }

    #[test]
    fn a_name_fits_as_a_whole_or_not() {
        let comments = pattern("project:{project}:comments");
        assert_eq!(comments.fit("project:7:comments").expect("fits"), [("project".to_owned(), "7".to_owned())]);
        for no in
            ["project:7", "project::comments", "project:7:8:comments", "project:*:comments", "xproject:7:comments", ""]
        {
            assert!(comments.fit(no).is_none(), "{no}");
        }
        assert!(pattern("project:{p}").fit("project:7:comments").is_none(), "a part has no colon");
        let chat = pattern("chat-{chat}");
        assert!(chat.fit("chat-550e8400-e29b-41d4").is_some());
        assert!(chat.fit(&format!("chat-{}", "x".repeat(10_000))).is_none());
        assert!(pattern("admin").fit("admin").is_some_and(|parts| parts.is_empty()));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for no in ["", "{user}", "a{", "a{}", "a{b}{c}", "a:{b}:{b}", "a b", "a:*", "a}"] {
            Pattern::parse(no).expect_err(no);
        }
    }

    #[test]
    fn two_patterns_for_one_name_are_seen() {
        assert!(pattern("chat-{chat}").overlaps(&pattern("chat-{a}-{b}")));
        assert!(pattern("user:{user}").overlaps(&pattern("user:{id}")));
        assert!(!pattern("project:{p}").overlaps(&pattern("project:{p}:comments")));
        // Examples do not find these.
        assert!(pattern("a-{x}-z").overlaps(&pattern("a-b-{y}")), "a-b-z");
        assert!(pattern("room-{x}-end").overlaps(&pattern("room-{y}-z-{w}")), "room-1-z-end");
        assert!(pattern("v1.{x}").overlaps(&pattern("v{y}.{z}")));
        assert!(!pattern("a:{x}:b").overlaps(&pattern("a:{x}:c")));
        assert!(!pattern("a{x}").overlaps(&pattern("a")), "a part is never empty");
        assert_eq!(pattern("project:{p}:comments").to_string(), "project:{p}:comments");
    }

    proptest! {
        #[test]
        fn what_was_filled_fits_with_the_same_parts(a in "[^:]{0,12}", b in ".{0,12}") {
            let both = pattern("x:{a}:y-{b}");
            let values = |part: &str| Some(if part == "a" { a.as_str() } else { b.as_str() });
            if let Some(name) = both.fill(values) {
                let parts = both.fit(name.as_str()).expect("fits");
                prop_assert_eq!(parts, [("a".to_owned(), a.clone()), ("b".to_owned(), b.clone())]);
            }
        }

        #[test]
        fn what_fits_two_patterns_shows_that_they_overlap(
            one in "a[ab:-]{0,2}(\\{x\\}[ab:-]{0,2}){0,2}",
            two in "a[ab:-]{0,2}(\\{x\\}[ab:-]{0,2}){0,2}",
            name in "a[ab:-]{0,6}",
        ) {
            let both = [&one, &two].map(|text| Pattern::parse(&text.replacen("{x}", "{y}", 1)));
            if let [Ok(one), Ok(two)] = both
                && one.fit(&name).is_some()
                && two.fit(&name).is_some()
            {
                prop_assert!(one.overlaps(&two), "{} fits {} and {}", name, one, two);
            }
        }

        #[test]
        fn no_name_panics(name in ".{0,40}") {
            let _ = pattern("x-{a}-y{b}").fit(&name);
        }
    }
}
