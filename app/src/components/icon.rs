//! Line icons of 20 px. Always beside a word or inside a control that has a name, so hidden from screen readers.

use leptos::prelude::*;

/// Which drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph {
    /// A plus sign: makes something new.
    Plus,
    /// A check mark: done, or relayed.
    Check,
    /// Two sheets: copies to the clipboard.
    Copy,
    /// A clock: how long something lasts.
    Clock,
    /// Two people: the list of those inside.
    People,
    /// An arrow out of a frame: leaves the room.
    Leave,
    /// An arrow to the right: sends the message.
    Send,
    /// A cross: closes what is open.
    Close,
    /// An arrow down: scrolls to the newest message.
    Down,
    /// Lines of a list: the rooms.
    Rooms,
    /// Something failed.
    Alert,
    /// A bell: what the reader is told.
    Bell,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Plus => "M10 4v12M4 10h12",
            Self::Check => "m4 10.5 4 4 8-9",
            Self::Copy => {
                "M8.5 7h7A1.5 1.5 0 0 1 17 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 15.5v-7A1.5 1.5 0 0 1 8.5 7ZM4 13V4.5A1.5 1.5 0 0 1 5.5 3H13"
            }
            Self::Clock => "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 3.5V10l2.5 1.5",
            Self::People => {
                "M7.5 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c.5-2.7 2.7-4 5.5-4s5 1.3 5.5 4M13 4.3a3 3 0 0 1 0 5.4M15.2 12.9c1.5.6 2.5 1.8 2.8 3.6"
            }
            Self::Leave => "M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M12.5 6.5 16 10l-3.5 3.5M16 10H8",
            Self::Send => "M4 10h12m-5-5 5 5-5 5",
            Self::Close => "m5 5 10 10M15 5 5 15",
            Self::Down => "M10 4v12m-5-5 5 5 5-5",
            Self::Rooms => "M3.5 5.5h13M3.5 10h13M3.5 14.5h8",
            Self::Bell => {
                "M5.5 8.5a4.5 4.5 0 0 1 9 0c0 4 1.5 5.5 1.5 5.5H4s1.5-1.5 1.5-5.5ZM8.5 16.5a1.6 1.6 0 0 0 3 0"
            }
            Self::Alert => "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 3.5v4.5m0 2.5v.5",
        }
    }
}

/// One icon.
#[component]
pub(crate) fn Icon(
    /// Which drawing.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
            <path d=glyph.path() />
        </svg>
    }
}
