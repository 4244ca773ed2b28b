//! `send`: what somebody says is parsed, counted, sanitised once (unless it is sealed) and handed to the room. A refusal goes through the room, so
//! that answers come in the order of the requests.

use chat::{Body, Input, Now};
use protocol::{ErrorCode, Sealed, SendBody, SendMessage, ServerFrame, Text};

use super::{BUSY_RETRY_MS, Requests};
use crate::clock;
use crate::error::Refused;
use crate::rate_limits::RateLimit;

impl Requests {
    pub(super) fn send(&self, message: SendMessage, now: Now) {
        let SendMessage { cid, room, body } = message;
        let Some(inside) = self.inside(&room, Some(&cid)) else {
            return;
        };
        let parsed = self.parse(&body).map_err(Refused::from).and_then(|parsed| {
            self.services.rate_limits().take(RateLimit::Sends(self.session.user), now)?;
            Ok(parsed)
        });
        let (key, failed, is_paid) = (self.session.key, cid.clone(), parsed.is_ok());
        let input = match parsed {
            Ok(parsed) => {
                let body = match parsed {
                    Parsed::Text(text) => self.services.body(text),
                    Parsed::Sealed(sealed) => Body::Sealed(sealed),
                };
                Input::Send { session: key, cid, random: u64::from_be_bytes(clock::random()), body }
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

    fn parse(&self, body: &SendBody) -> Result<Parsed, ErrorCode> {
        let chars = |max: u32| usize::try_from(max).unwrap_or(usize::MAX);
        match body {
            SendBody::Text(typed) => Text::parse(typed, chars(self.limits().text_chars_max)).map(Parsed::Text),
            SendBody::Sealed(sent) => Sealed::parse(sent, chars(self.limits().sealed_chars_max)).map(Parsed::Sealed),
        }
    }
}

/// What can be said, before it is counted: only what is counted is worth the sanitiser's work.
enum Parsed {
    Text(Text),
    Sealed(Sealed),
}
