//! The last step: whatever the renderer made, only this small allow-list of HTML leaves.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// Languages that a fenced block may name. Any other word behind the backticks is shown, so that nothing typed is lost.
pub(super) const LANGUAGES: &[&str] = &[
    "bash",
    "c",
    "cpp",
    "csharp",
    "css",
    "diff",
    "dockerfile",
    "elixir",
    "go",
    "graphql",
    "haskell",
    "html",
    "ini",
    "java",
    "javascript",
    "js",
    "json",
    "jsx",
    "kotlin",
    "lua",
    "makefile",
    "markdown",
    "md",
    "nix",
    "perl",
    "php",
    "powershell",
    "py",
    "python",
    "rb",
    "ruby",
    "rs",
    "rust",
    "scala",
    "sh",
    "shell",
    "sql",
    "svelte",
    "swift",
    "text",
    "toml",
    "ts",
    "tsx",
    "typescript",
    "txt",
    "vue",
    "xml",
    "yaml",
    "yml",
    "zig",
    "zsh",
];

/// The class of a language of the list.
pub(super) fn language_class(language: &str) -> String {
    format!("language-{language}")
}

static CLASSES: LazyLock<Vec<String>> =
    LazyLock::new(|| LANGUAGES.iter().map(|language| language_class(language)).collect());

static FENCE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "p",
            "br",
            "strong",
            "em",
            "del",
            "code",
            "pre",
            "blockquote",
            "ul",
            "ol",
            "li",
            "a",
            "span",
        ]))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))]))
        .allowed_classes(HashMap::from([
            ("span", HashSet::from(["spoiler"])),
            ("code", CLASSES.iter().map(String::as_str).collect()),
        ]))
        .set_tag_attribute_values(HashMap::from([("a", HashMap::from([("target", "_blank")]))]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .attribute_filter(|element, attribute, value| {
            let numbers = (element, attribute) != ("ol", "start") || value.bytes().all(|byte| byte.is_ascii_digit());
            numbers.then_some(Cow::Borrowed(value))
        });
    builder
});

/// What may leave of this HTML.
pub(crate) fn clean(html: &str) -> String {
    FENCE.clean(html).to_string()
}
