//! What the frames of a native client do in channels: parse, count, hand on. Answers go through the session's queue.
//!
//! Requests of one client are done one after the other. Knows no socket.

use std::sync::Arc;

use channels::{Namespace, Refused};
use chat::{Bucket, Rate};
use protocol::{ChannelClientFrame, ClientId, ErrorCode, FrameError, ServerFrame, decode_channel_client};
use realtime::clock::base64url;
use realtime::dialect::Counted;
use realtime::handler::{Handler, TakesText};
use realtime::session::{Confirmed, Generation};
use realtime::transport::{End, Next};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::client::{Person, Told};
use super::handler::{ChannelsHandler, finish};
use super::live::{ForChannels, framed};
use super::recent::Known;

/// One client's side of a session.
pub(crate) struct NativeHandler {
    lasts: ChannelsHandler,
    /// The line that the frames come by.
    generation: Generation,
    token_bytes_max: u32,
    frames: Bucket,
    refused: Bucket,
}

impl NativeHandler {
    pub(crate) fn new(lasts: ChannelsHandler, generation: Generation) -> Self {
        let token_bytes_max = lasts.person.live().limits().app_token_bytes_max;
        Self { lasts, generation, token_bytes_max, frames: Bucket::default(), refused: Bucket::default() }
    }

    fn person(&self) -> &Arc<Person> {
        &self.lasts.person
    }

    /// Counts one frame.
    fn count(&mut self) -> Result<(), u64> {
        let live = self.lasts.person.live();
        self.frames.take(live.clock().mono(), Rate::per_minute(live.limits().frames_per_minute))
    }

    fn handle(&mut self, frame: ChannelClientFrame) -> Next {
        let person = Arc::clone(self.person());
        match frame {
            ChannelClientFrame::Hello { .. } => self.refuse(ErrorCode::BadFrame, None, None),
            ChannelClientFrame::Subscribe { cid, channel, since } => finish(self.person(), async move {
                let done = person.subscribe(&cid, &channel, since).await;
                tell_refused(&person, &cid, done);
            }),
            ChannelClientFrame::Unsubscribe { cid, channel } => {
                let left = person.unsubscribe(&cid, &channel);
                tell_refused(&person, &cid, left);
                Next::Read
            }
            ChannelClientFrame::Publish { cid, channel, event, data } => {
                if begins(&person, &cid) {
                    let told = person.publish(&cid, &channel, &event, data);
                    ends(&person, &cid, told);
                }
                Next::Read
            }
            ChannelClientFrame::Event { cid, .. } if !begins(&person, &cid) => Next::Read,
            ChannelClientFrame::Event { cid, namespace, event, data } => finish(self.person(), async move {
                let answer = event_of(&person, namespace.as_deref(), &event, &data, &cid).await;
                ends(&person, &cid, answer.map(|answer| person.done(&cid, answer.as_ref())));
            }),
            ChannelClientFrame::Token { cid, token } => self.renew(&cid, &token),
            ChannelClientFrame::Ping { have } => {
                let next = have.map_or(Next::Read, |have| self.confirm(have));
                if matches!(next, Next::Read) {
                    let pong = framed(protocol::encode(&ServerFrame::Pong {}), Counted::No);
                    person.member.push(&pong, person.live().limits());
                }
                next
            }
            ChannelClientFrame::Pong { have } => self.confirm(have),
        }
    }

    /// What the user may do stays as the first token says it, so a later one has to say the same.
    fn renew(&mut self, cid: &ClientId, token: &str) -> Next {
        let person = Arc::clone(self.person());
        let signed_in = person.app.authenticate(token, self.token_bytes_max, person.live().clock().wall());
        match signed_in.ok().filter(|signed_in| person.is_of(&person.app, &signed_in.client)) {
            Some(signed_in) => {
                self.lasts.lasts_as(&signed_in);
                person.done(cid, None);
            }
            None => person.refused(Some(cid), &Refused::UNAUTHORIZED.into(), None),
        }
        Next::Read
    }

    fn confirm(&mut self, have: u64) -> Next {
        match self.person().member.session().confirm(self.generation, have) {
            Confirmed::Yes => Next::Read,
            Confirmed::Never => self.refuse(ErrorCode::BadFrame, None, None),
            Confirmed::Stale => Next::Close(ErrorCode::Replaced),
        }
    }

    /// A frame that is none, or too many: told so, and a flood where that goes on.
    fn refuse(&mut self, code: ErrorCode, cid: Option<&ClientId>, retry_after_ms: Option<u64>) -> Next {
        let live = self.lasts.person.live();
        let rate = Rate { burst: live.limits().refusals_burst, refill_ms: live.limits().refusals_refill_ms };
        if self.refused.take(live.clock().mono(), rate).is_err() {
            return Next::Close(ErrorCode::Flooding);
        }
        self.person().refused(cid, &Told::new(code.as_str(), code.text()), retry_after_ms);
        Next::Read
    }
}

/// One of the application's own events; what it is acknowledged with.
async fn event_of(
    person: &Person,
    namespace: Option<&str>,
    event: &str,
    data: &Value,
    cid: &ClientId,
) -> Result<Option<Value>, Told> {
    let open = person.namespaces();
    let namespace = match namespace {
        Some(name) => Namespace::parse(name).filter(|name| open.contains(name)),
        None => open.into_iter().next(),
    };
    let namespace = namespace.ok_or(Refused::UNAUTHORIZED)?;
    let argument = RawValue::from_string(data.to_string()).map_err(|_| Refused::UNAUTHORIZED)?;
    let arguments = if data.is_null() { Vec::new() } else { vec![argument] };
    person.event(&namespace, event, &arguments, Some(call_id(person, cid))).await
}

/// By what the backend knows an event again that the same client sends once more. It tells nothing of the session.
fn call_id(person: &Person, cid: &ClientId) -> String {
    let hashed = Sha256::new().chain_update(person.member.session().id.as_str()).chain_update(cid.as_str()).finalize();
    base64url(hashed.get(..16).unwrap_or_default())
}

/// Whether a request is to be done. One that was done is answered again, and told once; one that is being done will be
/// answered.
fn begins(person: &Person, cid: &ClientId) -> bool {
    match person.recent.begin(cid) {
        Known::New => true,
        Known::UnderWay => false,
        Known::Done => {
            person.done(cid, None);
            false
        }
    }
}

fn ends(person: &Person, cid: &ClientId, done: Result<(), Told>) {
    person.recent.end(cid, done.is_ok());
    tell_refused(person, cid, done);
}

fn tell_refused(person: &Person, cid: &ClientId, done: Result<(), Told>) {
    if let Err(told) = done {
        person.refused(Some(cid), &told, None);
    }
}

impl TakesText for NativeHandler {
    fn take(&mut self, text: &str) -> Next {
        let decoded = decode_channel_client(text);
        if let Err(wait_ms) = self.count() {
            let cid = match &decoded {
                Ok(frame) => frame.cid().cloned(),
                Err(FrameError { cid, .. }) => cid.clone(),
            };
            return self.refuse(ErrorCode::RateLimited, cid.as_ref(), Some(wait_ms));
        }
        match decoded {
            Ok(frame) => self.handle(frame),
            Err(FrameError { code, cid }) => self.refuse(code, cid.as_ref(), None),
        }
    }

    fn take_binary(&mut self) -> Next {
        self.refuse(ErrorCode::BadFrame, None, None)
    }
}

impl Handler for NativeHandler {
    type Purpose = ForChannels;

    fn due(&self, is_busy: bool) -> Option<Instant> {
        self.lasts.due(is_busy)
    }

    fn tick(&mut self) -> Result<(), End> {
        self.lasts.tick()
    }

    fn ping(&self) {
        self.lasts.ping();
    }

    fn revoked(&self) -> Option<CancellationToken> {
        self.lasts.revoked()
    }
}

impl std::fmt::Debug for NativeHandler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NativeHandler(…)")
    }
}
