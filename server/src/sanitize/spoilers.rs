//! `||hidden||`: pairs the marks that the markdown parser does not know.

use std::collections::HashMap;

/// A mark that was left out of the HTML, and where.
struct Mark {
    at: usize,
    scope: usize,
    opens: bool,
    closes: bool,
}

/// The marks of a text, in order.
#[derive(Default)]
pub(super) struct Spoilers {
    marks: Vec<Mark>,
}

impl Spoilers {
    /// What a mark looks like.
    pub(super) const MARK: &str = "||";

    /// Notes a mark at this place of the HTML. Only marks of one scope, the innermost element, make a pair.
    pub(super) fn mark(&mut self, at: usize, scope: usize, before: Option<char>, after: Option<char>) {
        // `a || b` and `a||b` are code that somebody typed: a mark touches what it hides, and no word outside of it.
        let touches = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
        let opens = touches(after) && is_apart(before);
        let closes = touches(before) && is_apart(after);
        self.marks.push(Mark { at, scope, opens, closes });
    }

    /// Puts the pairs into the HTML as elements and the other marks as typed; says whether there was a pair.
    pub(super) fn put_into(&self, html: &str) -> (String, bool) {
        let mut signs = vec![Self::MARK; self.marks.len()];
        let mut open: HashMap<usize, usize> = HashMap::new();
        for (index, mark) in self.marks.iter().enumerate() {
            match open.remove(&mark.scope) {
                Some(before) if mark.closes && self.marks[before].at < mark.at => {
                    signs[before] = r#"<span class="spoiler">"#;
                    signs[index] = "</span>";
                }
                Some(before) if !mark.opens => {
                    open.insert(mark.scope, before);
                }
                _ if mark.opens => {
                    open.insert(mark.scope, index);
                }
                _ => {}
            }
        }
        let mut whole = String::with_capacity(html.len() + 32 * self.marks.len());
        let mut from = 0;
        for (mark, sign) in self.marks.iter().zip(&signs) {
            whole.push_str(&html[from..mark.at]);
            whole.push_str(sign);
            from = mark.at;
        }
        whole.push_str(&html[from..]);
        (whole, signs.contains(&"</span>"))
    }
}
