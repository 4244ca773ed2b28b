//! What the API asks of the part that keeps channels and their subscribers: the seam between the two.
//!
//! Nothing here waits (what is too much is refused): a publication is handed to queues, and a subscriber that does not read is not waited for.

use std::fmt::Debug;
use std::sync::Arc;

use channels::{AppUser, ChannelName};
use protocol::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use super::publication::{Count, Delivered, Publication};
use super::registry::App;

/// One user in a channel.
#[derive(Clone, Serialize, ToSchema)]
pub struct Present {
    /// The application's id.
    pub user: String,
    /// Of how many connections.
    pub connections: usize,
    /// Since when the user is in it.
    pub since: Millis,
}

/// One channel that lives.
#[derive(Clone)]
pub struct LiveChannel {
    /// Its name.
    pub name: ChannelName,
    /// Who is in it, in numbers.
    pub count: Count,
}

/// Who is where, for an application's administrators: as the documents of such applications have it.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Connections.
    pub total_connections: usize,
    /// Channels.
    pub total_rooms: usize,
    /// Each of them.
    pub rooms: Vec<Room>,
}

/// One channel, and who is in it.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OverviewRoom)]
pub struct Room {
    /// Its name.
    pub room_name: String,
    /// Connections in it.
    pub socket_count: usize,
    /// Which.
    pub socket_ids: Vec<String>,
    /// Of whom.
    pub user_ids: Vec<String>,
}

/// More is told than other nodes can be told: none of it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// A bound keeps a user out of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The channel has as many in it as it may.
    Members,
    /// The connection hears as many channels as it may.
    Subscriptions,
    /// The application has as many channels as it may.
    Channels,
    /// Other nodes cannot be told at this moment: their connections of the user are not in it.
    Nodes,
    /// The application has put the user out of it, while its backend was asked.
    PutOut,
}

/// The channels of all applications, on this node and those that it shares them with.
pub trait Live: Send + Sync + Debug {
    /// Tells an event. `id`: by what it is known again.
    ///
    /// # Errors
    /// [`Busy`].
    fn publish(&self, app: &Arc<App>, publication: &Publication, id: Option<String>) -> Result<Delivered, Busy>;

    /// All connections of a user enter a channel; answers how many are in it now.
    ///
    /// # Errors
    /// A bound.
    fn subscribe(&self, app: &Arc<App>, user: &AppUser, channel: &ChannelName) -> Result<usize, Full>;

    /// And leave one; answers how many did.
    ///
    /// # Errors
    /// [`Busy`]: nothing was done.
    fn unsubscribe(&self, app: &Arc<App>, user: &AppUser, channel: &ChannelName) -> Result<usize, Busy>;

    /// Ends all connections of a user; answers how many there were.
    ///
    /// # Errors
    /// [`Busy`]: nothing was done.
    fn disconnect(&self, app: &Arc<App>, user: &AppUser) -> Result<usize, Busy>;

    /// Who is in a channel.
    fn presence(&self, app: &Arc<App>, channel: &ChannelName) -> Vec<Present>;

    /// How many are.
    fn count(&self, app: &Arc<App>, channel: &ChannelName) -> Count;

    /// Every channel with somebody in it.
    fn channels(&self, app: &Arc<App>) -> Vec<LiveChannel>;

    /// All of it.
    fn overview(&self, app: &Arc<App>) -> Overview;
}

macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

redacted!(Present, LiveChannel, Overview, Room);
