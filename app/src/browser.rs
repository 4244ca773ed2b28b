//! What components need of the browser beyond the DOM that leptos gives them: clipboard, cookie, clock, time zone, focus,
//! the address and the title of the document.
//!
//! The server compiles the second half, where nothing of it exists; effects and event handlers never run there.

mod acting;
mod alerts;
mod grid;
mod history;
mod links;
mod reading;

#[cfg(feature = "site")]
pub(crate) use platform::device;
pub(crate) use platform::{
    copy, focus, focus_if_idle, go, has_room_list, insert, is_touch, is_wide, keep_unsent, keeps_cookies, keeps_unsent,
    link_to, lose_cookies, lowercase, mark_spoilers, now, on_resize, paint, replace_with, set_theme, set_title,
    tell_leaving, wait, write, zone_offset_min,
};
#[cfg(feature = "hydrate")]
pub(crate) use platform::{meta, page};

pub(crate) use acting::{
    Step, is_in_text, place_beside, press_in_row, retype, rove, row_has_focus, select_in_row, set_single_keys,
    set_tells_reading, single_keys, tells_reading,
};
pub(crate) use alerts::{
    alert_settings, ask_permission, beep, hear_shown, is_first_to_call, keep_alert_settings, may_notify, notify,
    read_elsewhere, tell_read, tell_shown,
};
pub(crate) use grid::{GridStep, focus_in_grid, has_focus_inside, is_in_first_row};
pub(crate) use history::{path, push_path, replace_path};
pub(crate) use links::{can_share, drop_invite, invite, share};
pub(crate) use reading::{
    drop_selection, find, focus_next, frame_code, has_focus, has_selection, is_hidden, row_at_edge, rows_in_view,
    say_in_row, set_icon, show_above, show_message, show_row, was_loaded_again,
};

use crate::signals::{Effect, RwSignal, Signal};
use leptos::prelude::*;
use protocol::Millis;

/// How long a button says what became of its press.
pub(crate) const SAID_FOR: std::time::Duration = std::time::Duration::from_secs(2);
/// How often a countdown in minutes and hours is drawn anew.
const TICK: std::time::Duration = std::time::Duration::from_secs(20);

/// The browser's clock: `None` on the server and until the page is mounted, so that both render the same.
pub(crate) fn use_now() -> Signal<Option<Millis>> {
    let clock = RwSignal::new(None);
    Effect::new(move || {
        clock.set(Some(now()));
        if let Ok(ticking) = set_interval_with_handle(move || clock.set(Some(now())), TICK) {
            on_cleanup(move || ticking.clear());
        }
    });
    clock.into()
}

/// False on the server and until the page is mounted: forms that need the program stay shut until it runs.
pub(crate) fn use_ready() -> Signal<bool> {
    let ready = RwSignal::new(false);
    Effect::new(move || ready.set(true));
    ready.into()
}

#[cfg(feature = "hydrate")]
mod platform {
    use std::time::Duration;

    use leptos::prelude::*;
    use protocol::Millis;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{CssStyleSheet, Element, HtmlDocument, HtmlElement, HtmlTextAreaElement, ResizeObserver};

    use crate::base::{at, of_cookies, own};

    /// Set while unsent words may be kept; `start.js` reads it too.
    const KEEP_KEY: &str = "whisperspace.keep";

    /// What the document's `meta` element of this name says.
    pub(crate) fn meta(name: &str) -> Option<String> {
        let element = document().query_selector(&format!("meta[name={name}]")).ok()??;
        element.get_attribute("content")
    }

    /// Where the page is drawn. Whatever others put into the document beside it is none of ours.
    pub(crate) fn page() -> Option<HtmlElement> {
        document().get_element_by_id("page")?.dyn_into().ok()
    }

    /// Milliseconds since the epoch by the reader's clock.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the clock is a whole number after 1970"
    )]
    pub(crate) fn now() -> Millis {
        js_sys::Date::now() as Millis
    }

    /// What the reader's zone adds to UTC at that moment, in minutes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "zones are within a day of UTC")]
    pub(crate) fn zone_offset_min(at: Millis) -> i64 {
        -js_sys::Date::new(&JsValue::from_f64(at as f64)).get_timezone_offset() as i64
    }

    /// The whole address of a path on this host.
    pub(crate) fn link_to(path: &str) -> String {
        window().location().origin().map_or_else(|_| path.to_owned(), |origin| origin + path)
    }

    /// Goes to another page.
    pub(crate) fn go(path: &str) {
        // Fails for no path of this site.
        let _ = window().location().assign(path);
    }

    /// Goes to another page, to which the way back does not lead here.
    pub(crate) fn replace_with(path: &str) {
        // Who goes so has left for good, and is not asked about words in the box.
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-leaving", "");
        }
        let _ = window().location().replace(path);
    }

    /// What the tab is called.
    pub(crate) fn set_title(title: &str) {
        document().set_title(title);
    }

    /// Waits.
    pub(crate) async fn wait(time: Duration) {
        let promise = js_sys::Promise::new(&mut |done, _| {
            set_timeout(
                move || {
                    let _ = done.call0(&JsValue::UNDEFINED);
                },
                time,
            );
        });
        // It never fails.
        let _ = JsFuture::from(promise).await;
    }

    /// In lower case, in any script, by the browser's own table.
    pub(crate) fn lowercase(text: &str) -> String {
        js_sys::JsString::from(text).to_lower_case().into()
    }

    /// Whether the first pointer is a finger, so that Enter on its keyboard means a new line.
    pub(crate) fn is_touch() -> bool {
        matches("(pointer: coarse)")
    }

    /// Whether the people have a pane of their own: the widest layout of `style/layout.css`.
    pub(crate) fn is_wide() -> bool {
        matches("(width >= 64rem)")
    }

    /// Whether the list of rooms has one too.
    pub(crate) fn has_room_list() -> bool {
        matches("(width >= 72rem)")
    }

    fn matches(query: &str) -> bool {
        window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
    }

    /// Writes into a text box where its caret is, as if it were typed: listeners hear of it, and it can be undone.
    pub(crate) fn write(id: &str, text: &str) {
        focus(id);
        let before = document().get_element_by_id(id).and_then(|it| it.dyn_into::<HtmlTextAreaElement>().ok());
        let joined = before.is_some_and(|area| area.value().ends_with(|last: char| !last.is_whitespace()));
        if let Ok(document) = document().dyn_into::<HtmlDocument>() {
            let text = [if joined { " " } else { "" }, text].concat();
            // A box that is gone takes no text.
            let _ = document.exec_command_with_show_ui_and_value("insertText", false, &text);
        }
    }

    /// Writes into a text box where its caret is, and nothing else: listeners hear of it, and it can be undone.
    pub(crate) fn insert(id: &str, text: &str) {
        focus(id);
        if let Ok(document) = document().dyn_into::<HtmlDocument>() {
            // A box that is gone takes no text.
            let _ = document.exec_command_with_show_ui_and_value("insertText", false, text);
        }
    }

    /// Leaves a room while the page goes: nothing waits for an answer.
    pub(crate) fn tell_leaving(code: &str) {
        // A browser that cannot send it lets the seat end by itself.
        let _ = window().navigator().send_beacon(&[&at("/api/v1/rooms/"), code, "/leave"].concat());
    }

    /// Moves the focus to the element with this id, if the page has it.
    pub(crate) fn focus(id: &str) {
        if let Some(element) = document().get_element_by_id(id).and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
            // An element that went away in between has no focus to take.
            let _ = element.focus();
        }
    }

    /// The same once the page is drawn, unless the person is somewhere on it already.
    pub(crate) fn focus_if_idle(id: impl Into<String>) {
        let id = id.into();
        request_animation_frame(move || {
            if document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
                focus(&id);
            }
        });
    }

    /// Whether this browser sends back what the server gives it to know the person by. `start.js` found it out.
    pub(crate) fn keeps_cookies() -> bool {
        document().document_element().is_none_or(|root| !root.has_attribute("data-cookies"))
    }

    /// They are lost on the way: as if this browser did not send them.
    pub(crate) fn lose_cookies() {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-cookies", "lost");
        }
    }

    /// Whether the person allowed that unsent words stay in this tab's storage for a reload.
    pub(crate) fn keeps_unsent() -> bool {
        storage().is_some_and(|storage| storage.get_item(&own(KEEP_KEY)).is_ok_and(|kept| kept.is_some()))
    }

    /// Allows it, or forbids it.
    pub(crate) fn keep_unsent(allowed: bool) {
        if let Some(storage) = storage() {
            // Where storage is refused nothing is kept, and the warning before a reload stays.
            let _ = if allowed { storage.set_item(&own(KEEP_KEY), "1") } else { storage.remove_item(&own(KEEP_KEY)) };
        }
    }

    fn storage() -> Option<web_sys::Storage> {
        window().session_storage().ok().flatten()
    }

    /// Shows the theme at once and keeps it for a year.
    pub(crate) fn set_theme(theme: &str) {
        if let Some(root) = document().document_element() {
            // Setting a constant attribute name cannot fail.
            let _ = root.set_attribute("data-theme", theme);
        }
        if let Ok(document) = document().dyn_into::<HtmlDocument>() {
            // Where cookies are refused the theme lasts as long as the page.
            let path = of_cookies();
            let _ = document.set_cookie(&format!("theme={theme}; path={path}; max-age=31536000; samesite=lax"));
        }
    }

    /// Puts style rules behind the page's own, in place of those before. The policy of the page allows no style element; a
    /// browser without constructed sheets goes on without them.
    pub(crate) fn paint(rules: &str) {
        if let Ok(sheet) = CssStyleSheet::new()
            && sheet.replace_sync(rules).is_ok()
        {
            document().set_adopted_style_sheets(&js_sys::Array::of1(&sheet));
        }
    }

    /// Puts a text on the clipboard and says whether it got there.
    pub(crate) fn copy(text: String, done: impl FnOnce(bool) + 'static) {
        leptos::task::spawn_local(async move {
            let copied = copy_by_api(&text).await || copy_by_selection(&text);
            done(copied);
        });
    }

    /// The clipboard API exists in secure contexts only, which a plain-HTTP address in a home network is not.
    async fn copy_by_api(text: &str) -> bool {
        let navigator = window().navigator();
        let absent =
            js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard")).map_or(true, |it| it.is_undefined());
        !absent && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
    }

    fn copy_by_selection(text: &str) -> bool {
        let document = document();
        let Some(body) = document.body() else {
            return false;
        };
        let Some(area) =
            document.create_element("textarea").ok().and_then(|it| it.dyn_into::<HtmlTextAreaElement>().ok())
        else {
            return false;
        };
        let focused = document.active_element().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        area.set_class_name("visually-hidden");
        area.set_value(text);
        if body.append_child(&area).is_err() {
            return false;
        }
        area.select();
        let copied = document.dyn_into::<HtmlDocument>().is_ok_and(|it| it.exec_command("copy").unwrap_or(false));
        area.remove();
        if let Some(focused) = focused {
            // The button that was pressed is still there; if not, no focus is lost either.
            let _ = focused.focus();
        }
        copied
    }

    /// Calls back whenever the element's size changes, until the owner that asked is gone.
    pub(crate) fn on_resize(element: &Element, changed: impl FnMut() + 'static) {
        let callback = Closure::<dyn FnMut()>::new(changed);
        if let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) {
            observer.observe(element);
            let kept = StoredValue::new_local((observer, callback));
            on_cleanup(move || {
                let _ = kept.try_with_value(|(observer, _)| observer.disconnect());
            });
        }
    }

    /// What a login that begins here is to be known by: the words for this browser and system.
    #[cfg(feature = "site")]
    pub(crate) fn device() -> Option<String> {
        let agent = window().navigator().user_agent().ok()?;
        Some(protocol::Device::of_user_agent(&agent).words())
    }

    /// Makes the spoilers of a message reachable by keyboard, and silent until they are shown.
    pub(crate) fn mark_spoilers(body: &Element, label: &str) {
        let spoilers = body.get_elements_by_class_name("spoiler");
        for spoiler in (0..spoilers.length()).filter_map(|index| spoilers.item(index)) {
            // What is hidden goes into an element of its own: only there can it be hidden from screen readers too.
            let (Ok(name), Ok(secret)) = (document().create_element("span"), document().create_element("span")) else {
                continue;
            };
            name.set_class_name("visually-hidden");
            name.set_text_content(Some(label));
            while let Some(child) = spoiler.first_child() {
                if secret.append_child(&child).is_err() {
                    break;
                }
            }
            // None of these can fail: attribute names are constants, and the new elements are nowhere else.
            let _ = secret.set_attribute("aria-hidden", "true");
            let _ = spoiler.append_child(&name);
            let _ = spoiler.append_child(&secret);
            let _ = spoiler.set_attribute("role", "button");
            let _ = spoiler.set_attribute("tabindex", "0");
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod platform {
    use std::time::Duration;

    use leptos::web_sys::Element;
    use protocol::Millis;

    pub(crate) fn now() -> Millis {
        0
    }

    pub(crate) fn zone_offset_min(_at: Millis) -> i64 {
        0
    }

    #[cfg(feature = "site")]
    pub(crate) fn device() -> Option<String> {
        None
    }

    pub(crate) fn link_to(path: &str) -> String {
        path.to_owned()
    }

    pub(crate) fn go(_path: &str) {}

    pub(crate) fn replace_with(_path: &str) {}

    pub(crate) fn set_title(_title: &str) {}

    pub(crate) fn wait(_time: Duration) -> impl Future<Output = ()> {
        std::future::ready(())
    }

    pub(crate) fn lowercase(text: &str) -> String {
        text.to_lowercase()
    }

    pub(crate) fn is_touch() -> bool {
        false
    }

    pub(crate) fn focus(_id: &str) {}

    pub(crate) fn focus_if_idle(_id: impl Into<String>) {}

    pub(crate) fn keeps_cookies() -> bool {
        true
    }

    pub(crate) fn lose_cookies() {}

    pub(crate) fn keeps_unsent() -> bool {
        false
    }

    pub(crate) fn keep_unsent(_allowed: bool) {}

    pub(crate) fn set_theme(_theme: &str) {}

    pub(crate) fn paint(_rules: &str) {}

    pub(crate) fn is_wide() -> bool {
        true
    }

    pub(crate) fn has_room_list() -> bool {
        true
    }

    pub(crate) fn write(_id: &str, _text: &str) {}

    pub(crate) fn insert(_id: &str, _text: &str) {}

    pub(crate) fn tell_leaving(_code: &str) {}

    pub(crate) fn copy(_text: String, done: impl FnOnce(bool) + 'static) {
        done(false);
    }

    pub(crate) fn on_resize(_element: &Element, _changed: impl FnMut() + 'static) {}

    pub(crate) fn mark_spoilers(_body: &Element, _label: &str) {}
}
