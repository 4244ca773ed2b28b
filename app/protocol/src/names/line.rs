//! One line that people read: what may stand in it, what is stripped, how long it is.
//!
//! Characters that show nothing are kept where a script needs them to be written right, stripped where they stand at an
//! edge, and refused inside otherwise: there they serve nobody but who wants two names to look alike.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_segmentation::UnicodeSegmentation as _;

/// Joins emoji into one, and gives letters of many scripts the form they have beside others.
const JOINER: char = '\u{200D}';
/// Keeps letters apart that would join.
const NON_JOINER: char = '\u{200C}';
/// Where a word may end in scripts that are written without spaces.
const WORD_END: char = '\u{200B}';
/// Asks for an emoji's coloured form.
const EMOJI_FORM: char = '\u{FE0F}';
/// Followed by tags, the flag of a region.
const FLAG: char = '\u{1F3F4}';
/// Ends the tags of a flag.
const TAGS_END: char = '\u{E007F}';
/// Tags of a flag: the region's code of ISO 3166-2.
const FLAG_TAGS: std::ops::RangeInclusive<usize> = 3..=6;

/// Scripts whose letters join, or form conjuncts: joiner and non-joiner change how a word is written.
const JOINING: &[Script] = &[
    Script::Adlam,
    Script::Ahom,
    Script::Arabic,
    Script::Balinese,
    Script::Batak,
    Script::Bengali,
    Script::Bhaiksuki,
    Script::Brahmi,
    Script::Buginese,
    Script::Chakma,
    Script::Cham,
    Script::Devanagari,
    Script::Dogra,
    Script::Grantha,
    Script::Gujarati,
    Script::GunjalaGondi,
    Script::Gurmukhi,
    Script::HanifiRohingya,
    Script::Javanese,
    Script::Kaithi,
    Script::Kannada,
    Script::Kharoshthi,
    Script::Khmer,
    Script::Khojki,
    Script::Khudawadi,
    Script::Lepcha,
    Script::Limbu,
    Script::Malayalam,
    Script::Mandaic,
    Script::Manichaean,
    Script::MasaramGondi,
    Script::MeeteiMayek,
    Script::Modi,
    Script::Mongolian,
    Script::Myanmar,
    Script::Nandinagari,
    Script::Newa,
    Script::Nko,
    Script::Oriya,
    Script::PhagsPa,
    Script::PsalterPahlavi,
    Script::Rejang,
    Script::Saurashtra,
    Script::Sharada,
    Script::Siddham,
    Script::Sinhala,
    Script::Sogdian,
    Script::Soyombo,
    Script::Sundanese,
    Script::SylotiNagri,
    Script::Syriac,
    Script::TaiTham,
    Script::Takri,
    Script::Tamil,
    Script::Telugu,
    Script::Tibetan,
    Script::Tirhuta,
    Script::ZanabazarSquare,
];

/// Scripts written without spaces between words.
const UNSPACED: &[Script] = &[
    Script::Balinese,
    Script::Javanese,
    Script::Khmer,
    Script::Lao,
    Script::Myanmar,
    Script::NewTaiLue,
    Script::TaiLe,
    Script::TaiTham,
    Script::TaiViet,
    Script::Thai,
    Script::Tibetan,
];

/// Scripts with registered variation sequences; signs, digits and emoji are `Common`.
const VARYING: &[Script] = &[
    Script::Common,
    Script::EgyptianHieroglyphs,
    Script::Han,
    Script::Hiragana,
    Script::Katakana,
    Script::Manichaean,
    Script::Mongolian,
    Script::Myanmar,
    Script::PhagsPa,
];

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

fn is_mark(c: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(c))
}

fn is_default_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

const fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0020}'..='\u{E007F}')
}

const fn is_flag_tag(c: char) -> bool {
    matches!(c, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}')
}

/// White space, and the letters that people use as white space: the blanks of Braille and of Hangul.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{2800}' | '\u{3164}' | '\u{FFA0}')
}

/// What two texts may differ in and still be one. Tags are not of these: they tell flags apart.
pub(super) fn is_ignorable(c: char) -> bool {
    is_default_ignorable(c) && !is_tag(c)
}

/// What nobody can see or say.
pub(super) fn is_unspoken(c: char) -> bool {
    is_default_ignorable(c)
}

/// A space of any width, in one line.
pub(super) fn is_separator(c: char) -> bool {
    category(c) == GeneralCategory::SpaceSeparator
}

/// Emoji and the signs that emoji are made with, widely.
const fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}' | EMOJI_FORM
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Letters and digits of any script with their marks, the joiners, and three signs.
pub(super) fn is_of_identifiers(c: char) -> bool {
    matches!(c, '.' | '_' | '-' | JOINER | NON_JOINER)
        || GeneralCategoryGroup::Letter.contains(category(c))
        || is_mark(c)
        || category(c) == GeneralCategory::DecimalNumber
}

/// Controls, characters of private use, and code points that are none.
fn is_refused(c: char) -> bool {
    let code = u32::from(c);
    matches!(category(c), GeneralCategory::Control | GeneralCategory::PrivateUse)
        || matches!(code, 0xFDD0..=0xFDEF)
        || code & 0xFFFE == 0xFFFE
}

/// Characters as people count them.
pub(super) fn length(line: &str) -> usize {
    line.graphemes(true).count()
}

/// The beginning of a line, cut between characters; inside of one only where it is too long by itself.
pub(super) fn shortened(line: &str, chars_max: usize, bytes_max: usize) -> &str {
    let ends = line.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len());
    let end = ends.take(chars_max).take_while(|end| *end <= bytes_max).last();
    let end = end.unwrap_or_else(|| line.floor_char_boundary(bytes_max));
    line[..end].trim_end()
}

/// The line that was typed; `None` where nothing of it shows, or where something in it must not be in a name.
pub(super) fn cleaned(typed: &str) -> Option<String> {
    let typed: Vec<char> = typed.chars().collect();
    let mut line = Line::default();
    let mut at = 0;
    while let Some(&c) = typed.get(at) {
        at += 1;
        let rest = &typed[at..];
        if is_space(c) {
            line.space = !line.text.is_empty();
        } else if is_refused(c) {
            return None;
        } else if is_unseen(c) {
            line.unseen(c, rest.first().copied());
        } else {
            line.seen(c)?;
            if c == FLAG {
                at += line.flag(rest);
            }
        }
    }
    (!line.text.is_empty()).then_some(line.text)
}

/// Shows nothing by itself.
fn is_unseen(c: char) -> bool {
    is_default_ignorable(c) || matches!(c, '\u{FFF9}'..='\u{FFFB}')
}

/// A line as it grows.
struct Line {
    text: String,
    /// White space was typed since the last character.
    space: bool,
    /// Something unseen was typed since the last character, which is refused if another follows.
    stray: bool,
    /// The last character.
    before: char,
    /// The script of the last one that has a script of its own.
    script: Script,
}

impl Default for Line {
    fn default() -> Self {
        Self { text: String::new(), space: false, stray: false, before: ' ', script: Script::Common }
    }
}

impl Line {
    /// A mark needs something to be on, so at the beginning it is stripped.
    fn seen(&mut self, c: char) -> Option<()> {
        if self.text.is_empty() && is_mark(c) {
            return Some(());
        }
        if self.stray && !self.text.is_empty() {
            return None;
        }
        self.stray = false;
        if std::mem::take(&mut self.space) {
            self.text.push(' ');
            self.script = Script::Common;
        }
        let script = script(c);
        // A mark, or a letter that only extends others such as the Arabic tatweel, is of the script around it.
        let extends = script == Script::Common && category(c) == GeneralCategory::ModifierLetter;
        if script != Script::Inherited && !extends {
            self.script = script;
        }
        self.push(c);
        Some(())
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.before = c;
    }

    fn unseen(&mut self, c: char, next: Option<char>) {
        let after = !self.text.is_empty() && !self.space && !self.stray;
        let beside_space = self.space || next.is_some_and(is_space);
        if after && self.is_needed(c, next) {
            self.push(c);
        } else if !(beside_space && matches!(c, JOINER | NON_JOINER | WORD_END)) {
            // At the end of a word, keyboards of some scripts leave a joiner behind that joins nothing.
            self.stray = true;
        }
    }

    /// Whether the script needs this here. `next` is what was typed behind it.
    fn is_needed(&self, c: char, next: Option<char>) -> bool {
        let next_in = |scripts: &[Script]| {
            next.is_some_and(|next| !is_unseen(next) && (is_mark(next) || scripts.contains(&script(next))))
        };
        let fresh = !matches!(self.before, JOINER | NON_JOINER | WORD_END);
        match c {
            JOINER if is_pictorial(self.before) => next.is_some_and(|next| is_pictorial(next) && !is_unseen(next)),
            // At the end too: the forms of Malayalam, and of Arabic letters that stand for a word.
            JOINER => fresh && JOINING.contains(&self.script),
            NON_JOINER => fresh && JOINING.contains(&self.script) && next_in(JOINING),
            WORD_END => fresh && UNSPACED.contains(&self.script) && next_in(UNSPACED),
            '\u{FE00}'..='\u{FE0F}' => !is_unseen(self.before) && VARYING.contains(&self.script),
            '\u{E0100}'..='\u{E01EF}' => !is_unseen(self.before) && self.script == Script::Han,
            '\u{180B}'..='\u{180D}' | '\u{180F}' => self.script == Script::Mongolian && !is_unseen(self.before),
            // The Mongolian vowel separator stands before the last vowel of a word.
            '\u{180E}' => self.script == Script::Mongolian && next_in(&[Script::Mongolian]),
            '\u{17B4}' | '\u{17B5}' => self.script == Script::Khmer,
            '\u{115F}' | '\u{1160}' => self.script == Script::Hangul,
            _ => false,
        }
    }

    /// Takes the tags of a flag; answers how many characters they were.
    fn flag(&mut self, rest: &[char]) -> usize {
        let tags = rest.iter().take_while(|c| is_flag_tag(**c)).count();
        if !FLAG_TAGS.contains(&tags) || rest.get(tags) != Some(&TAGS_END) {
            return 0;
        }
        rest[..=tags].iter().for_each(|c| self.push(*c));
        tags + 1
    }
}

/// The line with the quotes of a printer: straight ones curled, angle brackets as single guillemets.
pub(super) fn typeset(line: &str) -> String {
    let mut set = String::with_capacity(line.len());
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        let opens = matches!(
            before,
            ' ' | '('
                | '['
                | '{'
                | '/'
                | '-'
                | '\u{2013}'
                | '\u{2014}'
                | '\u{2018}'
                | '\u{201C}'
                | '\u{2039}'
                | '\u{AB}'
                | '<'
        );
        set.push(match c {
            '"' if opens => '\u{201C}',
            '"' => '\u{201D}',
            // Alone at the head of a word it stands for something left out, as in ’Abd or ’n.
            '\'' if opens && line[at + 1..].contains('\'') => '\u{2018}',
            '\'' => '\u{2019}',
            '<' => '\u{2039}',
            '>' => '\u{203A}',
            other => other,
        });
        before = c;
    }
    set
}
