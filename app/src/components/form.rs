//! What every form shares: one attempt at a time, and the reason of a failure at the box that it is about.

use std::future::Future;

use leptos::prelude::*;
use protocol::ErrorCode;

use crate::browser;
use crate::client::Failure;
use crate::i18n::failure_text;

/// A browser that has not left the page by then was told by the person not to.
const LEAVING: std::time::Duration = std::time::Duration::from_secs(10);

/// The state of one form. `boxes` are the names of its text boxes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    boxes: &'static [&'static str],
    /// For the one code whose usual text is about another form.
    instead: Option<(ErrorCode, &'static str)>,
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
}

impl Form {
    /// A form that was not sent yet, or that came back with an error.
    pub(crate) fn new(boxes: &'static [&'static str], error: Option<ErrorCode>) -> Self {
        Self { boxes, instead: None, failure: RwSignal::new(error.map(Failure::of)), busy: RwSignal::new(false) }
    }

    /// The same form, with a text of its own for this code.
    pub(crate) fn saying(self, code: ErrorCode, text: &'static str) -> Self {
        Self { instead: Some((code, text)), ..self }
    }

    /// Does what the form is for, unless it is being done already. A failure is shown and gets the focus.
    pub(crate) fn attempt(self, work: impl Future<Output = Result<(), Failure>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            let outcome = work.await;
            // The form may be gone by now: success often leads to another page.
            self.busy.try_set(false);
            if let Err(failure) = outcome {
                self.refuse(failure);
            }
        });
    }

    /// Does what the form is for and goes to the page that it leads to. The form stays busy until that page is there, so
    /// that a second press does not do it twice.
    pub(crate) fn attempt_to_go(self, work: impl Future<Output = Result<String, Failure>> + 'static) {
        self.attempt(async move {
            browser::go(&work.await?);
            browser::wait(LEAVING).await;
            Ok(())
        });
    }

    /// Shows why it cannot be done.
    pub(crate) fn refuse(self, failure: Failure) {
        self.failure.try_set(Some(failure));
        if let Some(name) = self.place_of(&failure) {
            browser::focus(&format!("field-{name}"));
        }
    }

    /// Whether an attempt is under way, as `aria-disabled` wants it.
    pub(crate) fn busy(self) -> &'static str {
        if self.busy.get() { "true" } else { "false" }
    }

    /// What is wrong with the box of this name.
    pub(crate) fn error_of(self, name: &'static str) -> Signal<Option<String>> {
        self.error_where(move |place| place == Some(name))
    }

    /// What is wrong, where no box of the form is to blame.
    pub(crate) fn error(self) -> Signal<Option<String>> {
        self.error_where(|place| place.is_none())
    }

    fn error_where(
        self,
        fits: impl Fn(Option<&'static str>) -> bool + Send + Sync + 'static,
    ) -> Signal<Option<String>> {
        Signal::derive(move || {
            let failure = self.failure.get()?;
            fits(self.place_of(&failure)).then(|| self.text(&failure))
        })
    }

    fn text(self, failure: &Failure) -> String {
        match self.instead {
            Some((code, text)) if code == failure.code => text.to_owned(),
            Some(_) | None => failure_text(failure),
        }
    }

    fn place_of(self, failure: &Failure) -> Option<&'static str> {
        boxes_of(failure).iter().copied().find(|name| self.boxes.contains(name))
    }
}

/// The names of the boxes that an error may be about, the likeliest first.
fn boxes_of(failure: &Failure) -> &'static [&'static str] {
    const BOXES: &[(&[ErrorCode], &[&str])] = &[
        (&[ErrorCode::InvalidName], &["name"]),
        (&[ErrorCode::PinRequired, ErrorCode::WrongPin, ErrorCode::InvalidPin], &["pin"]),
        (&[ErrorCode::InvalidCode, ErrorCode::RoomNotFound, ErrorCode::RoomEnded, ErrorCode::RoomFull], &["code"]),
        (&[ErrorCode::InvalidRoomName], &["room"]),
        (&[ErrorCode::InvalidCapacity], &["capacity"]),
        (&[ErrorCode::InvalidUsername, ErrorCode::UsernameTaken], &["new-username", "username"]),
        (&[ErrorCode::InvalidPassword], &["new", "new-password"]),
        (&[ErrorCode::BadCredentials], &["current", "password", "delete-password"]),
    ];
    if failure.unreachable {
        return &[];
    }
    BOXES.iter().find(|(codes, _)| codes.contains(&failure.code)).map_or(&[], |(_, names)| *names)
}

#[cfg(test)]
mod tests {
    use protocol::ErrorCode;

    use super::boxes_of;
    use crate::client::Failure;

    #[test]
    fn an_error_is_told_where_it_belongs() {
        assert_eq!(boxes_of(&Failure::of(ErrorCode::WrongPin)), ["pin"]);
        assert_eq!(boxes_of(&Failure::of(ErrorCode::RoomNotFound)), ["code"]);
        assert_eq!(boxes_of(&Failure::of(ErrorCode::Internal)), [""; 0]);
        assert_eq!(boxes_of(&Failure::UNREACHABLE), [""; 0]);
    }
}
