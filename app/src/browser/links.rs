//! Links that bring people into a room: the invite that one carries, and the way to the apps of the device.
//!
//! An invite stands behind the `#` of an address: browsers send that to nobody, so it reaches no log and no other site.
//! The server compiles the second half, which never runs.

pub(crate) use platform::{can_share, drop_invite, invite, share};

#[cfg(feature = "hydrate")]
mod platform {
    use leptos::prelude::window;
    use protocol::InviteToken;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;

    use crate::browser::history::{path, replace_path};

    /// The invite that the address carries, behind its `#`.
    pub(crate) fn invite() -> Option<String> {
        let hash = window().location().hash().ok()?;
        hash.strip_prefix('#').filter(|invite| InviteToken::parse(invite).is_ok()).map(str::to_owned)
    }

    /// Takes it out of the address: whoever is inside needs it no more, and a history should not keep it.
    pub(crate) fn drop_invite() {
        if invite().is_some() {
            replace_path(&path());
        }
    }

    /// Whether the device has a way to hand a link to its apps.
    pub(crate) fn can_share() -> bool {
        js_sys::Reflect::has(&window().navigator(), &JsValue::from_str("share")).unwrap_or(false)
    }

    /// Hands a link to the apps of the device. What becomes of it the device says.
    pub(crate) fn share(link: &str) {
        let (navigator, what) = (window().navigator(), js_sys::Object::new());
        let share = js_sys::Reflect::get(&navigator, &JsValue::from_str("share"));
        let share = share.ok().and_then(|share| share.dyn_into::<js_sys::Function>().ok());
        if let Some(share) = share
            && js_sys::Reflect::set(&what, &JsValue::from_str("url"), &JsValue::from_str(link)).is_ok()
            && let Ok(shared) = share.call1(&navigator, &what).map(js_sys::Promise::from)
        {
            leptos::task::spawn_local(async move {
                // Refused where the person changes their mind.
                let _ = JsFuture::from(shared).await;
            });
        }
    }
}

#[cfg(not(feature = "hydrate"))]
mod platform {
    pub(crate) fn invite() -> Option<String> {
        None
    }

    pub(crate) fn drop_invite() {}

    pub(crate) fn can_share() -> bool {
        false
    }

    pub(crate) fn share(_link: &str) {}
}
