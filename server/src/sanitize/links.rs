//! Addresses: where a text has one, which ones may be a link's target, and whether a link's text lies about it.

use std::borrow::Cow;
use std::ops::Range;

use ammonia::Url;

/// Words behind a dot that end file names and are no top-level domains: `Node.js` claims no address.
const FILE_ENDINGS: &[&str] = &[
    "cfg", "cpp", "css", "csv", "doc", "docx", "exe", "gif", "go", "hpp", "htm", "html", "ini", "jpeg", "jpg", "js",
    "json", "jsx", "kt", "lock", "log", "pdf", "png", "pptx", "svg", "toml", "ts", "tsx", "txt", "xls", "xlsx", "xml",
    "yaml", "yml",
];

/// Where the address of a site begins that is typed without its scheme.
const WWW: &str = "www.";

/// The addresses in a text that become links by themselves, in order: with a scheme, with `www.`, and those of mail.
pub(super) fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut seen = 0;
    for (at, sign) in text.match_indices([':', '.', '@']) {
        let start = match sign {
            ":" => scheme_start(text, at),
            "." => www_start(text, at),
            _ => mail_start(text, at),
        };
        let Some(start) = start.filter(|start| *start >= seen) else {
            continue;
        };
        let end = match sign {
            "@" => at + 1 + domain_len(&text[at + 1..]),
            _ => start + address_len(&text[start..]),
        };
        let address = &text[start..end];
        let fits = match sign {
            ":" => target(address).is_some(),
            "." => is_www(address),
            _ => is_domain(&text[at + 1..end]) && !goes_on(&text[end..]),
        };
        // What only looks like one is not searched for a smaller one: `http://bank.example@evil.example` is no mail's.
        if sign != "@" {
            seen = end;
        }
        if fits {
            seen = end;
            found.push(start..end);
        }
    }
    found
}

/// Where the link goes whose text is this address.
pub(super) fn href(address: &str) -> Cow<'_, str> {
    if has_prefix(address, WWW) {
        Cow::Owned(format!("https://{address}"))
    } else if has_prefix(address, "http://") || has_prefix(address, "https://") {
        Cow::Borrowed(address)
    } else {
        Cow::Owned(format!("mailto:{address}"))
    }
}

/// Where `www.` starts whose dot is here, at the start of a word.
fn www_start(text: &str, dot: usize) -> Option<usize> {
    let start = (dot + 1).checked_sub(WWW.len())?;
    let is_it = text.as_bytes()[start..=dot].eq_ignore_ascii_case(WWW.as_bytes());
    (is_it && begins_word(text, start)).then_some(start)
}

/// A host of three names or more, the last of which is a word.
fn is_www(address: &str) -> bool {
    // Of `www.` alone the dot is the sentence's.
    let Some(behind) = address.get(WWW.len()..) else { return false };
    let host = behind.split(['/', '?', '#', ':']).next().unwrap_or_default();
    is_domain(host) && target(&format!("https://{behind}")).is_some()
}

/// Where the part before the `@` starts, if it can be one of mail.
fn mail_start(text: &str, at: usize) -> Option<usize> {
    let before = &text[..at];
    let local = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c)).len();
    // Underscores around are marks of emphasis.
    let start = at - before[local..].trim_start_matches('_').len();
    let name = &before[start..];
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !name.ends_with('.') && !name.contains("..");
    (is_name && begins_word(text, start)).then_some(start)
}

/// Whether an address may begin here: not inside of a word, a path or another address.
fn begins_word(text: &str, start: usize) -> bool {
    let before = text[..start].chars().next_back();
    before.is_none_or(|c| !(c.is_alphanumeric() || "/\\@=&?#%+.-$!".contains(c)))
}

/// How far a domain goes, without the sentence's punctuation.
fn domain_len(text: &str) -> usize {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.'))).unwrap_or(text.len());
    text[..end].trim_end_matches(['-', '.']).len()
}

/// Names with dots between them, the last one a word and no file's ending.
fn is_domain(domain: &str) -> bool {
    let is_name = |name: &str| {
        let fits = |c: char| c.is_alphanumeric() || c == '-';
        (1..=63).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('-') && !name.ends_with('-')
    };
    let is_mixed = !domain.is_ascii() && domain.contains(|c: char| c.is_ascii_alphabetic());
    domain.rsplit_once('.').is_some_and(|(_, ending)| {
        ending.chars().count() > 1
            && ending.chars().all(char::is_alphabetic)
            && !FILE_ENDINGS.contains(&ending.to_lowercase().as_str())
            && domain.split('.').all(is_name)
            && !is_mixed
    })
}

/// `git@host.example:repository` and `user@host.example/desk` are no addresses of mail.
fn goes_on(behind: &str) -> bool {
    let mut behind = behind.chars();
    match behind.next() {
        Some(':') => behind.next().is_some_and(|c| !c.is_whitespace()),
        Some(c) => matches!(c, '/' | '\\' | '@'),
        None => false,
    }
}

/// Where the scheme of `://` starts whose colon is here.
fn scheme_start(text: &str, colon: usize) -> Option<usize> {
    if !text[colon..].starts_with("://") {
        return None;
    }
    let before = &text.as_bytes()[..colon];
    let length = ["https", "http"]
        .into_iter()
        .map(str::len)
        .find(|&length| colon >= length && before[colon - length..].eq_ignore_ascii_case(&b"https"[..length]))?;
    let start = colon - length;
    // Inside a word it is another scheme, such as `xhttp://`.
    (start == 0 || !(before[start - 1].is_ascii_alphanumeric() || b"+-._".contains(&before[start - 1])))
        .then_some(start)
}

/// How far an address goes: up to the first character that cannot be of it, without the sentence's punctuation.
fn address_len(text: &str) -> usize {
    let end = text.find(|c: char| !is_address_char(c)).unwrap_or(text.len());
    let mut address = &text[..end];
    let mut unmatched = address.matches(')').count().saturating_sub(address.matches('(').count());
    while let Some(last) = address.chars().next_back() {
        match last {
            '?' | '!' | '.' | ',' | ':' | ';' | '*' | '_' | '~' | '\'' => {}
            ')' if unmatched > 0 => unmatched -= 1,
            _ => break,
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address.len()
}

fn is_address_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '`' | '|' | '\\' | '[' | ']' | '{' | '}' | '^')
    } else {
        c.is_alphanumeric()
    }
}

/// The address, where it may be a link's target: http, https or mailto, and a host that does not pose as another.
pub(super) fn target(address: &str) -> Option<Url> {
    if !address.chars().all(is_address_char) {
        return None;
    }
    let scheme = ["https://", "http://", "mailto:"].into_iter().find(|scheme| has_prefix(address, scheme))?;
    let url = Url::parse(address).ok()?;
    if scheme == "mailto:" {
        return url.path().contains('@').then_some(url);
    }
    let authority = address[scheme.len()..].split(['/', '?', '#']).next().unwrap_or_default();
    // `http://bank.example@evil.example` goes to the second, and a host of mixed alphabets is a usual disguise.
    let disguised =
        authority.contains('@') || (!authority.is_ascii() && authority.contains(|c: char| c.is_ascii_alphabetic()));
    (!disguised && url.host_str().is_some_and(|host| !host.is_empty())).then_some(url)
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Whether a link's visible text may stand for this address: it names no other one.
pub(super) fn is_honest(visible: &str, address: &str) -> bool {
    if visible.contains(is_direction_mark) {
        return false;
    }
    let visible: String = visible.chars().filter(|&c| !is_invisible(c)).map(plain).collect::<String>().to_lowercase();
    let address = address.to_lowercase();
    let address = without_scheme(&address);
    let mut words = visible.split(|c: char| !(c.is_alphanumeric() || "-._~:/?#@%&=+$".contains(c)));
    visible.contains(char::is_alphanumeric)
        && words.all(|word| {
            let word = word.trim_matches(['.', ':', '?', '/', '-', '_', '~', '=', '&', '#', '+', '$', '%']);
            !claims_address(word) || {
                let rest = address.strip_prefix(without_scheme(word));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
            }
        })
}

fn without_scheme(address: &str) -> &str {
    let rest = ["https://", "http://", "mailto:"].into_iter().find_map(|scheme| address.strip_prefix(scheme));
    let rest = rest.unwrap_or(address);
    rest.strip_prefix("www.").unwrap_or(rest)
}

/// Whether a reader would take this word for an address.
fn claims_address(word: &str) -> bool {
    if word.contains("://") || word.starts_with("www.") || word.starts_with("mailto:") {
        return true;
    }
    let host = word.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let Some((head, ending)) = host.rsplit_once('.') else {
        return false;
    };
    let is_number = host.split('.').count() == 4 && host.chars().all(|c| c == '.' || c.is_ascii_digit());
    let is_name = ending.chars().count() > 1
        && ending.chars().all(|c| c.is_alphanumeric() || c == '-')
        && ending.contains(char::is_alphabetic)
        && !FILE_ENDINGS.contains(&ending);
    !head.is_empty() && (is_number || is_name)
}

/// Signs that look like the ones of addresses.
fn plain(c: char) -> char {
    match c {
        '\u{3002}' | '\u{FF0E}' | '\u{FF61}' | '\u{2024}' => '.',
        '\u{FF0F}' | '\u{2044}' | '\u{2215}' | '\u{29F8}' => '/',
        '\u{FF1A}' | '\u{2236}' | '\u{A789}' => ':',
        // The full-width forms are the ASCII ones, moved.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{034F}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
}
