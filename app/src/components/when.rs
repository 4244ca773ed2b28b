//! What is there only under a condition. One compiled piece of code for all of them: leptos' `<Show>` is compiled anew for
//! every view that it is used with, and that is weighed in each download.

use crate::signals::Memo;
use leptos::prelude::*;

/// Draws `view` while `shown` says so, and anew only when its answer changes.
pub(crate) fn when(
    shown: impl Fn() -> bool + Send + Sync + 'static,
    view: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    erased(Box::new(shown), Box::new(view))
}

type Shown = Box<dyn Fn() -> bool + Send + Sync>;
type Drawn = Box<dyn Fn() -> AnyView + Send + Sync>;

fn erased(shown: Shown, view: Drawn) -> AnyView {
    let shown = Memo::new(move |_| shown());
    changing(move || if shown.get() { view() } else { ().into_any() })
}

/// Draws `view`, and anew whenever something that it reads changes.
pub(crate) fn changing(view: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    redrawn(Box::new(view))
}

fn redrawn(view: Drawn) -> AnyView {
    view.into_any()
}
