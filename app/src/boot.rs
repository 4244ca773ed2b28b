//! What the server tells a page when it renders it: which page it is, who reads it, and the theme they chose.
//!
//! It travels in the document's head, so that hydration starts from the state that was rendered. Every page is a
//! document of its own: the browser's address bar, history and cache are the only router.

use leptos::prelude::*;
#[cfg(feature = "site")]
use protocol::Limits;
use protocol::api::RoomView;
use protocol::{Me, Millis, Object, Read, Value, field, read_struct};
use serde::Serialize;

use crate::browser;
use crate::i18n::{no_room_title, words};
use crate::signals::RwSignal;
use client::RequestError;

/// The name of the `meta` element that carries a [`Boot`].
pub const BOOT_NAME: &str = "boot";

/// Light, dark, or what the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// `/`
    #[default]
    Landing,
    /// `/r/CODE`: the room as this person may see it.
    Room(RoomView),
    /// `/r/CODE`: there is none, or none that this interface can show, or the question has no answer.
    NoRoom(RequestError),
    /// `/account`
    Account,
    /// `/about`
    About,
    /// Any other address.
    NotFound,
}

impl Read for Theme {
    fn read(value: Value) -> Option<Self> {
        value.as_str().map(Self::parse)
    }
}

impl Read for Page {
    fn read(value: Value) -> Option<Self> {
        let of = |object: &mut Object| {
            let view: Option<RoomView> = field(object, "room")?;
            view.map(Self::Room).or_else(|| field(object, "no_room").map(Self::NoRoom))
        };
        match value {
            Value::Object(mut object) => of(&mut object),
            plain => Some(match plain.as_str()? {
                "landing" => Self::Landing,
                "account" => Self::Account,
                "about" => Self::About,
                _ => Self::NotFound,
            }),
        }
    }
}

#[cfg(feature = "site")]
read_struct!(Boot { page, me, theme, now, error, bounds });
#[cfg(not(feature = "site"))]
read_struct!(Boot { page, me, theme, now, error });

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

    /// Whether search engines may list it. Never a room, nor what is about a person.
    #[must_use]
    pub const fn may_be_listed(&self) -> bool {
        matches!(self, Self::Landing | Self::About)
    }

    /// The title of the document as it is rendered.
    #[cfg(feature = "site")]
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
            Self::NoRoom(failure) => titled(no_room_title(failure.code)),
            Self::Account => titled(words.account),
            Self::About => titled(words.about),
            Self::NotFound => titled(words.not_found),
        }
    }
}

/// What a new room may be on this server.
#[cfg(feature = "site")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// People at once, where nobody says otherwise.
    pub capacity_default: u32,
    /// The most people at once.
    pub capacity_max: u32,
    /// How long it lasts, where nobody says otherwise.
    pub lifetime_s_default: u64,
    /// The longest that it may last.
    pub lifetime_s_max: u64,
}

#[cfg(feature = "site")]
read_struct!(Bounds { capacity_default, capacity_max, lifetime_s_default, lifetime_s_max });

#[cfg(feature = "site")]
impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            capacity_default: limits.capacity_default.min(limits.capacity_max),
            capacity_max: limits.capacity_max,
            lifetime_s_default: limits.lifetime_s_default.min(limits.lifetime_s_max),
            lifetime_s_max: limits.lifetime_s_max,
        }
    }
}

#[cfg(feature = "site")]
impl Default for Bounds {
    fn default() -> Self {
        Self::from(&Limits::default())
    }
}

/// Known before the first line of the page runs.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
pub struct Boot {
    /// Which page this is.
    pub page: Page,
    /// Who reads, where a login came along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<Me>,
    /// The theme that the page was rendered with.
    pub theme: Theme,
    /// The server's clock when it rendered the page: the reader's may be hours off.
    pub now: Millis,
    /// What went wrong with a form that was sent without scripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RequestError>,
    /// For the page on which rooms are made.
    #[cfg(feature = "site")]
    pub bounds: Bounds,
}

impl std::fmt::Debug for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Boot(…)")
    }
}

/// What was typed into a form that was refused: the page that answers it has it in its boxes again.
///
/// In the boxes of the server's HTML only, where the program finds it and leaves it: there may be a PIN in it, so it is
/// no part of [`Boot`], and of no address.
#[cfg(feature = "ssr")]
#[derive(Clone, Default)]
pub struct Posted {
    /// The address of the page that answers, where the form went to another: there is nothing to be read by GET.
    pub place: Option<String>,
    /// Names and contents of its boxes.
    pub boxes: Vec<(&'static str, String)>,
}

#[cfg(feature = "ssr")]
impl std::fmt::Debug for Posted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Posted(…)")
    }
}

/// The form that this page answers: what went wrong with it, and what was typed.
#[derive(Debug, Clone)]
pub(crate) struct CameBack {
    pub(crate) error: Option<RequestError>,
}

impl CameBack {
    /// Of the page that is shown.
    pub(crate) fn here() -> Self {
        use_context().unwrap_or(Self { error: None })
    }

    /// What the box of this name held. In the browser it is in the box.
    pub(crate) fn typed(name: &str) -> Option<String> {
        #[cfg(feature = "ssr")]
        let typed = use_context::<Posted>()
            .and_then(|posted| posted.boxes.into_iter().find(|(known, _)| *known == name))
            .map(|(_, content)| content);
        #[cfg(not(feature = "ssr"))]
        let typed = Some(name).and(None);
        typed
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

/// What this page was rendered with. A document that does not say it was not rendered by this server, and is shown as a
/// page that does not exist.
#[cfg(feature = "hydrate")]
pub(crate) fn of_document() -> Boot {
    browser::meta(BOOT_NAME).and_then(|content| protocol::decode(&content).ok()).unwrap_or_default()
}

/// Provides what components ask for: [`CurrentTheme`] and [`CameBack`]. Once, in `App`.
pub(crate) fn provide(boot: &Boot) {
    provide_context(CurrentTheme(RwSignal::new(boot.theme)));
    #[cfg(feature = "site")]
    provide_context(boot.bounds);
    provide_context(CameBack { error: boot.error });
}

#[cfg(test)]
mod tests {
    use protocol::ErrorCode;

    use super::{Boot, Page, Theme};
    use client::RequestError;

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
            Page::NoRoom(RequestError::of(ErrorCode::RoomNotFound)),
            Page::Account,
            Page::About,
            Page::NotFound,
        ];
        for page in pages {
            let error = Some(RequestError { number: Some(2), ..RequestError::of(ErrorCode::WrongPin) });
            let boot = Boot { page, theme: Theme::Dark, error, ..Boot::default() };
            let read: Boot = protocol::decode(&protocol::encode(&boot)).expect("is what was written");
            assert!(read == boot, "{:?}", boot.page);
        }
    }

    #[test]
    fn titles_tell_pages_apart() {
        assert_eq!(Page::Landing.title(), "WhisperSpace");
        let titles = [
            Page::NoRoom(RequestError::of(ErrorCode::RoomNotFound)).title(),
            Page::NoRoom(RequestError::of(ErrorCode::Unavailable)).title(),
            Page::Account.title(),
            Page::About.title(),
        ];
        let distinct: std::collections::HashSet<_> = titles.iter().collect();
        assert_eq!(distinct.len(), titles.len(), "{titles:?}");
    }
}
