//! What the browser tells a page about itself: seen or hidden, going or coming back, with or without a network.

use std::rc::Rc;

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventTarget;

/// Something happened to the page.
#[derive(Clone, Copy)]
pub(super) enum PageEvent {
    /// There is a network, or there is none.
    Network(bool),
    /// The page is seen, or hidden. Ask the document which.
    Visibility,
    /// `pagehide`: the page is left, perhaps for good.
    Hides,
    /// `pageshow`: the page is shown, perhaps again from the back/forward cache.
    Shows,
    /// The person did something.
    Touched,
}

/// Listeners that are taken away when this is dropped.
pub(super) struct Listeners(Vec<Listener>);

type Listener = (EventTarget, &'static str, Closure<dyn FnMut()>);

impl Listeners {
    /// Listens to all of it.
    pub(super) fn new(hear: Rc<dyn Fn(PageEvent)>) -> Self {
        let page: EventTarget = window().into();
        let sheet: EventTarget = document().into();
        let wanted = [
            (&page, "online", PageEvent::Network(true)),
            (&page, "offline", PageEvent::Network(false)),
            (&page, "pagehide", PageEvent::Hides),
            (&page, "pageshow", PageEvent::Shows),
            (&page, "pointerdown", PageEvent::Touched),
            (&page, "keydown", PageEvent::Touched),
            (&sheet, "visibilitychange", PageEvent::Visibility),
        ];
        let listen = |(target, name, event): (&EventTarget, &'static str, PageEvent)| {
            let hear = Rc::clone(&hear);
            let callback = Closure::<dyn FnMut()>::new(move || hear(event));
            // Fails for no event name that is a constant.
            let _ = target.add_event_listener_with_callback(name, callback.as_ref().unchecked_ref());
            (target.clone(), name, callback)
        };
        Self(wanted.into_iter().map(listen).collect())
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (target, name, callback) in &self.0 {
            let _ = target.remove_event_listener_with_callback(name, callback.as_ref().unchecked_ref());
        }
    }
}
