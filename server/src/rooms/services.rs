//! What the core asks of this server: rooms by their records, logins, the sanitiser.

use async_trait::async_trait;
use chat::ChannelId;
use protocol::{DisplayName, LeaveReason, Millis, RoomCode, Text, UserKind};

use crate::error::ApiError;
use crate::rooms::{admission, powers, succession};
use crate::sanitize;
use crate::state::State;
use crate::store::{self, JoinOutcome, StoreError};
use realtime::channel::RoomHandle;
use realtime::clock;
use realtime::error::Refused;
use realtime::hub::Hub;
use realtime::identity::{Identity, UserId};
use realtime::knock::Knock;
use realtime::rate_limits::RateLimits;
use realtime::record::Left;
use realtime::services::{Admission, Admitted, Asked, Directory, Logins, Sanitizer, Services, Wish};

impl Services for State {
    fn hub(&self) -> &Hub {
        &self.hub
    }

    fn rate_limits(&self) -> &RateLimits {
        &self.rate_limits
    }
}

impl Sanitizer for State {
    fn html(&self, text: &Text) -> Option<String> {
        sanitize::html(text.as_str())
    }
}

#[async_trait]
impl Directory for State {
    async fn admit(&self, admission: Admission<'_>) -> Result<Admitted, Refused> {
        let address = admission.address;
        let admitted = admission::admit(self, admission).await?;
        let room = self.rooms.live(&admitted.room);
        let mark = self.keys.ban_mark(room.id, address);
        Ok(Admitted { room, member: admitted.member, is_new: admitted.joined == JoinOutcome::New, mark })
    }

    async fn knock(&self, admission: Admission<'_>, name: DisplayName) -> Result<Option<Knock>, Refused> {
        match admission::knock(self, admission, name).await? {
            admission::Knocked::Admitted(_) => Ok(None),
            admission::Knocked::Waits(knock) => Ok(Some(knock)),
        }
    }

    async fn withdraw(&self, room: &RoomHandle, user: UserId) -> Result<(), Refused> {
        let left = match self.store.leave(room.id.into(), user).await {
            Err(StoreError::Unavailable) if self.rooms.owe_leave(room, user) => return Ok(()),
            left => left.map_err(ApiError::from)?,
        };
        match left {
            store::LeaveOutcome::RoomDeleted => self.hub.end_room(room.id, LeaveReason::Empty),
            // All others may have left meanwhile, so that the room had come to this one.
            store::LeaveOutcome::Remaining { owner } => self.rooms.passed_on(room.id.into(), owner),
            store::LeaveOutcome::NotMember => {}
        }
        Ok(())
    }

    async fn leave(&self, room: &RoomHandle, user: UserId) -> Result<Left, Refused> {
        succession::pass_on(self, room.id, user).await;
        match self.store.leave(room.id.into(), user).await {
            Ok(left) => {
                if left == store::LeaveOutcome::RoomDeleted {
                    self.rooms.records().note_ended(room.code);
                }
                Ok(self.rooms.outcome(room.id, left))
            }
            // Who wants to go, goes: the database is told when it is back.
            Err(StoreError::Unavailable) if self.rooms.owe_leave(room, user) => Ok(Left::NotMember),
            Err(error) => Err(ApiError::from(error).into()),
        }
    }

    async fn exercise(&self, room: ChannelId, asked: Asked, wish: Wish) -> Result<(), Refused> {
        Ok(powers::exercise(self, room, asked, wish).await?)
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<RoomCode>, Refused> {
        let rooms = self.rooms.of_user(user, self.clock.now()).await.map_err(ApiError::from)?;
        Ok(rooms.into_iter().map(|room| room.code).collect())
    }
}

#[async_trait]
impl Logins for State {
    async fn stands(&self, identity: &Identity) -> Result<bool, Refused> {
        Ok(self.auth.stands(&*self.store, identity, self.clock.wall()).await?)
    }

    async fn keep(&self, identity: &Identity) -> Option<bool> {
        match keep(self, identity, self.clock.wall()).await {
            Ok(stands) => Some(stands),
            // The store has said so.
            Err(StoreError::Unavailable) => None,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a login could not be looked at");
                None
            }
        }
    }

    fn is_due(&self, identity: &Identity) -> bool {
        self.auth.is_due(identity, self.clock.wall())
    }

    fn issue(&self, identity: &Identity) -> (String, Millis) {
        let Identity { user, login, kind, name, .. } = identity;
        let issued = self.auth.issue(*user, *login, *kind, name, self.clock.wall());
        (issued.token, issued.expires_at)
    }
}

async fn keep(state: &State, identity: &Identity, now: Millis) -> Result<bool, StoreError> {
    let (user, login) = (identity.user, identity.login);
    if !state.store.touch_login(user, login, clock::hour(now), now).await? {
        return Ok(false);
    }
    match identity.kind {
        UserKind::Guest => state.store.extend_guest(user, now + state.auth.token_ms(), now).await?,
        UserKind::Account => {}
    }
    Ok(true)
}
