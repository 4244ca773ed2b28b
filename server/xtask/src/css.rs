//! The style sheet: `style/main.css` is a list of layers and imports; out comes one file, in the order of the list,
//! each import in its layer, without comments and needless white space. Reads no CSS beyond that.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// Puts together what the list names.
pub(crate) fn bundle(main: &Path) -> Result<String> {
    let folder = main.parent().context("a style sheet lies in a folder")?;
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read the style sheet {}", path.display()))
    };
    let list = fs::read_to_string(main).with_context(|| format!("cannot read the style sheet {}", main.display()))?;
    bundle_list(&list, read)
}

fn bundle_list(list: &str, read: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut bundle = String::new();
    let list = minify(list);
    for statement in list.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        if let Some(import) = statement.strip_prefix("@import") {
            let Import { file, layer } = Import::parse(import.trim())?;
            let text = minify(&read(file)?);
            ensure!(!text.contains("@import"), "{file} imports another file: name that one in the list");
            match layer {
                Some(layer) => write!(bundle, "@layer {layer}{{{text}}}")?,
                None => bundle.push_str(&text),
            }
        } else if statement.starts_with("@layer ") && !statement.contains('{') {
            write!(bundle, "{statement};")?;
        } else {
            bail!("the list of style sheets holds @layer and @import only, not `{statement}`");
        }
    }
    Ok(bundle)
}

/// `"tokens.css" layer(tokens)`, the layer being optional.
#[derive(Debug, PartialEq, Eq)]
struct Import<'a> {
    file: &'a str,
    layer: Option<&'a str>,
}

impl<'a> Import<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let unknown = || format!("cannot read `@import {text}`: write `@import \"file.css\" layer(name);`");
        let quote = text.chars().next().filter(|first| matches!(first, '"' | '\'')).with_context(unknown)?;
        let (file, rest) = text[1..].split_once(quote).with_context(unknown)?;
        let layer = match rest.trim() {
            "" => None,
            rest => Some(rest.strip_prefix("layer(").and_then(|rest| rest.strip_suffix(')')).with_context(unknown)?),
        };
        Ok(Self { file, layer })
    }
}

/// Drops comments and the white space that means nothing. Strings and unquoted addresses stay as they are.
///
/// White space stays where it may mean something: between words, around `+`, `-` and `>`, before `:`.
fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    let mut gap = false;
    while let Some(first) = rest.chars().next() {
        let (token, kind) = next_token(rest, first);
        rest = &rest[token.len()..];
        match kind {
            Kind::Gap => gap = true,
            Kind::Punctuation => {
                // `--name: ;` has an empty value, which needs its space.
                if gap && out.ends_with(':') {
                    out.push(' ');
                }
                if first == '}' && out.ends_with(';') {
                    out.pop();
                }
                out.push(first);
                gap = false;
            }
            Kind::Word => {
                if gap && !out.is_empty() && !out.ends_with(['{', '}', ';', ',', ':']) {
                    out.push(' ');
                }
                out.push_str(token);
                gap = false;
            }
        }
    }
    out
}

#[derive(Clone, Copy)]
enum Kind {
    /// White space or a comment.
    Gap,
    /// `{`, `}`, `;`, `,`: no white space around them matters.
    Punctuation,
    /// Anything else, to be kept as it is.
    Word,
}

fn next_token(rest: &str, first: char) -> (&str, Kind) {
    let upto = |length: usize| &rest[..length];
    match first {
        '{' | '}' | ';' | ',' => (upto(1), Kind::Punctuation),
        '/' if rest.starts_with("/*") => {
            let length = rest[2..].find("*/").map_or(rest.len(), |end| end + 4);
            (upto(length), Kind::Gap)
        }
        '"' | '\'' => (upto(quoted(rest, first)), Kind::Word),
        'u' | 'U' if rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("url(")) => {
            let inner = rest[4..].trim_start();
            if inner.starts_with(['"', '\'']) {
                (upto(4), Kind::Word)
            } else {
                (upto(rest.find(')').map_or(rest.len(), |end| end + 1)), Kind::Word)
            }
        }
        // An escaped character is never a delimiter.
        '\\' => {
            let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
            (upto(1 + escaped), Kind::Word)
        }
        first if first.is_ascii_whitespace() => {
            let length = rest.find(|c: char| !c.is_ascii_whitespace()).unwrap_or(rest.len());
            (upto(length), Kind::Gap)
        }
        first => (upto(first.len_utf8()), Kind::Word),
    }
}

/// The length of a string with its quotes; a backslash takes the character after it along.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_files(name: &str) -> Result<String> {
        match name {
            "tokens.css" => Ok(":root { --gap: 4px; }\n".to_owned()),
            "base.css" => Ok("/* base */ body { margin: 0; }".to_owned()),
            "nested.css" => Ok("@import \"base.css\";".to_owned()),
            other => bail!("cannot read {other}"),
        }
    }

    fn bundled(list: &str) -> Result<String> {
        bundle_list(list, two_files)
    }

    #[test]
    fn imports_keep_their_order_and_layer() {
        let css = bundled(
            "/* the list */\n@layer tokens, base;\n@import \"tokens.css\" layer(tokens);\n@import 'base.css' layer(base);\n",
        )
        .expect("both files are there");
        assert_eq!(css, "@layer tokens,base;@layer tokens{:root{--gap:4px}}@layer base{body{margin:0}}");
    }

    #[test]
    fn an_import_without_a_layer_stands_alone() {
        assert_eq!(bundled("@import \"base.css\";").expect("the file is there"), "body{margin:0}");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for list in [
            "@import \"gone.css\";",
            "@import \"nested.css\";",
            "@import tokens.css;",
            "@import \"tokens.css\" screen;",
            "body { margin: 0; }",
        ] {
            assert!(bundled(list).is_err(), "{list}");
        }
    }

    #[test]
    fn white_space_that_means_something_stays() {
        for (css, expected) in [
            ("a :hover  >  b { width: calc(1px + 2px) }", "a :hover > b{width:calc(1px + 2px)}"),
            ("a { margin: 0 auto !important ; }", "a{margin:0 auto !important}"),
            ("a /* one */ b { c: d }", "a b{c:d}"),
            ("@media (width > 600px) and (hover) { a { b: c } }", "@media (width > 600px) and (hover){a{b:c}}"),
            (":root { --empty: ; --list: 1px , 2px; }", ":root{--empty: ;--list:1px,2px}"),
            ("a { color: red }\n\n&.b { c: d; }", "a{color:red}&.b{c:d}"),
        ] {
            assert_eq!(minify(css), expected);
        }
    }

    #[test]
    fn strings_and_addresses_are_left_alone() {
        for css in [
            r#"a::before{content:"  /* no */ ; } \" { "}"#,
            r"a{content:'it\'s , {'}",
            "a{background:url(data:image/svg+xml;x=/*,y)}",
            "a{background:url('b ; c.svg')}",
            r".sm\:\{x{a:b}",
        ] {
            assert_eq!(minify(css), css);
        }
    }

    #[test]
    fn an_unfinished_comment_or_string_ends_with_the_file() {
        assert_eq!(minify("a{b:c} /* never closed"), "a{b:c}");
        assert_eq!(minify("a{content:\"never closed"), "a{content:\"never closed");
    }
}
