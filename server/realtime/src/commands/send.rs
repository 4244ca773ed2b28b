//! `send` and `whisper`: what somebody says is parsed, counted, sanitised once (unless it is sealed) and handed to the room.

use chat::{Body, Input, Now};
use protocol::{ErrorCode, Refers, Sealed, SendBody, SendMessage, SendWhisper, timer_within};

use super::Requests;
use crate::clock;
use crate::error::Refused;
use crate::rate_limits::RateLimit;

impl Requests {
    pub(super) fn send(&self, message: SendMessage, now: Now) {
        let SendMessage { cid, room, body, mut refers } = message;
        let Some(inside) = self.inside(&room, Some(&cid)) else {
            return;
        };
        let (session, limit) = (self.session.key, RateLimit::Sends(self.session.user()));
        let said = match &body {
            SendBody::Text(typed) => self.text(typed, limit, now).map(|(text, html)| Body::Text { text, html }),
            SendBody::Sealed(sent) => self.sealed(sent, limit, now).map(Body::Sealed),
        };
        // What names one twice names them once.
        refers.mentions.sort_unstable();
        refers.mentions.dedup();
        let is_crowd = refers.mentions.len() > usize::try_from(self.limits().mentions_max).unwrap_or(usize::MAX);
        let timer = refers.timer_s.map_or(Ok(None), |chosen| timer_within(self.limits(), chosen));
        let asked = said.and_then(|body| match (is_crowd, timer) {
            (true, _) => Err(ErrorCode::BadFrame.into()),
            (false, Err(code)) => Err(code.into()),
            (false, Ok(_)) => {
                let random = u64::from_be_bytes(clock::random());
                Ok(Input::Send { session, cid: cid.clone(), random, body, refers })
            }
        });
        self.hand_over(&inside, cid, asked, limit);
    }

    /// Counted as a message is: one limit for both, or whispers would be a second allowance.
    pub(super) fn whisper(&self, whisper: SendWhisper, now: Now) {
        let SendWhisper { cid, room, to, text, reply, timer_s } = whisper;
        let Some(inside) = self.inside(&room, Some(&cid)) else {
            return;
        };
        let (session, limit) = (self.session.key, RateLimit::Sends(self.session.user()));
        let timer = timer_s.map_or(Ok(None), |chosen| timer_within(self.limits(), chosen));
        let said = self.text(&text, limit, now);
        let asked = said.and_then(|(text, html)| {
            timer?;
            let random = u64::from_be_bytes(clock::random());
            let refers = Refers { reply, mentions: Vec::new(), timer_s };
            Ok(Input::Whisper { session, cid: cid.clone(), random, to, text, html, refers })
        });
        self.hand_over(&inside, cid, asked, limit);
    }

    /// What is sealed is looked at no further than for its alphabet and its length.
    fn sealed(&self, sent: &str, limit: RateLimit, now: Now) -> Result<Sealed, Refused> {
        let chars_max = usize::try_from(self.limits().sealed_chars_max).unwrap_or(usize::MAX);
        let sealed = Sealed::parse(sent, chars_max)?;
        self.services.rate_limits().take(limit, now)?;
        Ok(sealed)
    }
}
