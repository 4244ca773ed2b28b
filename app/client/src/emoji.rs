//! Emoji by their names: what a page reads of the file that it fetches when somebody first looks for one, and the word before
//! the caret that looks for one. Pure. The file's form is told where it is written (`xtask/src/emoji.rs`).

/// Letters of a short name before any is offered: one would be every smiley with a nose.
const TYPED_MIN: usize = 2;

/// One emoji.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// As it is written.
    pub emoji: &'a str,
    /// Whether it comes in tones of skin.
    pub has_tones: bool,
    /// What it shows.
    pub name: &'a str,
    /// Its short names, with spaces between.
    pub codes: &'a str,
    /// The number of its group.
    pub group: usize,
}

/// All in their order. Lines of another form are passed over.
pub fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut group = 0;
    text.lines().filter_map(move |line| {
        if let Some(number) = line.strip_prefix('\t') {
            group = number.parse().unwrap_or(group);
            return None;
        }
        let (emoji, rest) = line.split_once('\t')?;
        let (name, codes) = rest.split_once('\t')?;
        let plain = emoji.strip_suffix('*').filter(|plain| !plain.is_empty());
        Some(Entry { emoji: plain.unwrap_or(emoji), has_tones: plain.is_some(), name, codes, group })
    })
}

/// At most so many in whose names each word of `typed` is; first those of which a name begins so.
pub fn find<'a>(text: &'a str, typed: &str, max: usize) -> Vec<Entry<'a>> {
    let typed = typed.to_ascii_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let Some(first) = words.first() else { return Vec::new() };
    let mut found: Vec<(bool, Entry<'a>)> = entries(text)
        .filter(|entry| words.iter().all(|word| entry.name.contains(word) || entry.codes.contains(word)))
        .map(|entry| (!entry.name.starts_with(first) && !entry.codes.split(' ').any(|it| it.starts_with(first)), entry))
        .collect();
    found.sort_by_key(|(is_inside, _)| *is_inside);
    found.into_iter().take(max).map(|(_, entry)| entry).collect()
}

/// At most so many with a short name that holds what was typed of one; first those that begin so.
pub fn complete<'a>(text: &'a str, typed: &str, max: usize) -> Vec<Entry<'a>> {
    let typed = typed.to_ascii_lowercase();
    let codes = |entry: &Entry<'a>| entry.codes.split(' ');
    let begins = entries(text).filter(|entry| codes(entry).any(|code| code.starts_with(&typed)));
    let holds = |entry: &Entry<'a>| entry.codes.contains(&typed) && !codes(entry).any(|code| code.starts_with(&typed));
    begins.chain(entries(text).filter(holds)).take(max).collect()
}

/// The one of this short name.
pub fn named<'a>(text: &'a str, code: &str) -> Option<Entry<'a>> {
    entries(text).find(|entry| entry.codes.split(' ').any(|other| other == code))
}

/// In a tone of skin, from 1 to 5; 0 is none.
pub fn toned(emoji: &str, tone: usize) -> String {
    let sign = tone
        .checked_sub(1)
        .and_then(|index| ['\u{1f3fb}', '\u{1f3fc}', '\u{1f3fd}', '\u{1f3fe}', '\u{1f3ff}'].get(index).copied());
    let mut characters = emoji.chars();
    match (sign, characters.next()) {
        (Some(sign), Some(first)) => {
            // The sign takes the place of the one that asks for a coloured drawing.
            let rest = characters.as_str();
            let rest = rest.strip_prefix('\u{fe0f}').unwrap_or(rest);
            let mut toned = String::from(first);
            toned.push(sign);
            toned + rest
        }
        (Some(_) | None, _) => emoji.to_owned(),
    }
}

/// What looks for an emoji before a caret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// What stands before it.
    pub head: &'a str,
    /// What is written of a short name.
    pub typed: &'a str,
    /// It is written whole, with the colon behind it.
    pub is_whole: bool,
}

/// The word before the caret, where it begins with a colon, and that begins a word.
pub fn asked(before: &str) -> Option<Asked<'_>> {
    let (open, is_whole) = before.strip_suffix(':').map_or((before, false), |open| (open, true));
    let (head, typed) = open.rsplit_once(':')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let begins = head.chars().next_back().is_none_or(|last| !last.is_alphanumeric() && last != ':');
    let fits = begins && typed.chars().all(is_name) && (is_whole || typed.len() >= TYPED_MIN) && !typed.is_empty();
    fits.then_some(Asked { head, typed, is_whole })
}

#[cfg(test)]
mod tests {
    use super::{Asked, asked, complete, entries, find, named, toned};

    const TEXT: &str = "\t0\n\u{1f600}\tgrinning face\tgrinning\n\u{1f638}\tgrinning cat with smiling eyes\tsmile_cat\n\
        \t1\n\u{1f44b}*\twaving hand\twave\n\u{270c}\u{fe0f}*\tvictory hand\tv victory_hand\n\t7\n*\u{fe0f}\u{20e3}\tkeycap: *\tasterisk\nodd\n";

    #[test]
    fn lines_are_emoji_of_their_groups() {
        let all: Vec<_> = entries(TEXT).map(|entry| (entry.emoji, entry.has_tones, entry.group)).collect();
        let expected = [
            ("\u{1f600}", false, 0),
            ("\u{1f638}", false, 0),
            ("\u{1f44b}", true, 1),
            ("\u{270c}\u{fe0f}", true, 1),
            ("*\u{fe0f}\u{20e3}", false, 7),
        ];
        assert_eq!(all, expected);
        assert_eq!(entries("").count(), 0);
    }

    #[test]
    fn names_that_begin_so_come_first() {
        let found = |typed| find(TEXT, typed, 9).iter().map(|entry| entry.codes).collect::<Vec<_>>();
        assert_eq!(found("smil"), ["smile_cat"]);
        assert_eq!(found("GRINNING cat"), ["smile_cat"]);
        assert_eq!(found("hand"), ["wave", "v victory_hand"]);
        assert_eq!(found("v"), ["v victory_hand", "wave"]);
        assert_eq!(found(" "), [""; 0]);
        assert_eq!(find(TEXT, "hand", 1).len(), 1);
        let completed = |typed| complete(TEXT, typed, 9).iter().map(|entry| entry.codes).collect::<Vec<_>>();
        assert_eq!(completed("smile_c"), ["smile_cat"]);
        assert_eq!(completed("v"), ["v victory_hand", "wave"]);
        assert_eq!(completed("face"), [""; 0], "by its short name alone");
        assert_eq!(named(TEXT, "victory_hand").map(|entry| entry.name), Some("victory hand"));
        assert_eq!(named(TEXT, "victory"), None);
    }

    #[test]
    fn tones_are_a_sign_behind_the_first_character() {
        assert_eq!(toned("\u{1f44b}", 0), "\u{1f44b}");
        assert_eq!(toned("\u{1f44b}", 3), "\u{1f44b}\u{1f3fd}");
        assert_eq!(toned("\u{270c}\u{fe0f}", 5), "\u{270c}\u{1f3ff}");
        assert_eq!(toned("\u{1f44b}", 6), "\u{1f44b}");
        assert_eq!(toned("", 1), "");
    }

    #[test]
    fn a_colon_that_begins_a_word_asks() {
        let open = |head, typed| Some(Asked { head, typed, is_whole: false });
        let whole = |head, typed| Some(Asked { head, typed, is_whole: true });
        let table = [
            (":sm", open("", "sm")),
            ("well :smile_c", open("well ", "smile_c")),
            ("(:+1", open("(", "+1")),
            (":wave:", whole("", "wave")),
            ("a :v:", whole("a ", "v")),
            (":s", None),
            ("at 10:30", None),
            ("http://x", None),
            ("std::fmt", None),
            ("::fmt", None),
            (": smile", None),
            (":smile ", None),
            ("::", None),
            ("nothing", None),
        ];
        for (before, expected) in table {
            assert_eq!(asked(before), expected, "{before}");
        }
    }
}
