//! Cuts a text into quotes and the rest, line by line.
//!
//! Markdown lets a line without a mark continue the quote or the list item above it; in a chat the answer typed
//! under a quote would be shown as the quoted person's words. Here each line says for itself what it is.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment<'t> {
    /// The lines of one quote, without their marks.
    Quote(String),
    /// Lines of anything else.
    Flow {
        /// The lines.
        text: &'t str,
        /// Whether a blank line is before them.
        after_blank: bool,
    },
}

/// A fence that is open: its character and how many of it.
type Fence = (char, usize);

/// Cuts; with `quotes` off, everything is flow.
pub(super) fn split(text: &str, quotes: bool) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let mut start = 0;
    let mut position = 0;
    let mut quoted = false;
    let mut in_list = false;
    let mut fence: Option<Fence> = None;
    for line in text.split_inclusive('\n') {
        let is_quote = quotes && fence.is_none() && unquoted(line).is_some();
        let ends_list = in_list && fence.is_none() && !line.starts_with([' ', '\t', '\n']) && !is_item(line);
        if is_quote != quoted || (!quoted && ends_list) {
            push(&mut segments, text, start, position, quoted);
            start = position;
            in_list = false;
        }
        quoted = is_quote;
        if !is_quote {
            in_list |= fence.is_none() && is_item(line);
            fence = fence_after(line, fence);
        }
        position += line.len();
    }
    push(&mut segments, text, start, position, quoted);
    segments
}

fn push<'t>(segments: &mut Vec<Segment<'t>>, text: &'t str, start: usize, end: usize, quoted: bool) {
    let lines = &text[start..end];
    if quoted {
        let inner: String = lines.split_inclusive('\n').filter_map(unquoted).collect();
        // A lone `>` is a sign that somebody typed, not a quote of nothing.
        if inner.contains(|c: char| !c.is_whitespace() && c != '>') {
            return segments.push(Segment::Quote(inner));
        }
    }
    if !lines.trim().is_empty() {
        let is_blank = |line: Option<&str>| line.is_some_and(|line| line.trim().is_empty());
        let after_blank = is_blank(text[..start].lines().next_back()) || is_blank(lines.lines().next());
        segments.push(Segment::Flow { text: lines, after_blank });
    }
}

/// The line without its quote mark. A mark needs white space or the line's end behind it, so `>_<` is none.
fn unquoted(line: &str) -> Option<&str> {
    let trimmed = line.trim_start_matches(' ');
    let inner = trimmed.strip_prefix('>').filter(|_| line.len() - trimmed.len() < 4)?;
    let behind = inner.trim_start_matches('>');
    if !(behind.is_empty() || behind.starts_with([' ', '\t', '\n'])) {
        return None;
    }
    Some(inner.strip_prefix([' ', '\t']).unwrap_or(inner))
}

fn is_item(line: &str) -> bool {
    marker(line).is_some_and(|(_, rest)| rest.starts_with([' ', '\t']))
}

/// Splits the marker of a list item off a line: the bytes up to the marker's last one, and what is behind it.
pub(super) fn marker(line: &str) -> Option<(usize, &str)> {
    let trimmed = line.trim_start_matches([' ', '\t']);
    let number = trimmed.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = trimmed.len() - number.len();
    let rest = match digits {
        0 => trimmed.strip_prefix(['-', '*'])?,
        1..=9 => number.strip_prefix(['.', ')'])?,
        _ => return None,
    };
    Some((line.len() - rest.len() - 1, rest))
}

/// The fence that is open behind this line.
fn fence_after(line: &str, open: Option<Fence>) -> Option<Fence> {
    let content = match marker(line) {
        Some((_, rest)) if open.is_none() && rest.starts_with([' ', '\t']) => rest.trim(),
        Some(_) | None => line.trim(),
    };
    let sign = content.chars().next().filter(|c| matches!(c, '`' | '~'));
    let behind = sign.map_or(content, |sign| content.trim_start_matches(sign));
    let length = content.len() - behind.len();
    match open {
        Some((opened, least)) => {
            let closes = sign == Some(opened) && length >= least && behind.is_empty();
            (!closes).then_some((opened, least))
        }
        None => sign.filter(|&sign| length >= 3 && (sign == '~' || !behind.contains('`'))).map(|sign| (sign, length)),
    }
}
