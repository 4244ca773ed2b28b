//! What the server tells the page about its reader when it renders it: who they are, and the theme they chose.
//!
//! It travels in the page itself, so that hydration starts from the state that was rendered.

use leptos::prelude::*;
use protocol::Me;
use serde::{Deserialize, Serialize};

use crate::browser;

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

/// Known before the first line of the page runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Boot {
    /// Who reads, where a login came along.
    pub me: Option<Me>,
    /// The theme that the page was rendered with.
    pub theme: Theme,
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

/// Takes what the server knows into the page and provides it as context. Once, in `App`.
pub(crate) fn provide_boot() -> Boot {
    let boot = SharedValue::new(boot_of_request).into_inner();
    provide_context(CurrentTheme(RwSignal::new(boot.theme)));
    provide_context(boot.clone());
    boot
}

#[cfg(feature = "ssr")]
fn boot_of_request() -> Boot {
    use_context::<crate::backend::PageContext>()
        .map_or_else(Boot::default, |page| Boot { me: page.me, theme: page.theme })
}

#[cfg(not(feature = "ssr"))]
fn boot_of_request() -> Boot {
    Boot::default()
}

#[cfg(feature = "ssr")]
pub(crate) fn theme_of_request() -> Theme {
    use_context::<crate::backend::PageContext>().map_or_else(Theme::default, |page| page.theme)
}

#[cfg(test)]
mod tests {
    use super::Theme;

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
}
