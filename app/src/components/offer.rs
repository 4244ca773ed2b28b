//! One of what may be meant by a word that is written.

/// What is shown, and what is written when it is chosen.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// What stands before the caret then.
    pub(super) text: String,
    /// What it is called.
    pub(super) shown: String,
    /// What it is for, or why it is not for this reader.
    pub(super) note: &'static str,
    /// Whether the reader may choose it.
    pub(super) may: bool,
}

impl Offer {
    /// One that is called so and needs no explanation.
    pub(super) fn of(name: &str) -> Self {
        Self { text: String::new(), shown: name.to_owned(), note: "", may: true }
    }
}
