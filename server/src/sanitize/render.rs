//! The markdown subset to HTML. The parser gives the places; every character shown is cut from the text as typed.

use std::ops::Range;

use pulldown_cmark::{Options, Parser};

use super::allow_list::{LANGUAGES, language_class};
use super::escaping::EscapedCopy;
use super::links;
use super::spoilers::Spoilers;
use super::subset_filter::{Element, Piece, subset_filter};

/// How often a text is parsed anew after parts of it were made literal, before all of it is.
const PASSES_MAX: usize = 6;

/// HTML on its way to the allow list.
#[derive(Default)]
pub(super) struct Html {
    /// The HTML.
    pub(super) html: String,
    /// Whether anything in it looks other than the text alone would.
    pub(super) formatted: bool,
}

impl Html {
    /// Puts a part behind this one. Paragraphs that no blank line separates are one.
    pub(super) fn join(&mut self, next: &Self, after_blank: bool) {
        match next.html.strip_prefix("<p>") {
            Some(rest) if !after_blank && self.html.ends_with("</p>") => {
                self.html.truncate(self.html.len() - "</p>".len());
                self.html.push_str("<br>");
                self.html.push_str(rest);
            }
            _ => self.html.push_str(&next.html),
        }
        self.formatted |= next.formatted;
    }
}

/// Renders text that has no quotes.
pub(super) fn flow(text: &str) -> Html {
    let mut escaped_copy = EscapedCopy::new(text);
    for _ in 0..PASSES_MAX {
        let copy = escaped_copy.as_str();
        let parser = Parser::new_ext(copy, Options::ENABLE_STRIKETHROUGH);
        let verdict = subset_filter(text, parser.into_offset_iter());
        if verdict.is_clean() {
            return HtmlWriter::new(text, copy, &escaped_copy.addresses).write(verdict.pieces);
        }
        for place in verdict.indents {
            escaped_copy.quiet_indent(place);
        }
        for range in verdict.literal {
            escaped_copy.quiet(range);
        }
    }
    literal(text)
}

fn literal(text: &str) -> Html {
    let mut html = String::from("<p>");
    for (index, line) in text.trim_end().split('\n').enumerate() {
        html.push_str(if index == 0 { "" } else { "<br>" });
        escape(&mut html, line);
    }
    html.push_str("</p>");
    Html { html, formatted: false }
}

fn escape(html: &mut String, text: &str) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let sign = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        html.push_str(&text[from..at]);
        html.push_str(sign);
        from = at + 1;
    }
    html.push_str(&text[from..]);
}

/// Writes a text that the subset filter has no objection to.
struct HtmlWriter<'w> {
    text: &'w str,
    copy: &'w str,
    addresses: &'w [Range<usize>],
    html: String,
    formatted: bool,
    spoilers: Spoilers,
    /// The innermost element that a spoiler may not cross, by the number of the piece that opens it.
    spans: Vec<usize>,
    block: usize,
    lists: usize,
    in_link: bool,
    /// The code of the block that is open.
    code: Option<String>,
    /// Whether white space at the start of a line comes next.
    at_line_start: bool,
}

impl<'w> HtmlWriter<'w> {
    fn new(text: &'w str, copy: &'w str, addresses: &'w [Range<usize>]) -> Self {
        Self {
            text,
            copy,
            addresses,
            html: String::with_capacity(2 * text.len()),
            formatted: false,
            spoilers: Spoilers::default(),
            spans: Vec::new(),
            block: 0,
            lists: 0,
            in_link: false,
            code: None,
            at_line_start: false,
        }
    }

    fn write(mut self, pieces: Vec<Piece<'_>>) -> Html {
        for (index, piece) in pieces.into_iter().enumerate() {
            match piece {
                Piece::Open(element, range) => self.open(element, range, index),
                Piece::Close(element) => self.close(element, index),
                Piece::Text(range) => self.text(range),
                Piece::Spaces(count) => {
                    self.code.iter_mut().for_each(|code| code.extend(std::iter::repeat_n(' ', count)));
                }
                Piece::Code(range) => self.code_span(range),
                Piece::Break => {
                    self.html.push_str("<br>");
                    self.at_line_start = true;
                }
            }
        }
        let (html, has_spoiler) = self.spoilers.put_into(&self.html);
        Html { html, formatted: self.formatted || has_spoiler }
    }

    fn open(&mut self, element: Element<'_>, range: Range<usize>, index: usize) {
        self.formatted |= !matches!(element, Element::Paragraph);
        match element {
            Element::Paragraph => {
                self.block("<p>", index);
                self.at_line_start = true;
            }
            Element::Bullets => self.list("<ul>", index),
            Element::Numbers(1) => self.list("<ol>", index),
            Element::Numbers(first) => self.list(&format!(r#"<ol start="{first}">"#), index),
            Element::Item => self.block("<li>", index),
            Element::Fenced => self.fenced(range, index),
            Element::Emphasis => self.span("<em>", range, index),
            Element::Strong => self.span("<strong>", range, index),
            Element::Strikethrough => self.span("<del>", range, index),
            Element::Link(address) => {
                self.span("", range, index);
                self.link(address);
                self.in_link = true;
            }
        }
    }

    fn close(&mut self, element: Element<'_>, index: usize) {
        match element {
            Element::Paragraph => self.block("</p>", index),
            Element::Bullets => self.end_list("</ul>", index),
            Element::Numbers(_) => self.end_list("</ol>", index),
            Element::Item => self.block("</li>", index),
            Element::Fenced => {
                let code = self.code.take().unwrap_or_default();
                escape(&mut self.html, code.strip_suffix('\n').unwrap_or(&code));
                self.block("</code></pre>", index);
            }
            Element::Emphasis => self.end_span("</em>"),
            Element::Strong => self.end_span("</strong>"),
            Element::Strikethrough => self.end_span("</del>"),
            Element::Link(_) => {
                self.in_link = false;
                self.end_span("</a>");
            }
        }
    }

    fn list(&mut self, html: &str, index: usize) {
        self.lists += 1;
        self.block(html, index);
    }

    fn end_list(&mut self, html: &str, index: usize) {
        self.lists -= 1;
        self.block(html, index);
    }

    fn block(&mut self, html: &str, index: usize) {
        self.html.push_str(html);
        self.block = index;
        self.at_line_start = false;
    }

    fn span(&mut self, html: &str, range: Range<usize>, index: usize) {
        self.indent(range.start);
        self.html.push_str(html);
        self.spans.push(index);
    }

    fn end_span(&mut self, html: &str) {
        self.html.push_str(html);
        self.spans.pop();
    }

    fn link(&mut self, address: &str) {
        self.html.push_str(r#"<a href=""#);
        escape(&mut self.html, address);
        self.html.push_str(r#"">"#);
        self.formatted = true;
    }

    /// White space at the start of a line, which markdown drops and a reader of verse or a drawing misses.
    fn indent(&mut self, at: usize) {
        if std::mem::take(&mut self.at_line_start) && self.lists == 0 {
            let before = &self.text[..at];
            let line = before.trim_end_matches([' ', '\t']);
            if line.is_empty() || line.ends_with('\n') {
                self.html.push_str(&before[line.len()..]);
            }
        }
    }

    fn fenced(&mut self, range: Range<usize>, index: usize) {
        let fence = self.text[range].lines().next().unwrap_or_default();
        let info = fence.trim_start_matches(['`', '~']).trim();
        let language = LANGUAGES.iter().find(|language| language.eq_ignore_ascii_case(info));
        let shown = if language.is_none() && !info.is_empty() { format!("{info}\n") } else { String::new() };
        match language {
            Some(language) => self.block(&format!(r#"<pre><code class="{}">"#, language_class(language)), index),
            None => self.block("<pre><code>", index),
        }
        self.code = Some(shown);
    }

    fn code_span(&mut self, range: Range<usize>) {
        self.indent(range.start);
        let span = &self.text[range];
        let ticks = span.len() - span.trim_start_matches('`').len();
        let code = span[ticks..span.len() - ticks].lines().enumerate();
        let code = code.map(|(index, line)| if index == 0 { line } else { line.trim_start() });
        let code = code.collect::<Vec<_>>().join(" ");
        let inner = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
        self.html.push_str("<code>");
        escape(&mut self.html, inner.unwrap_or(&code));
        self.html.push_str("</code>");
        self.formatted = true;
    }

    fn text(&mut self, range: Range<usize>) {
        if let Some(code) = &mut self.code {
            return code.push_str(&self.text[range]);
        }
        self.indent(range.start);
        let mut from = range.start;
        if !self.in_link {
            let first = self.addresses.partition_point(|address| address.start < from);
            for address in self.addresses[first..].iter().take_while(|address| address.end <= range.end) {
                self.words(from..address.start);
                let address = address.clone();
                from = address.end;
                let address = &self.text[address];
                self.link(&links::href(address));
                escape(&mut self.html, address);
                self.html.push_str("</a>");
            }
        }
        self.words(from..range.end);
    }

    /// Text without links; the marks of spoilers are noted and left out.
    fn words(&mut self, range: Range<usize>) {
        let scope = self.spans.last().copied().unwrap_or(self.block);
        let mut from = range.start;
        for (at, _) in self.copy[range.clone()].match_indices(Spoilers::MARK) {
            let at = range.start + at;
            let end = at + Spoilers::MARK.len();
            let before = self.text[..at].chars().next_back();
            let after = self.text[end..].chars().next();
            if at < from || before == Some('|') || after == Some('|') {
                continue;
            }
            escape(&mut self.html, &self.text[from..at]);
            self.spoilers.mark(self.html.len(), scope, before, after);
            from = end;
        }
        escape(&mut self.html, &self.text[from..range.end]);
    }
}
