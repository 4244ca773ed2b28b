//! Reads HTML back with the strictest of grammars: what is not exactly an allowed tag fails the test.

/// The characters that may be marks of the subset; compared texts are compared without them.
const MARKS: &str = "*_~`|>#-[]()\\.";

/// The text of this HTML with the targets of named links and the languages of code behind them, as they were typed.
pub(super) fn content(html: &str) -> Result<String, String> {
    let mut content = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut link: Option<(String, usize)> = None;
    let mut rest = html;
    while let Some((text, behind)) = rest.split_once('<') {
        content.push_str(&decode(text)?);
        let (tag, behind) = behind.split_once('>').ok_or("an open tag")?;
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes another element"));
            }
            if name == "a"
                && let Some((address, start)) = link.take()
                && ["", "https://", "mailto:"].iter().all(|scheme| address != format!("{scheme}{}", &content[start..]))
            {
                content.push_str(&address);
            }
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default();
        match (name, &tag[name.len()..]) {
            ("br", "") => continue,
            ("p" | "strong" | "em" | "del" | "code" | "pre" | "blockquote" | "ul" | "ol" | "li", "")
            | ("span", r#" class="spoiler""#) => {}
            ("code", class) => {
                let language = class.strip_prefix(r#" class="language-"#).and_then(|class| class.strip_suffix('"'));
                let language = language.filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase()));
                content.push_str(language.ok_or(format!("<{tag}>"))?);
            }
            ("ol", start) => {
                let number = start.strip_prefix(r#" start=""#).and_then(|start| start.strip_suffix('"'));
                number.filter(|number| number.parse::<u32>().is_ok()).ok_or(format!("<{tag}>"))?;
            }
            ("a", attributes) if link.is_none() => {
                let address = address_of(attributes).ok_or(format!("<{tag}>"))?;
                link = Some((address, content.len()));
            }
            _ => return Err(format!("<{tag}>")),
        }
        open.push(name);
    }
    content.push_str(&decode(rest)?);
    if open.is_empty() { Ok(content) } else { Err(format!("{open:?} stay open")) }
}

/// The address of a link whose attributes are exactly those that the allow list writes.
fn address_of(attributes: &str) -> Option<String> {
    let address = attributes
        .strip_prefix(r#" href=""#)?
        .strip_suffix(r#"" target="_blank" rel="noopener noreferrer nofollow""#)
        .filter(|address| !address.contains('"'))?;
    let address = decode(address).ok()?;
    let lower = address.to_lowercase();
    let schemes = ["http://", "https://", "mailto:"];
    let allowed = schemes.iter().any(|scheme| lower.starts_with(scheme));
    allowed.then_some(address)
}

fn decode(text: &str) -> Result<String, String> {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        let (entity, behind) = behind.split_once(';').ok_or("a bare ampersand")?;
        decoded.push_str(before);
        decoded.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "nbsp" => '\u{A0}',
            other => return Err(format!("&{other};")),
        });
        rest = behind;
    }
    if rest.contains('>') {
        return Err("a bare >".to_owned());
    }
    Ok(decoded + rest)
}

/// A text without what may be a mark, with NUL as it is shown, in one case (languages are recognised in any).
pub(super) fn without_marks(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace() && !c.is_ascii_digit() && !MARKS.contains(*c));
    kept.map(|c| if c == '\0' { '\u{FFFD}' } else { c }).collect::<String>().to_lowercase()
}
