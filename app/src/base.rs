//! Where this site is on its host: what each of its addresses begins with, and what is added to the names under which a
//! browser keeps things for it. Nothing, where it has the host for itself.
//!
//! The server writes it on the document (`data-base`), and a program reads it there. Every address of the interface is
//! joined here, and nowhere else.

use leptos::prelude::*;
use protocol::RoomCode;

/// What a page is rendered with: nothing, or `/chat`.
#[cfg(not(feature = "hydrate"))]
#[derive(Debug, Clone, Default)]
pub struct Base(pub String);

#[cfg(not(feature = "hydrate"))]
fn base() -> String {
    use_context::<Base>().unwrap_or_default().0
}

#[cfg(feature = "hydrate")]
#[inline(never)]
fn base() -> String {
    document().document_element().and_then(|root| root.get_attribute("data-base")).unwrap_or_default()
}

/// The address of a path of this site, such as `/about`.
#[inline(never)]
pub(crate) fn at(path: &str) -> String {
    base() + path
}

/// The address of a room.
#[inline(never)]
pub(crate) fn room(code: RoomCode) -> String {
    at("/r/") + code.as_str()
}

/// A name for what the browser keeps for this site: others may be on the same host.
#[inline(never)]
pub(crate) fn own(name: &str) -> String {
    String::from(name) + &base()
}

/// The path of cookies that scripts write, as the server has it for its own.
pub(crate) fn of_cookies() -> String {
    let base = base();
    if base.is_empty() { String::from("/") } else { base }
}
