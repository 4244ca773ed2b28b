//! What a reload of the page finds again in its tab: the claim to the session, and, only where the person allowed it,
//! what was not sent yet. Nothing else is ever stored here.
//!
//! The text in the box is `start.js`'s to keep, under `whisperspace.draft` and the address of its room: it is there before
//! the program runs. Drafts of rooms that are not shown are kept under the same names from here.

use client::{Claim, Confidant, Outgoing};
use leptos::prelude::window;
use protocol::{ClientId, DisplayName, MemberId, MessageId, Refers, RoomCode, decode, encode};

use crate::base::{own, room};

/// Where the claim to the session waits for a reload. Lives as long as the tab.
const CLAIM_KEY: &str = "whisperspace.session";
/// Prefix of the keys for unsent messages; the room's code follows.
const UNSENT_KEY: &str = "whisperspace.unsent";
/// Prefix of the keys for drafts, as `start.js` has it; the room's address follows.
const DRAFT_KEY: &str = "whisperspace.draft";

/// The claim of the page before this one in the tab.
pub(super) fn kept_claim() -> Option<Claim> {
    let kept = storage()?.get_item(&own(CLAIM_KEY)).ok()??;
    decode(&kept).ok()
}

/// Keeps the claim, or forgets it. Where storage is refused, a reload begins a new session: nothing else is lost.
pub(super) fn keep_claim(claim: Option<&Claim>) {
    if let Some(storage) = storage() {
        let _ = match claim {
            Some(claim) => storage.set_item(&own(CLAIM_KEY), &encode(claim)),
            None => storage.remove_item(&own(CLAIM_KEY)),
        };
    }
}

/// Stores the unsent messages of a room for the next page in this tab; with none, deletes what was stored.
pub(super) fn keep_unsent(code: RoomCode, unsent: Vec<(ClientId, Outgoing)>) {
    if let Some(storage) = storage() {
        let flat: Vec<String> = unsent.into_iter().filter_map(|(cid, what)| flat(&cid, what)).flatten().collect();
        // A full storage loses them, as no storage would; the browser has asked the person before leaving the page.
        let _ = if flat.is_empty() {
            storage.remove_item(&unsent_key(code))
        } else {
            storage.set_item(&unsent_key(code), &encode(&flat))
        };
    }
}

/// The unsent messages of a room that the previous page in this tab stored. They are deleted there.
pub(super) fn kept_unsent(code: RoomCode) -> Vec<(ClientId, Outgoing)> {
    let (Some(storage), key) = (storage(), unsent_key(code)) else {
        return Vec::new();
    };
    let kept = storage.get_item(&key).ok().flatten();
    let _ = storage.remove_item(&key);
    kept.map(|kept| unsent_of(&kept)).unwrap_or_default()
}

/// Kept by itself: few pages have something to restore.
#[inline(never)]
fn unsent_of(kept: &str) -> Vec<(ClientId, Outgoing)> {
    let flat: Vec<String> = decode(kept).ok().unwrap_or_default();
    flat.chunks(FIELDS).filter_map(unsent).collect()
}

/// Strings for each unsent message.
const FIELDS: usize = 7;

/// A message to all, or to one person, as strings: its request, its words, what it answers, whom it names, its timer,
/// and to whom it goes. A whisper never comes back as anything else: without the one it is for it does not come back.
fn flat(cid: &ClientId, what: Outgoing) -> Option<[String; FIELDS]> {
    let (text, Refers { reply, mentions, timer_s }, to) = match what {
        Outgoing::Message(text, refers) => (text, refers, None),
        Outgoing::Whisper { to, text, refers } => (text, refers, Some(to)),
        Outgoing::Edit { .. } | Outgoing::React { .. } | Outgoing::Delete { .. } => return None,
    };
    let mentions: Vec<&str> = mentions.iter().map(MemberId::as_str).collect();
    let (to, name) =
        to.map_or_else(Default::default, |to| (to.member.as_str().to_owned(), to.name.as_str().to_owned()));
    let reply = reply.map_or_else(String::new, |reply| reply.as_str().to_owned());
    let timer = timer_s.map_or_else(String::new, |timer_s| timer_s.to_string());
    Some([cid.as_str().to_owned(), text, reply, mentions.join(" "), timer, to, name])
}

fn unsent(flat: &[String]) -> Option<(ClientId, Outgoing)> {
    let [cid, text, reply, mentions, timer, to, name] = flat else { return None };
    let (cid, text) = (ClientId::parse(cid).ok()?, text.clone());
    let reply = MessageId::parse(reply).ok();
    let mentions = mentions.split(' ').filter_map(|member| MemberId::parse(member).ok()).collect();
    let refers = Refers { reply, mentions, timer_s: timer.parse().ok() };
    if to.is_empty() {
        return Some((cid, Outgoing::Message(text, refers)));
    }
    // The name is one that the server has told.
    let to = Confidant { member: MemberId::parse(to).ok()?, name: decode::<DisplayName>(&encode(name)).ok()? };
    Some((cid, Outgoing::Whisper { to, text, refers }))
}

/// Stores the draft of a room that is not shown; an empty one deletes what was stored.
pub(super) fn keep_draft(code: RoomCode, draft: &str) {
    if let Some(storage) = storage() {
        let key = String::from(DRAFT_KEY) + &room(code);
        // A full storage loses it, as no storage would; the browser has asked the person before leaving the page.
        let _ = if draft.is_empty() { storage.remove_item(&key) } else { storage.set_item(&key, draft) };
    }
}

/// The draft of a room that the previous page in this tab stored. It is deleted there.
pub(super) fn kept_draft(code: RoomCode) -> Option<String> {
    let (storage, key) = (storage()?, String::from(DRAFT_KEY) + &room(code));
    let kept = storage.get_item(&key).ok().flatten();
    let _ = storage.remove_item(&key);
    kept
}

fn unsent_key(code: RoomCode) -> String {
    own(UNSENT_KEY) + "." + code.as_str()
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}
