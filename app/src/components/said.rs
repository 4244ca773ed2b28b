//! Words that may change after they were drawn: they belong to their element, not to a text node in it.
//!
//! Translators put other nodes in the place of text nodes (`<font>` around the translation). Whoever wrote to the node of
//! before would write to something that is no longer on the page: the words would stand still for good. An element stays,
//! so the words are set as its whole content: `<p inner_html=said(move || …)></p>`. What never changes, and what goes
//! together with its element, may be a plain child. `tests/it/tidy` holds that nothing else is set as HTML, with the one
//! exception of messages, whose HTML the server has sanitised.

use crate::signals::{Live, live};
/// The words of an element that is drawn once, as markup that shows them.
pub(crate) fn said(words: impl Fn() -> String + Send + Sync + 'static) -> Live<String> {
    live(move || told(&words()))
}

/// The words of an element that is drawn anew, in place, whenever something changes: inside `{move || view! {…}}`.
pub(crate) fn told(words: &str) -> String {
    let mut markup = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            plain => markup.push(plain),
        }
    }
    markup
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn words_are_never_read_as_markup() {
        assert_eq!(told("plain words, as they are…"), "plain words, as they are…");
        assert_eq!(told("<img src=x onerror=y> & \"'"), "&lt;img src=x onerror=y&gt; &amp; \"'");
        assert_eq!(told("&lt;"), "&amp;lt;");
    }
}
