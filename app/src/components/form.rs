//! What every form shares: one attempt at a time, and the reason of a failure at the box that it is about.

use std::future::Future;

use leptos::prelude::*;
use protocol::ErrorCode;

use super::said;
use crate::browser;
use crate::format::seconds;
use crate::i18n::{failure_text, words};
use crate::signals::{RwSignal, Signal};
use client::RequestError;

/// The id of a [`FormWait`]: what describes the button.
pub(crate) const WAIT_ID: &str = "form-wait";
const SECOND: std::time::Duration = std::time::Duration::from_secs(1);
/// If the page is still there after this, the person has stopped the browser from leaving it: the form works again.
const LEAVING: std::time::Duration = std::time::Duration::from_secs(10);

/// The state of one form. `boxes` are the names of its text boxes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    boxes: &'static [&'static str],
    /// For the one code whose usual text is about another form.
    instead: Option<(ErrorCode, &'static str)>,
    failure: RwSignal<Option<RequestError>>,
    busy: RwSignal<bool>,
    /// Seconds that are shown by [`FormWait`], where the form has one; while they are, no sentence names them.
    wait_s: Option<RwSignal<u64>>,
}

impl Form {
    /// A form that was not sent yet, or that came back with an error.
    pub(crate) fn new(boxes: &'static [&'static str], failure: Option<RequestError>) -> Self {
        Self { boxes, instead: None, failure: RwSignal::new(failure), busy: RwSignal::new(false), wait_s: None }
    }

    /// The same form, with a text of its own for this code.
    pub(crate) fn saying(self, code: ErrorCode, text: &'static str) -> Self {
        Self { instead: Some((code, text)), ..self }
    }

    /// The same form, which shows a [`FormWait`].
    pub(crate) fn counting(self) -> Self {
        Self { wait_s: Some(RwSignal::new(0)), ..self }
    }

    /// It may be sent again: the page came back out of the browser's memory, from the page that it led to.
    pub(crate) fn rest(self) {
        self.busy.set(false);
    }

    /// It opens anew: what went wrong the last time is forgotten.
    pub(crate) fn forget(self) {
        self.failure.set(None);
    }

    /// Does what the form is for, unless it is being done already. A failure is shown and gets the focus.
    pub(crate) fn attempt(self, work: impl Future<Output = Result<(), RequestError>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        leptos::task::spawn_local(async move {
            let outcome = work.await;
            // The form may be gone by now: success often leads to another page.
            self.busy.set(false);
            if let Err(failure) = outcome {
                self.refuse(failure);
            }
        });
    }

    /// Does what the form is for and goes to the page that it leads to. The form stays busy until that page is there,
    /// so that a second press does not do it twice.
    pub(crate) fn attempt_to_go(self, work: impl Future<Output = Result<String, RequestError>> + 'static) {
        self.attempt(async move {
            browser::go(&work.await?);
            browser::wait(LEAVING).await;
            Ok(())
        });
    }

    /// Shows why it cannot be done.
    pub(crate) fn refuse(self, failure: RequestError) {
        // Before the sentence, which names the wait where none is counted.
        if let (Some(wait_s), Some(wait_ms)) = (self.wait_s, failure.retry_after_ms) {
            self.count(wait_s, seconds(wait_ms));
        }
        self.failure.set(Some(failure));
        if let Some(name) = self.place_of(&failure) {
            browser::focus(&format!("field-{name}"));
        }
    }

    /// Counts a wait down. With it the reason goes: from then on the next attempt may be taken.
    fn count(self, wait_s: RwSignal<u64>, seconds: u64) {
        let counts_already = wait_s.try_get_untracked().is_none_or(|left| left > 0);
        wait_s.set(seconds);
        if counts_already {
            return;
        }
        leptos::task::spawn_local(async move {
            while wait_s.try_get_untracked().is_some_and(|left| left > 0) {
                browser::wait(SECOND).await;
                wait_s.try_update(|left| *left = left.saturating_sub(1));
            }
            self.failure.set(None);
        });
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

    fn text(self, failure: &RequestError) -> String {
        match self.instead {
            Some((code, text)) if code == failure.code => text.to_owned(),
            // A page that came back with the failure counts nothing.
            Some(_) | None if self.wait_s.is_some_and(|wait_s| wait_s.get_untracked() > 0) => {
                failure_text(&RequestError { retry_after_ms: None, ..*failure })
            }
            Some(_) | None => failure_text(failure),
        }
    }

    fn place_of(self, failure: &RequestError) -> Option<&'static str> {
        boxes_of(failure).iter().copied().find(|name| self.boxes.contains(name))
    }
}

/// How long until a form may be sent again, counted down. Not announced at every second: the reason was, and the button
/// is described by this.
#[component]
pub(crate) fn FormWait(
    /// Made with [`Form::counting`].
    form: Form,
) -> impl IntoView {
    let text = move || {
        let wait_s = form.wait_s.map_or(0, |wait_s| wait_s.get());
        if wait_s > 0 { (words().wait)(wait_s) } else { String::new() }
    };
    view! { <p class="form-wait" id=WAIT_ID role="timer" inner_html=said(text)></p> }
}

/// The names of the boxes that an error may be about, the likeliest first.
fn boxes_of(failure: &RequestError) -> &'static [&'static str] {
    const BOXES: &[(&[ErrorCode], &[&str])] = &[
        (&[ErrorCode::InvalidName], &["name", "new-name"]),
        (
            &[ErrorCode::PinRequired, ErrorCode::WrongPin, ErrorCode::TooManyTries, ErrorCode::InvalidPin],
            &["pin", "other-pin"],
        ),
        (
            &[ErrorCode::InvalidCode, ErrorCode::RoomNotFound, ErrorCode::RoomEnded, ErrorCode::RoomFull],
            &["code", "other-code"],
        ),
        (&[ErrorCode::InvalidInvite], &["invite"]),
        (&[ErrorCode::InvalidRoomName], &["room", "other-room"]),
        (&[ErrorCode::InvalidTopic], &["topic"]),
        (&[ErrorCode::InvalidCapacity], &["capacity"]),
        (&[ErrorCode::InvalidLifetime], &["lifetime"]),
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
    use client::RequestError;

    #[test]
    fn an_error_is_told_where_it_belongs() {
        assert_eq!(boxes_of(&RequestError::of(ErrorCode::WrongPin)), ["pin", "other-pin"]);
        assert_eq!(boxes_of(&RequestError::of(ErrorCode::RoomNotFound)), ["code", "other-code"]);
        assert_eq!(boxes_of(&RequestError::of(ErrorCode::Internal)), [""; 0]);
        assert_eq!(boxes_of(&RequestError::UNREACHABLE), [""; 0]);
    }
}
