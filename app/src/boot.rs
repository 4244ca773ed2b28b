//! What the server tells a page when it renders it: which page it is, who reads it, and the theme they chose.
//!
//! It travels in the document's head, so that hydration starts from the state that was rendered. Every page is a
//! document of its own: the browser's address bar, history and cache are the only router.

use leptos::prelude::*;
use protocol::api::RoomView;
use protocol::{ErrorCode, Me};
use serde::{Deserialize, Serialize};

use crate::browser;
use crate::client::Failure;
use crate::i18n::{is_about_no_room, words};

/// The name of the `meta` element that carries a [`Boot`].
pub const BOOT_NAME: &str = "boot";

/// Light, dark, or what the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says, also when it changes its mind.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The value of the cookie `theme` and of `data-theme`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the cookie's value; anything unknown is the system's theme.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == value).unwrap_or_default()
    }
}

/// Which page a document is, with what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// `/`
    #[default]
    Landing,
    /// `/r/CODE`: the room as this person may see it.
    Room(RoomView),
    /// `/r/CODE`: there is none, or the question has no answer.
    NoRoom(Failure),
    /// `/account`
    Account,
    /// `/about`
    About,
    /// Any other address.
    NotFound,
}

/// The programs that browsers run: each has the pages of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// A room, and the card in front of it.
    Room,
    /// Everything else.
    Site,
}

impl Program {
    /// What its files are called, before their endings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Site => "site",
        }
    }
}

impl Page {
    /// The program that brings the page to life.
    #[must_use]
    pub const fn program(&self) -> Program {
        match self {
            Self::Room(_) => Program::Room,
            Self::Landing | Self::NoRoom(_) | Self::Account | Self::About | Self::NotFound => Program::Site,
        }
    }

    /// The title of the document as it is rendered.
    #[must_use]
    pub fn title(&self) -> String {
        let words = words();
        let titled = |title: &str| (words.title)(title);
        match self {
            Self::Landing => words.product.to_owned(),
            Self::Room(view) if view.member => match &view.name {
                Some(name) => titled(name.as_str()),
                None => titled(&view.code.dashed()),
            },
            Self::Room(_) => titled(words.join_room),
            Self::NoRoom(failure) if is_about_no_room(failure.code) => titled(words.no_such_room),
            Self::NoRoom(_) => titled(words.something_wrong),
            Self::Account => titled(words.account),
            Self::About => titled(words.about),
            Self::NotFound => titled(words.not_found),
        }
    }
}

/// Known before the first line of the page runs.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Boot {
    /// Which page this is.
    pub page: Page,
    /// Who reads, where a login came along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub me: Option<Me>,
    /// The theme that the page was rendered with.
    pub theme: Theme,
    /// What went wrong with a form that was posted without scripts: `?error=CODE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorCode>,
    /// The room code that was typed into that form: `?code=…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed_code: Option<String>,
}

impl std::fmt::Debug for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Boot(…)")
    }
}

/// The form that this page's address speaks of: what went wrong with it, and what was typed.
#[derive(Debug, Clone)]
pub(crate) struct CameBack {
    pub(crate) error: Option<ErrorCode>,
    pub(crate) typed_code: Option<String>,
}

impl CameBack {
    /// Of the page that is shown.
    pub(crate) fn here() -> Self {
        use_context().unwrap_or(Self { error: None, typed_code: None })
    }
}

/// The theme in force, shared by every switch on the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrentTheme(RwSignal<Theme>);

impl CurrentTheme {
    pub(crate) fn get(self) -> Theme {
        self.0.get()
    }

    /// For the markup that server and browser must agree on.
    pub(crate) fn at_first(self) -> Theme {
        self.0.get_untracked()
    }

    /// Changes the page at once and the cookie for the next one.
    pub(crate) fn set(self, theme: Theme) {
        self.0.set(theme);
        browser::set_theme(theme.as_str());
    }
}

/// Provides what components ask for: [`CurrentTheme`] and [`CameBack`]. Once, in `App`.
pub(crate) fn provide(boot: &Boot) {
    provide_context(CurrentTheme(RwSignal::new(boot.theme)));
    provide_context(CameBack { error: boot.error, typed_code: boot.typed_code.clone() });
}

#[cfg(test)]
mod tests {
    use protocol::ErrorCode;

    use super::{Boot, Page, Theme};
    use crate::client::Failure;

    #[test]
    fn a_theme_is_read_back_from_its_cookie() {
        for theme in Theme::ALL {
            assert_eq!(Theme::parse(theme.as_str()), theme);
        }
    }

    #[test]
    fn an_unknown_cookie_is_the_systems_theme() {
        assert_eq!(Theme::parse("\"><script>"), Theme::System);
    }

    #[test]
    fn a_page_is_read_back_as_it_was_rendered() {
        let pages = [
            Page::Landing,
            Page::NoRoom(Failure::of(ErrorCode::RoomNotFound)),
            Page::Account,
            Page::About,
            Page::NotFound,
        ];
        for page in pages {
            let boot = Boot { page, theme: Theme::Dark, typed_code: Some("\"&<".to_owned()), ..Boot::default() };
            let read: Boot = protocol::decode(&protocol::encode(&boot)).expect("is what was written");
            assert!(read == boot, "{:?}", boot.page);
        }
    }

    #[test]
    fn titles_tell_pages_apart() {
        assert_eq!(Page::Landing.title(), "WhisperSpace");
        let titles = [
            Page::NoRoom(Failure::of(ErrorCode::RoomNotFound)).title(),
            Page::NoRoom(Failure::of(ErrorCode::Unavailable)).title(),
            Page::Account.title(),
            Page::About.title(),
        ];
        let distinct: std::collections::HashSet<_> = titles.iter().collect();
        assert_eq!(distinct.len(), titles.len(), "{titles:?}");
    }
}
