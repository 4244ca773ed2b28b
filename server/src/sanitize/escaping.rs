//! A copy of the text for the parser, of equal length, in which everything outside the subset is inert.
//!
//! Equal length means that a place in the copy is the same place in the text: the parser says where markup is, and
//! what is shown is cut from the text as it was typed. Only ASCII is exchanged, and only for ASCII.

use std::ops::Range;

use super::{links, segments};

/// Punctuation that means nothing to the parser; as punctuation it leaves its neighbours' meaning alone.
const INERT: u8 = b',';
/// Stands for the signs inside an address.
const LETTER: u8 = b'a';

/// The copy.
pub(super) struct EscapedCopy<'t> {
    typed: &'t [u8],
    bytes: Vec<u8>,
    /// Where the text has an address that becomes a link by itself, in order.
    pub(super) addresses: Vec<Range<usize>>,
}

impl<'t> EscapedCopy<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let addresses = links::addresses(text);
        let mut escaped_copy = Self { typed: text.as_bytes(), bytes: text.as_bytes().to_vec(), addresses };
        for address in &escaped_copy.addresses {
            for byte in escaped_copy.bytes[address.clone()].iter_mut().filter(|byte| byte.is_ascii_punctuation()) {
                *byte = LETTER;
            }
        }
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            escaped_copy.quiet_line(start, line);
            start += line.len();
        }
        escaped_copy.quiet_signs();
        escaped_copy
    }

    /// What the parser gets.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("only ASCII was exchanged, for ASCII")
    }

    /// Makes a part of the text literal.
    pub(super) fn quiet(&mut self, range: Range<usize>) {
        for byte in self.bytes.get_mut(range).unwrap_or_default() {
            if byte.is_ascii_punctuation() {
                *byte = INERT;
            }
        }
    }

    /// Makes white space before indented code a part of its line, so that the line is a paragraph's.
    pub(super) fn quiet_indent(&mut self, before: usize) {
        if let Some(byte) = before.checked_sub(1).and_then(|at| self.bytes.get_mut(at))
            && matches!(byte, b' ' | b'\t')
        {
            *byte = INERT;
        }
    }

    /// Rules, underlines of headings, items without content, and a second item's mark on one line.
    fn quiet_line(&mut self, start: usize, line: &str) {
        let content = line.trim_end();
        if content.bytes().all(|byte| matches!(byte, b'-' | b'*' | b'_' | b' ' | b'\t')) {
            return self.quiet(start..start + content.len());
        }
        let Some((at, rest)) = segments::marker(content) else {
            return;
        };
        if rest.is_empty() {
            return self.quiet(start + at..start + at + 1);
        }
        let nested = segments::marker(rest).filter(|(_, behind)| behind.is_empty() || behind.starts_with([' ', '\t']));
        if let Some((second, _)) = nested.filter(|_| rest.starts_with([' ', '\t'])) {
            let second = start + at + 1 + second;
            self.quiet(second..second + 1);
        }
    }

    /// Single signs: those of HTML, entities, headings, definitions, and stars, scores and tildes that mark nothing.
    fn quiet_signs(&mut self) {
        let mut at = 0;
        while let Some(&byte) = self.bytes.get(at) {
            let end = at + self.bytes[at..].iter().take_while(|&&other| other == byte).count();
            match byte {
                b'\\' => {
                    at += self.quiet_escape(at);
                    continue;
                }
                b'<' | b'>' | b'&' | b'#' | b'=' | b'+' => self.quiet(at..end),
                b':' if at > 0 && self.bytes[at - 1] == b']' => self.quiet(at..at + 1),
                b'~' if end - at == 1 => self.quiet(at..end),
                b'*' if self.is_arithmetic(at, end) || self.is_face(at, end) => self.quiet(at..end),
                b'_' if self.is_face(at, end) => self.quiet(at..end),
                _ => {}
            }
            at = end;
        }
    }

    /// A backslash is one wherever it takes no meaning away, as in `C:\.git` and `\"`. Gives the bytes dealt with.
    fn quiet_escape(&mut self, at: usize) -> usize {
        match self.bytes.get(at + 1) {
            // The spoiler's mark is not the parser's to know.
            Some(b'|') => self.bytes[at + 1] = INERT,
            Some(b'\\' | b'`' | b'*' | b'_' | b'~' | b'[' | b']') => {}
            Some(_) | None => {
                self.bytes[at] = INERT;
                return 1;
            }
        }
        2
    }

    /// `2*3*4`, `x**2`, `src/*/*.rs`, `/*comment*/`.
    fn is_arithmetic(&self, start: usize, end: usize) -> bool {
        let (before, after) = self.neighbours(start, end);
        let inside_word = before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric();
        if end - start == 1 {
            inside_word || before == b'/' || after == b'/'
        } else {
            (inside_word && (before.is_ascii_digit() || after.is_ascii_digit())) || (before == b'/' && after == b'/')
        }
    }

    /// `^_^`, `>_<`, `(*)`, `"*"`: between two signs that mirror each other.
    fn is_face(&self, start: usize, end: usize) -> bool {
        let (before, after) = self.neighbours(start, end);
        let mirrored = match before {
            b'<' => b'>',
            b'>' => b'<',
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'/' => b'\\',
            other => other,
        };
        before.is_ascii_punctuation() && after == mirrored
    }

    /// What is around a run, as typed.
    fn neighbours(&self, start: usize, end: usize) -> (u8, u8) {
        let before = start.checked_sub(1).map_or(b' ', |at| self.typed[at]);
        (before, self.typed.get(end).copied().unwrap_or(b' '))
    }
}
