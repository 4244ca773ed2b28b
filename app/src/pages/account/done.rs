//! The sentence on the account page that says what was done last.

use leptos::prelude::*;

use crate::signals::RwSignal;

/// What was done last, said where everybody looks, also when the form that did it is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done(pub(super) RwSignal<&'static str>);

/// How forms say that something was done; the next thing takes its place.
pub(super) fn use_done() -> impl Fn(&'static str) + Copy {
    let last = use_context::<Done>().map(|Done(last)| last);
    move |done| {
        if let Some(last) = last {
            last.set(done);
        }
    }
}
