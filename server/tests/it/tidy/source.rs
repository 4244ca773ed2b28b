//! Rust source as the tidy tests read it: without strings and comments, and without what is a test.

use std::path::PathBuf;

/// One file.
#[derive(Clone)]
pub(super) struct Source {
    /// From the root of the repository.
    pub(super) path: String,
    pub(super) text: String,
    /// The text with blanks in place of comments and of what is between quotes; as many lines.
    code: String,
}

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below these folders.
pub(super) fn all(folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    let mut left: Vec<String> = folders.iter().map(|&folder| folder.to_owned()).collect();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            let entry = entry.expect("a folder can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{name}");
            if entry.path().is_dir() && name != "target" && name != "node_modules" {
                left.push(path);
            } else if entry.path().extension().is_some_and(|ending| ending == "rs") {
                files.push(Source::new(path, std::fs::read_to_string(entry.path()).expect("a file can be read")));
            }
        }
    }
    assert!(!files.is_empty(), "nothing to read below {folders:?}");
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

impl Source {
    pub(super) fn new(path: String, text: String) -> Self {
        let code = blanked(&text);
        Self { path, text, code }
    }

    /// Without comments and what is between quotes, tests included.
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Whether the whole file is a test.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/conformance/")
    }

    /// The code in front of the tests that a file ends with.
    fn product(&self) -> &str {
        if self.is_test() {
            return "";
        }
        let mut from = 0;
        while let Some(found) = self.code[from..].find("#[cfg(test)]") {
            let at = from + found;
            let rest = self.code[at + "#[cfg(test)]".len()..].trim_start();
            if rest.starts_with("mod ")
                && rest.split(['{', ';']).next().is_some_and(|head| rest[head.len()..].starts_with('{'))
            {
                return &self.code[..at];
            }
            from = at + 1;
        }
        &self.code
    }

    /// Lines of the product that hold this.
    pub(super) fn holding(&self, needle: &str) -> Vec<String> {
        let lines = self.product().lines().enumerate().filter(|(_, line)| line.contains(needle));
        lines.map(|(number, line)| format!("{}:{} {}", self.path, number + 1, line.trim())).collect()
    }

    /// Lines of the product in which one of these stands as a whole word.
    pub(super) fn places(&self, words: &[&str]) -> Vec<String> {
        let holds =
            |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| words.contains(&word));
        let lines = self.product().lines().enumerate().filter(|(_, line)| holds(line));
        lines.map(|(number, line)| format!("{}:{} {}", self.path, number + 1, line.trim())).collect()
    }

    /// Name, first line and number of lines of each function with a body.
    pub(super) fn functions(&self) -> Vec<(String, usize, usize)> {
        let mut functions = Vec::new();
        for (at, _) in self.code.match_indices("fn ") {
            let before = self.code[..at].chars().next_back();
            let rest = &self.code[at + 3..];
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.is_empty() || before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let Some(lines) = body_lines(rest) else {
                continue;
            };
            functions.push((name, self.code[..at].matches('\n').count() + 1, lines));
        }
        functions
    }
}

/// Lines from the head to the brace that closes the body; `None` where there is no body.
fn body_lines(rest: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, character) in rest.char_indices() {
        match character {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 {
                    return Some(rest[..=at].matches('\n').count() + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Puts blanks where comments and the insides of quotes are.
fn blanked(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kept, skipped) = match first {
            '/' if rest.starts_with("//") => (0, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (0, comment(rest)),
            '"' => (1, quoted(&rest[1..])),
            'r' | 'b' if starts_word(&code) && raw(rest).is_some() => raw(rest).unwrap_or_default(),
            '\'' => character(rest),
            _ => (first.len_utf8(), 0),
        };
        code.push_str(&rest[..kept]);
        code.extend(rest[kept..kept + skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[kept + skipped..];
    }
    code
}

fn starts_word(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The length of a block comment; they nest.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of what is between quotes and of the closing one.
fn quoted(inside: &str) -> usize {
    let mut escaped = false;
    for (at, character) in inside.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    inside.len()
}

/// A raw string: the length of its head, and of the rest.
fn raw(rest: &str) -> Option<(usize, usize)> {
    let head = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = head.bytes().take_while(|byte| *byte == b'#').count();
    let inside = head[hashes..].strip_prefix('"')?;
    let start = rest.len() - inside.len();
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some((start, length))
}

/// A character between quotes, or the start of a lifetime.
fn character(rest: &str) -> (usize, usize) {
    let mut after = rest[1..].char_indices();
    match (after.next(), after.next()) {
        (Some((_, '\\')), Some((at, _))) => {
            let closing = rest[1 + at + 1..].find('\'').map_or(0, |found| found + at + 2);
            (1, closing)
        }
        (Some(_), Some((at, '\''))) => (1, at + 1),
        _ => (1, 0),
    }
}

#[test]
fn strings_and_comments_are_no_code() {
    let text = "let a = \"fn {\\\"\"; // fn {\nlet b = 'x'; let c = '\\''; fn f<'a>(x: &'a str) { /* { /* } */ */ r#\"}\"\"#; }\n";
    let code = blanked(text);
    assert_eq!(code.matches('\n').count(), 2);
    assert!(!code.contains("fn {") && !code.contains("/*"), "{code}");
    let source = Source { path: "x.rs".to_owned(), text: text.to_owned(), code };
    assert_eq!(source.functions(), [("f".to_owned(), 2, 1)]);
}

#[test]
fn tests_are_no_product() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests;\nfn b() { x.unwrap() }\n#[cfg(test)]\nmod more {\n    fn c() { y.unwrap() }\n}\n";
    let source = Source { path: "x.rs".to_owned(), text: text.to_owned(), code: blanked(text) };
    assert_eq!(source.holding(".unwrap()"), ["x.rs:4 fn b() { x.unwrap() }"]);
    assert_eq!(source.places(&["unwrap"]).len(), 1);
}
