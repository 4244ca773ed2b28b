//! How the page calls for attention outside of itself: the desktop's notifications, and short tones. By reflection: a
//! browser without either lacks the names, and the bindings would be downloaded with every room.
//!
//! The server compiles the second half, which never runs.

pub(crate) use platform::{
    alert_settings, ask_permission, beep, hear_shown, is_first_to_call, keep_alert_settings, may_notify, notify,
    read_elsewhere, tell_read, tell_shown,
};

#[cfg(feature = "hydrate")]
mod platform {
    use js_sys::{Array, Function, Object, Promise, Reflect};
    use leptos::prelude::window;
    use leptos::web_sys::StorageEvent;
    use protocol::Millis;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;

    use crate::base::own;

    const SETTINGS_KEY: &str = "whisperspace.alerts";
    const READ_KEY: &str = "whisperspace.read";
    /// How loud a tone is, and how long, in seconds.
    const LOUDNESS: f64 = 0.06;
    const TONE_S: f64 = 0.18;

    /// How long the tab that calls is the only one.
    const CALLING_MS: i32 = 10_000;

    thread_local! {
        /// To this person's other tabs.
        static CHANNEL: std::cell::RefCell<Option<JsValue>> = const { std::cell::RefCell::new(None) };
        /// The page's sound. Browsers let a page have a few only.
        static SOUND: std::cell::RefCell<Option<JsValue>> = const { std::cell::RefCell::new(None) };
    }

    fn get(object: &JsValue, name: &str) -> Option<JsValue> {
        Reflect::get(object, &JsValue::from_str(name)).ok().filter(|it| !it.is_undefined() && !it.is_null())
    }

    fn function(object: &JsValue, name: &str) -> Option<Function> {
        get(object, name)?.dyn_into().ok()
    }

    fn call(object: &JsValue, name: &str, arguments: &[JsValue]) -> Option<JsValue> {
        function(object, name)?.apply(object, &arguments.iter().collect::<Array>()).ok()
    }

    fn permission() -> Option<String> {
        get(&get(&window(), "Notification")?, "permission")?.as_string()
    }

    /// Whether the desktop shows what this page tells it.
    pub(crate) fn may_notify() -> bool {
        permission().as_deref() == Some("granted")
    }

    /// Asks for it. Only from a button.
    pub(crate) async fn ask_permission() -> bool {
        let asked = get(&window(), "Notification").and_then(|it| call(&it, "requestPermission", &[]));
        if let Some(asked) = asked.and_then(|it| it.dyn_into::<js_sys::Promise>().ok()) {
            // What was answered is in `permission`.
            let _ = JsFuture::from(asked).await;
        }
        may_notify()
    }

    /// Shows a sentence on the desktop; pressed, it leads back to this page.
    pub(crate) fn notify(title: &str, words: &str, pressed: impl FnOnce() + 'static) {
        let Some(kind) = function(&window(), "Notification").filter(|_| may_notify()) else { return };
        let options = Object::new();
        let body = Reflect::set(&options, &JsValue::from_str("body"), &JsValue::from_str(words));
        let shown = Reflect::construct(&kind, &Array::of2(&JsValue::from_str(title), &options));
        // A phone's browser has the name and refuses the use.
        if let (Ok(_), Ok(shown)) = (body, shown) {
            let press = Closure::once_into_js(move || {
                let _ = window().focus();
                pressed();
            });
            let _ = Reflect::set(&shown, &JsValue::from_str("onclick"), &press);
        }
    }

    /// Plays tones one after the other. A page that nobody has touched yet is kept silent by the browser.
    pub(crate) fn beep(tones: &[f64]) {
        SOUND.with_borrow_mut(|sound| {
            if sound.is_none() {
                let kind = function(&window(), "AudioContext");
                *sound = kind.and_then(|kind| Reflect::construct(&kind, &Array::new()).ok());
            }
            if let Some(context) = sound {
                let now = get(context, "currentTime").and_then(|it| it.as_f64()).unwrap_or_default();
                let mut at = now;
                for tone in tones {
                    // Without sound nothing is lost: it is in the list.
                    let _ = play(context, *tone, at);
                    at += TONE_S;
                }
            }
        });
    }

    fn play(context: &JsValue, tone: f64, at: f64) -> Option<()> {
        let (source, volume) = (call(context, "createOscillator", &[])?, call(context, "createGain", &[])?);
        Reflect::set(&get(&source, "frequency")?, &JsValue::from_str("value"), &JsValue::from_f64(tone)).ok()?;
        let gain = get(&volume, "gain")?;
        call(&gain, "setValueAtTime", &[LOUDNESS.into(), at.into()])?;
        call(&gain, "exponentialRampToValueAtTime", &[0.0001.into(), (at + TONE_S).into()])?;
        call(&source, "connect", std::slice::from_ref(&volume))?;
        call(&volume, "connect", &[get(context, "destination")?])?;
        call(&source, "start", &[at.into()]);
        call(&source, "stop", &[(at + TONE_S).into()]);
        Some(())
    }

    /// Whether no other tab of this browser calls for the same reason: the first that asks does so for all. A browser that
    /// has no locks for pages lets each.
    pub(crate) async fn is_first_to_call(reason: &str) -> bool {
        let Some(locks) = get(&window(), "navigator").and_then(|it| get(&it, "locks")) else { return true };
        let asked = Promise::new(&mut |told, _| {
            let answer = told.clone();
            let given = Closure::once_into_js(move |lock: JsValue| -> JsValue {
                let _ = answer.call1(&JsValue::NULL, &JsValue::from_bool(!lock.is_null()));
                // Nobody else gets it before that.
                let held = Promise::new(&mut |done, _| {
                    let _ = call(&window(), "setTimeout", &[done.into(), CALLING_MS.into()]);
                });
                held.into()
            });
            let options = Object::new();
            let _ = Reflect::set(&options, &JsValue::from_str("ifAvailable"), &JsValue::TRUE);
            if call(&locks, "request", &[JsValue::from_str(reason), options.into(), given]).is_none() {
                let _ = told.call1(&JsValue::NULL, &JsValue::TRUE);
            }
        });
        JsFuture::from(asked).await.map_or(true, |first| first.is_truthy())
    }

    /// Tells this person's other tabs what was shown here. It is kept nowhere.
    pub(crate) fn tell_shown(what: &str) {
        CHANNEL.with_borrow(|channel| {
            if let Some(channel) = channel {
                // A tab that hears nothing has its notices for longer.
                let _ = call(channel, "postMessage", &[JsValue::from_str(what)]);
            }
        });
    }

    /// Hears what others tell so, for as long as the page lives.
    pub(crate) fn hear_shown(heard: impl Fn(String) + 'static) {
        let kind = function(&window(), "BroadcastChannel");
        let name = Array::of1(&JsValue::from_str(&own(READ_KEY)));
        let channel = kind.and_then(|kind| Reflect::construct(&kind, &name).ok());
        if let Some(channel) = &channel {
            let hear = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
                if let Some(what) = get(&event, "data").and_then(|data| data.as_string()) {
                    heard(what);
                }
            });
            let _ = Reflect::set(channel, &JsValue::from_str("onmessage"), &hear.into_js_value());
        }
        CHANNEL.set(channel);
    }

    fn storage() -> Option<web_sys::Storage> {
        window().local_storage().ok().flatten()
    }

    /// What the person wants, as it was kept in this browser.
    pub(crate) fn alert_settings() -> String {
        storage().and_then(|storage| storage.get_item(&own(SETTINGS_KEY)).ok().flatten()).unwrap_or_default()
    }

    /// Keeps it.
    pub(crate) fn keep_alert_settings(settings: &str) {
        if let Some(storage) = storage() {
            // Where storage is refused it lasts as long as the page.
            let _ = storage.set_item(&own(SETTINGS_KEY), settings);
        }
    }

    /// Tells this person's other tabs that notices were read until then. Nothing else is in what is told.
    pub(crate) fn tell_read(until: Millis) {
        if let Some(storage) = storage() {
            let _ = storage.set_item(&own(READ_KEY), &until.to_string());
        }
    }

    /// What another tab tells so.
    pub(crate) fn read_elsewhere(event: &StorageEvent) -> Option<Millis> {
        let event: &JsValue = event.as_ref();
        let is_ours = get(event, "key")?.as_string()? == own(READ_KEY);
        get(event, "newValue")?.as_string()?.parse().ok().filter(|_| is_ours)
    }
}

#[cfg(not(feature = "hydrate"))]
mod platform {
    use leptos::web_sys::StorageEvent;
    use protocol::Millis;

    pub(crate) fn tell_read(_until: Millis) {}

    pub(crate) fn read_elsewhere(_event: &StorageEvent) -> Option<Millis> {
        None
    }

    pub(crate) fn may_notify() -> bool {
        false
    }

    pub(crate) fn ask_permission() -> impl Future<Output = bool> {
        std::future::ready(false)
    }

    pub(crate) fn notify(_title: &str, _words: &str, _pressed: impl FnOnce() + 'static) {}

    pub(crate) fn beep(_tones: &[f64]) {}

    pub(crate) fn is_first_to_call(_reason: &str) -> impl Future<Output = bool> {
        std::future::ready(true)
    }

    pub(crate) fn tell_shown(_what: &str) {}

    pub(crate) fn hear_shown(_heard: impl Fn(String) + 'static) {}

    pub(crate) fn alert_settings() -> String {
        String::new()
    }

    pub(crate) fn keep_alert_settings(_settings: &str) {}
}
