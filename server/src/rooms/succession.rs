//! To whom a room passes when its owner goes, and who is behind a member id. Asks nobody whether they may.

use chat::ChannelId;
use protocol::{MemberId, Role};

use crate::state::State;
use crate::store::{RoomId, StoreError, UserId, WHENEVER};

/// Who a member is. Ids of members are one-way, so every membership is looked at: ten thousand take some milliseconds,
/// and how often somebody may ask is limited.
pub(super) async fn user_of(state: &State, room: RoomId, member: &MemberId) -> Result<Option<UserId>, StoreError> {
    let members = state.store.members(room).await?;
    let mut users = members.into_iter().map(|membership| membership.user);
    Ok(users.find(|user| state.keys.member_id(room.into(), *user) == *member))
}

/// Hands a room over before its owner goes: to whoever has been inside for longest. Where nobody is, the store has it pass
/// to the oldest member.
pub(crate) async fn pass_on(state: &State, room: ChannelId, leaving: UserId) {
    let Some(live) = state.hub.live(room) else { return };
    let own = state.keys.member_id(room, leaving);
    let Some(heir) = live.doorway().eldest.into_iter().find(|member| *member != own) else { return };
    let hand_over = async {
        let owned = state.store.room(room.into(), WHENEVER).await?.is_some_and(|kept| kept.owner == leaving);
        if let Some(heir) = if owned { user_of(state, room.into(), &heir).await? } else { None } {
            state.store.set_role(room.into(), heir, Role::Owner, state.config.limits.moderators_per_room).await?;
        }
        Ok::<_, StoreError>(())
    };
    // A database that is away has said so, and has the room pass to the oldest member when it is back.
    let _ = hand_over.await;
}
