//! What a page must still look like in the browser, so that the program may take it over as it was rendered.
//!
//! Hydration goes through the nodes in order and binds to what it finds. Where a translator, an extension or a proxy has
//! put in, wrapped or taken out nodes, it would panic or, worse, bind to the wrong ones. So the server writes down which
//! nodes it sent, and `start.js` compares before it begins: names of elements, and where texts and comments are. Attributes
//! and the words themselves do not count: hydration reads neither, and a changed class or a translated word is no reason to
//! draw a page anew.

/// Elements without content and without an end tag.
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// The fingerprint of markup as the interface writes it: every element closed, every attribute's value in double quotes.
pub(crate) fn of(markup: &str) -> String {
    let hash =
        shape(markup).bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string()
}

/// The nodes in order: `<name…>` for an element with what is in it, `#` for a text, `!` for a comment.
fn shape(markup: &str) -> String {
    let mut shape = String::new();
    let mut rest = markup;
    while !rest.is_empty() {
        let Some(tag) = rest.strip_prefix('<') else {
            shape.push('#');
            rest = &rest[rest.find('<').unwrap_or(rest.len())..];
            continue;
        };
        let (inside, after) = tag_and_rest(tag);
        rest = after;
        if inside.starts_with('!') {
            shape.push('!');
        } else if inside.starts_with('/') {
            shape.push('>');
        } else {
            let name = inside.split([' ', '/']).next().unwrap_or(inside);
            shape.push('<');
            shape.push_str(name);
            if VOID.contains(&name) {
                shape.push('>');
            }
        }
    }
    shape
}

/// What is between `<` and its `>`, and what comes behind it. A `>` in a quoted value closes nothing.
fn tag_and_rest(tag: &str) -> (&str, &str) {
    if let Some(comment) = tag.strip_prefix("!--") {
        let end = comment.find("-->").map_or(tag.len(), |at| at + 6);
        return (&tag[..end.min(tag.len())], &tag[end..]);
    }
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return (&tag[..at], &tag[at + 1..]),
            _ => {}
        }
    }
    (tag, "")
}

#[cfg(test)]
mod tests {
    use super::{of, shape};

    #[test]
    fn nodes_are_told_in_order() {
        let table = [
            ("", ""),
            ("<p>words</p>", "<p#>"),
            ("<p>a<!>b</p><!>", "<p#!#>!"),
            (
                "<div title=\"a > b\" hidden><input id=\"x\"><svg><path d=\"M0 0\"></path></svg></div>",
                "<div<input><svg<path>>>",
            ),
            ("<!-- <p> --> <b></b>", "!#<b>"),
            ("<noscript>words &amp; words</noscript>", "<noscript#>"),
        ];
        for (markup, nodes) in table {
            assert_eq!(shape(markup), nodes, "{markup}");
        }
    }

    #[test]
    fn what_hydration_does_not_read_does_not_count() {
        assert_eq!(of("<p class=\"a\">one</p>"), of("<p data-x=\"b\">two words</p>"));
        assert_ne!(of("<p>one</p>"), of("<p><font>one</font></p>"));
        assert_ne!(of("<p>one</p><!>"), of("<p>one</p>"));
    }

    /// The same numbers as `start.js` makes: FNV-1a in 32 bits.
    #[test]
    fn the_hash_is_the_one_that_browsers_make() {
        assert_eq!(of(""), "2166136261");
        assert_eq!(of("<p></p>"), "2390230077");
    }
}
