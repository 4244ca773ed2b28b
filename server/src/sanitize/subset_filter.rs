//! Looks through what the parser found, and says which parts are not of the subset and stay literal.
//!
//! After the literal parts are made inert the text is parsed again; a text without objections can be rendered as it is.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Tag};

use super::limits::DEPTH_MAX;
use super::{links, segments};

/// An element of the subset.
#[derive(Clone, Copy)]
pub(super) enum Element<'t> {
    /// Lines that belong together.
    Paragraph,
    /// A list with bullets.
    Bullets,
    /// A list that is numbered from here on.
    Numbers(u64),
    /// One item of either.
    Item,
    /// Code of its own lines.
    Fenced,
    /// `*this*`.
    Emphasis,
    /// `**this**`.
    Strong,
    /// `~~this~~`.
    Strikethrough,
    /// A named link, and where it goes.
    Link(&'t str),
}

/// One step of a text, and its place where it shows something.
pub(super) enum Piece<'t> {
    /// An element starts; the place is the whole element's.
    Open(Element<'t>, Range<usize>),
    /// The innermost element ends.
    Close(Element<'t>),
    /// Shown as typed.
    Text(Range<usize>),
    /// Spaces that are a part of a tab, in code.
    Spaces(usize),
    /// A span of code with its marks.
    Code(Range<usize>),
    /// A line ends.
    Break,
}

/// What is of the subset, and what is not.
#[derive(Default)]
pub(super) struct Verdict<'t> {
    /// The text's steps: of use where there are no objections.
    pub(super) pieces: Vec<Piece<'t>>,
    /// Parts that are literal.
    pub(super) literal: Vec<Range<usize>>,
    /// Ends of indentation that would make code.
    pub(super) indents: Vec<usize>,
}

impl Verdict<'_> {
    pub(super) fn is_clean(&self) -> bool {
        self.literal.is_empty() && self.indents.is_empty()
    }
}

/// What is open at a place of the text.
enum Open {
    List { items: Vec<usize> },
    Link { index: usize },
    Span,
    Fenced { blank: bool },
    Indented,
    Other,
}

/// What the link that is open shows, and where that ends.
struct Shown {
    text: String,
    end: usize,
}

/// Judges what the parser found in a text.
pub(super) fn subset_filter<'t, 'd>(
    text: &'t str,
    found: impl Iterator<Item = (Event<'d>, Range<usize>)>,
) -> Verdict<'t> {
    let mut subset_filter =
        SubsetFilter { text, open: Vec::new(), lists: 0, spans: 0, link: None, verdict: Verdict::default() };
    for (event, range) in found {
        match event {
            Event::Start(tag) => subset_filter.start(&tag, range),
            Event::End(_) => subset_filter.end(range),
            Event::Text(decoded) => subset_filter.text(range, decoded.len()),
            Event::Code(_) => subset_filter.code(range),
            Event::SoftBreak | Event::HardBreak => {
                subset_filter.show(&range, " ");
                subset_filter.verdict.pieces.push(Piece::Break);
            }
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::Rule
            | Event::TaskListMarker(_) => subset_filter.verdict.literal.push(range),
        }
    }
    subset_filter.verdict
}

struct SubsetFilter<'t> {
    text: &'t str,
    open: Vec<(Open, Option<Element<'t>>)>,
    lists: usize,
    spans: usize,
    link: Option<Shown>,
    verdict: Verdict<'t>,
}

impl<'t> SubsetFilter<'t> {
    fn start(&mut self, tag: &Tag<'_>, range: Range<usize>) {
        let (open, element) = match tag {
            Tag::Paragraph => (Open::Other, Element::Paragraph),
            Tag::Item => {
                if let Some((Open::List { items }, _)) = self.open.last_mut() {
                    items.push(range.start);
                }
                (Open::Other, Element::Item)
            }
            Tag::List(first) => {
                self.lists += 1;
                (Open::List { items: Vec::new() }, first.map_or(Element::Bullets, Element::Numbers))
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => (Open::Fenced { blank: true }, Element::Fenced),
            Tag::Link { link_type: LinkType::Inline, .. } if self.link.is_none() => {
                self.link = Some(Shown { text: String::new(), end: range.start + 1 });
                (Open::Link { index: self.verdict.pieces.len() }, Element::Link(""))
            }
            Tag::Emphasis => self.span(&range, Element::Emphasis),
            Tag::Strong => self.span(&range, Element::Strong),
            Tag::Strikethrough => self.span(&range, Element::Strikethrough),
            Tag::CodeBlock(CodeBlockKind::Indented)
            | Tag::Link { .. }
            | Tag::Image { .. }
            | Tag::Heading { .. }
            | Tag::BlockQuote(_)
            | Tag::HtmlBlock
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Table(_)
            | Tag::TableHead
            | Tag::TableRow
            | Tag::TableCell
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {
                let open = if matches!(tag, Tag::CodeBlock(_)) { Open::Indented } else { Open::Other };
                self.open.push((open, None));
                return self.verdict.literal.push(range);
            }
        };
        self.open.push((open, Some(element)));
        self.verdict.pieces.push(Piece::Open(element, range));
    }

    fn span(&mut self, range: &Range<usize>, element: Element<'t>) -> (Open, Element<'t>) {
        self.spans += 1;
        // `*.*` and `_._` are themselves, not a dot in italics.
        let is_sign = self.text[range.clone()].bytes().all(|byte| byte.is_ascii_punctuation() || byte == b' ');
        if is_sign || self.spans > DEPTH_MAX {
            self.verdict.literal.push(range.clone());
        }
        (Open::Span, element)
    }

    fn end(&mut self, range: Range<usize>) {
        let Some((open, element)) = self.open.pop() else {
            return;
        };
        self.verdict.pieces.extend(element.map(Piece::Close));
        match open {
            Open::List { items } => self.list(&items),
            Open::Link { index } => return self.link(index, range),
            Open::Span => self.spans -= 1,
            Open::Fenced { blank: true } => self.verdict.literal.push(range.clone()),
            Open::Fenced { blank: false } | Open::Indented | Open::Other => {}
        }
        // The closing mark of what is inside a link is a part of the link's text.
        self.show(&range, "");
    }

    fn text(&mut self, range: Range<usize>, decoded_len: usize) {
        let text = &self.text[range.clone()];
        self.show(&range, text);
        match self.open.last_mut() {
            Some((Open::Indented, _)) => self.verdict.indents.push(range.start),
            Some((Open::Fenced { blank }, _)) => *blank &= text.trim().is_empty(),
            Some((Open::List { .. } | Open::Link { .. } | Open::Span | Open::Other, _)) | None => {}
        }
        self.verdict.pieces.push(if range.is_empty() { Piece::Spaces(decoded_len) } else { Piece::Text(range) });
    }

    fn code(&mut self, range: Range<usize>) {
        let code = &self.text[range.clone()];
        self.show(&range, code);
        if code.trim_matches('`').trim().is_empty() {
            self.verdict.literal.push(range.clone());
        }
        self.verdict.pieces.push(Piece::Code(range));
    }

    fn show(&mut self, range: &Range<usize>, text: &str) {
        if let Some(shown) = &mut self.link {
            shown.text.push_str(text);
            shown.end = shown.end.max(range.end);
        }
    }

    /// A list is one where it looks as typed: two items or more (inside another list one will do), numbered with a
    /// dot, in steps of one.
    fn list(&mut self, items: &[usize]) {
        self.lists -= 1;
        let numbers: Vec<Option<u32>> = items.iter().map(|&item| self.number(item)).collect();
        let in_order = numbers.windows(2).all(|pair| pair[0].map(|number| number + 1) == pair[1]);
        let as_typed = in_order && items.iter().all(|&item| self.is_marked_as_shown(item));
        if self.lists < DEPTH_MAX && as_typed && (items.len() > 1 || self.lists > 0) {
            return;
        }
        for &item in items {
            if let Some((at, _)) = segments::marker(&self.text[item..]) {
                self.verdict.literal.push(item + at..item + at + 1);
            }
        }
    }

    /// An item's number; none where it has a bullet.
    fn number(&self, item: usize) -> Option<u32> {
        let (at, _) = segments::marker(&self.text[item..])?;
        self.text[item..item + at].trim().parse().ok()
    }

    fn is_marked_as_shown(&self, item: usize) -> bool {
        let Some((at, _)) = segments::marker(&self.text[item..]) else {
            return false;
        };
        let marker = self.text[item..=item + at].trim_start();
        matches!(marker, "-" | "*" | "0.") || (marker.ends_with('.') && !marker.starts_with('0'))
    }

    fn link(&mut self, index: usize, range: Range<usize>) {
        let Some(shown) = self.link.take() else {
            return;
        };
        let address = destination(&self.text[shown.end..range.end]);
        let fit = |address: &&str| links::target(address).is_some() && links::is_honest(&shown.text, address);
        match address.filter(fit) {
            Some(address) => {
                self.verdict.pieces[index] = Piece::Open(Element::Link(address), range);
            }
            None => self.verdict.literal.push(range),
        }
    }
}

/// The address in `](address)`. One with a title is none of ours: the title would be hidden.
fn destination(tail: &str) -> Option<&str> {
    let (_, inner) = tail.split_once("](")?;
    let address = inner.strip_suffix(')')?.trim();
    (!address.contains(char::is_whitespace)).then_some(address)
}
