//! What was typed into a form, and the page that brings it back where the form is refused: in its boxes, and never in an
//! address, a log line or what scripts are told. Decides nothing about the form.

use app::boot::{Page, Posted};
use axum::http::request::Parts;
use axum::response::Response;
use protocol::{ErrorCode, RoomCode};

use crate::auth::Identity;
use crate::error::ApiError;
use crate::http::identity::RequestContext;
use crate::http::reach::accepts;
use crate::http::{pages, problem};
use crate::rooms::admission;
use crate::state::AppState;

/// Every box of the forms that post: each form has some of them.
#[derive(Default)]
pub(crate) struct Typed {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) room: String,
    pub(super) pin: String,
    pub(super) invite: String,
    pub(super) capacity: String,
    pub(super) lifetime_s: String,
    /// On no page: other programs post it.
    pub(super) sealed: String,
}

impl Typed {
    /// Fills the boxes, as far as they are ours; tells whether all were, and none was there twice.
    pub(super) fn fill(pairs: Vec<(String, String)>) -> (Self, bool) {
        let (mut typed, mut filled, mut fits) = (Self::default(), Vec::new(), true);
        for (key, value) in pairs {
            let known = typed.a_box(&key).filter(|_| !filled.contains(&key));
            fits &= known.is_some();
            if let Some(known) = known {
                *known = value;
                filled.push(key);
            }
        }
        (typed, fits)
    }

    /// What was filled in, to be sent again. The PIN too: a box that is emptied without a word would make the next room
    /// one without a PIN.
    fn into_filled(self) -> Vec<(&'static str, String)> {
        let boxes = [
            ("name", self.name),
            ("code", self.code),
            ("room", self.room),
            ("pin", self.pin),
            ("invite", self.invite),
            ("capacity", self.capacity),
            ("lifetime_s", self.lifetime_s),
        ];
        boxes.into_iter().filter(|(_, content)| !content.is_empty()).collect()
    }

    fn a_box(&mut self, key: &str) -> Option<&mut String> {
        match key {
            "name" => Some(&mut self.name),
            "code" => Some(&mut self.code),
            "room" => Some(&mut self.room),
            "pin" => Some(&mut self.pin),
            "invite" => Some(&mut self.invite),
            "capacity" => Some(&mut self.capacity),
            "lifetime_s" => Some(&mut self.lifetime_s),
            "sealed" => Some(&mut self.sealed),
            _ => None,
        }
    }
}

/// The answer to a form that did not do what it is for: to a person the page that has the boxes, with what was typed in
/// them; to a program the bare error. `identity` is who was made for it.
pub(super) async fn refuse(
    state: &AppState,
    context: &RequestContext,
    head: &Parts,
    identity: Option<&Identity>,
    failure: ApiError,
    mut typed: Typed,
) -> Response {
    // No page has a box for `sealed`: what is sent again from one would make a room that takes text.
    if !accepts(&head.headers, "text/html") || !typed.sealed.is_empty() {
        return problem::problem(failure);
    }
    let is_join = head.uri.path() == "/join";
    let card = if is_join { card(state, context, failure.code, &typed.code).await } else { None };
    let page = card.unwrap_or_default();
    if is_join && page == Page::Landing {
        // The box for a PIN is one for a new room there.
        typed.pin.clear();
    }
    let place = match &page {
        Page::Room(view) => inside(view.code),
        Page::Landing | Page::NoRoom(_) | Page::Account | Page::About | Page::NotFound => "/".to_owned(),
    };
    let posted = Posted { place: Some(place), boxes: typed.into_filled() };
    pages::refused(state, context, &head.headers, page, identity, failure, posted).await
}

/// The card in front of the room tells what is about the room; the first page tells what is about its code, and what came
/// of a form that cannot be read.
async fn card(state: &AppState, context: &RequestContext, error: ErrorCode, typed: &str) -> Option<Page> {
    let on_first = [ErrorCode::InvalidCode, ErrorCode::RoomNotFound, ErrorCode::RoomEnded, ErrorCode::BadFrame];
    if on_first.contains(&error) {
        return None;
    }
    let found = admission::look_up(state, context.caller(), typed, context.now).await.ok();
    // A member is inside, where no form is, and in front of a sealed room there is none.
    found.filter(|view| !view.member && !view.sealed).map(Page::Room)
}

/// Where a room is.
pub(super) fn inside(code: RoomCode) -> String {
    format!("/r/{}", code.as_str())
}

/// Holds a name and a secret.
impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}
