//! A session of the core for somebody who is nobody to the chat: a queue, and no person. It takes no seat, so no room
//! tells it anything, and its dialect has no words.

use chat::SessionKey;
use protocol::{DisplayName, ServerFrame, SessionId, UserKind};
use realtime::dialect::{Broadcast, Dialect, DialectId, Frame, Projection, RoomContext};
use realtime::hub::random_secret;
use realtime::identity::{Identity, LoginKey, UserId};
use realtime::session::{Carrier, Session};

/// It says nothing by itself.
#[derive(Debug)]
struct Silent;

impl Dialect for Silent {
    fn id(&self) -> DialectId {
        DialectId("application")
    }

    fn reads_sealed(&self) -> bool {
        false
    }

    fn reply(&self, _: UserId, _: &ServerFrame, _: &mut dyn FnMut(Frame)) {}

    fn projection(&self) -> Box<dyn Projection> {
        Box::new(Self)
    }
}

impl Projection for Silent {
    fn broadcast(&mut self, _: &ServerFrame, _: &RoomContext<'_>) -> Option<Broadcast> {
        None
    }
}

/// One that is not in the hub: no user of the chat has it.
pub(super) fn session(key: SessionKey, id: &str) -> Session {
    let identity = Identity {
        user: UserId([0; 16]),
        login: LoginKey([0; 16]),
        kind: UserKind::Guest,
        name: DisplayName::parse("application").expect("is a name"),
        username: None,
        expires_at: 0,
    };
    let id = SessionId::parse(id).expect("22 characters of base64url are a session id");
    Session::new(key, id, &Silent, identity, Carrier::Bearer, random_secret())
}
