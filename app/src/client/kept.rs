//! The claim to the session, kept for a reload of the page. Nothing else is ever stored here.

use leptos::prelude::window;
use protocol::{decode, encode};

use super::connection::Claim;

/// Where the claim to the session waits for a reload. Lives as long as the tab.
const CLAIM_KEY: &str = "whisperspace.session";

/// The claim of the page before this one in the tab.
pub(super) fn kept_claim() -> Option<Claim> {
    let kept = storage()?.get_item(CLAIM_KEY).ok()??;
    decode(&kept).ok()
}

/// Keeps the claim, or forgets it. Where storage is refused, a reload begins a new session: nothing else is lost.
pub(super) fn keep_claim(claim: Option<&Claim>) {
    if let Some(storage) = storage() {
        let _ = match claim {
            Some(claim) => storage.set_item(CLAIM_KEY, &encode(claim)),
            None => storage.remove_item(CLAIM_KEY),
        };
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}
