//! A client of an application on one line, for the core's loop: how long its token lasts, and when the application is gone.
//! What it asks for depends on its protocol: `native` for this server's own, `socketio::app_client` for that.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use protocol::{ErrorCode, Millis, ServerFrame};
use realtime::dialect::Counted;
use realtime::handler::{Handler, TakesText};
use realtime::transport::{End, Next};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::client::Person;
use super::live::{ForChannels, framed, websocket_ping};
use super::registry::SignedIn;

/// A token that says that it lasts longer does not: instants have an end.
const TOKEN_MAX: Duration = Duration::from_hours(24 * 365);

/// See the module.
#[derive(Debug)]
pub(crate) struct ChannelsHandler {
    pub(crate) person: Arc<Person>,
    /// When the last of its tokens ends.
    ends_at: Instant,
}

impl ChannelsHandler {
    pub(crate) fn new(person: Arc<Person>, signed_in: &SignedIn) -> Self {
        let ends_at = ends_at(signed_in, person.live().clock().wall());
        Self { person, ends_at }
    }

    /// There is a later token of the same user.
    pub(crate) fn lasts_as(&mut self, signed_in: &SignedIn) {
        self.ends_at = self.ends_at.max(ends_at(signed_in, self.person.live().clock().wall()));
    }
}

fn ends_at(signed_in: &SignedIn, now: Millis) -> Instant {
    Instant::now() + Duration::from_millis(signed_in.ends_at.saturating_sub(now)).min(TOKEN_MAX)
}

impl Handler for ChannelsHandler {
    type Purpose = ForChannels;

    fn due(&self, _: bool) -> Option<Instant> {
        Some(self.ends_at)
    }

    fn tick(&mut self) -> Result<(), End> {
        if Instant::now() < self.ends_at { Ok(()) } else { Err(End::Close(ErrorCode::Unauthorized)) }
    }

    fn ping(&self) {
        let ping = framed(protocol::encode(&ServerFrame::Ping {}), Counted::No);
        self.person.member.push(&ping, self.person.live().limits());
    }

    fn revoked(&self) -> Option<CancellationToken> {
        Some(self.person.app.gone.clone())
    }
}

/// Does what a client asked for to its end, even if its line is lost meanwhile: what its backend was asked is told. Nothing
/// behind it is handled before.
pub(crate) fn finish(person: &Arc<Person>, work: impl Future<Output = ()> + Send + 'static) -> Next {
    let (working, person) = (person.live().spawn(work), Arc::clone(person));
    let finishing = async move {
        // A panic leaves the request without an answer; as any fault of ours it ends this connection only.
        if working.await.is_err() {
            person.member.session().close(ErrorCode::Internal);
        }
    };
    Next::Wait(finishing.boxed())
}

/// A client that only hears: what it says is not listened to.
#[derive(Debug)]
pub(crate) struct Deaf(pub(crate) ChannelsHandler);

impl Handler for Deaf {
    type Purpose = ForChannels;

    fn due(&self, is_busy: bool) -> Option<Instant> {
        self.0.due(is_busy)
    }

    fn tick(&mut self) -> Result<(), End> {
        self.0.tick()
    }

    /// By the WebSocket's own ping, which it does not see.
    fn ping(&self) {
        let person = &self.0.person;
        person.member.push(&websocket_ping(), person.live().limits());
    }

    fn revoked(&self) -> Option<CancellationToken> {
        self.0.revoked()
    }
}

impl TakesText for Deaf {
    fn take(&mut self, _: &str) -> Next {
        Next::Read
    }

    fn take_binary(&mut self) -> Next {
        Next::Read
    }
}
