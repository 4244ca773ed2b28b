//! `send`: what somebody says is parsed, counted, sanitised once and handed to the room. A refusal goes through the room, so
//! that answers come in the order of the requests.

use chat::{Input, Now};
use protocol::{ClientId, ServerFrame, Text};

use super::{BUSY_RETRY_MS, Requests};
use crate::clock;
use crate::error::Refused;
use crate::rate_limits::RateLimit;

impl Requests {
    pub(super) fn send(&self, cid: ClientId, room: &str, text: &str, now: Now) {
        let Some(inside) = self.inside(room, Some(&cid)) else {
            return;
        };
        let chars_max = usize::try_from(self.limits().text_chars_max).unwrap_or(usize::MAX);
        let parsed = Text::parse(text, chars_max).map_err(Refused::from).and_then(|text| {
            self.services.rate_limits().take(RateLimit::Sends(self.session.user), now)?;
            Ok(text)
        });
        let (key, failed, is_paid) = (self.session.key, cid.clone(), parsed.is_ok());
        let input = match parsed {
            Ok(text) => {
                let random = u64::from_be_bytes(clock::random());
                Input::Send { session: key, cid, random, body: self.services.body(text) }
            }
            Err(failure) => {
                let frame = ServerFrame::error(failure.code, Some(cid), failure.retry_after_ms);
                Input::Answer { session: key, frame }
            }
        };
        if let Err(code) = inside.room.request(&self.session, input) {
            let failure = Refused::after(code, BUSY_RETRY_MS);
            if is_paid && failure.is_ours() {
                self.services.rate_limits().give_back(RateLimit::Sends(self.session.user));
            }
            self.error(failure, Some(failed));
        }
    }
}
