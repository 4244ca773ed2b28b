//! What nodes tell each other of one application, all of it in one order. Nodes trust each other; what cannot be read is
//! passed over.

use channels::{AppUser, ChannelName, EventName, Namespace};
use protocol::Millis;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::publication::Target;

/// One thing that is told.
#[derive(Serialize, Deserialize)]
pub(super) enum Parcel<'a> {
    /// An event, for those who hear it on any node.
    #[serde(borrow)]
    Event(EventParcel<'a>),
    /// One that may be left out.
    Volatile(VolatileParcel<'a>),
    /// All connections of a user enter a channel.
    Subscribe(AppUser, ChannelName),
    /// And leave one.
    Unsubscribe(AppUser, ChannelName),
    /// All connections of a user end.
    Disconnect(AppUser),
    /// The sender wants to hear who is where.
    Asked,
    /// Who is where on the sender's node, and nobody else.
    Are(Report),
    /// What is another of that.
    Changed(Report),
}

/// See [`Parcel::Event`].
#[derive(Serialize, Deserialize)]
pub(super) struct EventParcel<'a> {
    pub(super) to: Target,
    pub(super) namespace: Namespace,
    pub(super) event: EventName,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
    pub(super) except: NotTo,
    /// By what the publication is known again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// It is news of who is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) presence: Option<PresenceNews>,
}

/// That somebody is there, or not any more, in the namespace of the parcel.
#[derive(Serialize, Deserialize)]
pub(super) struct PresenceNews {
    pub(super) user: AppUser,
    /// Which news of the application's file.
    pub(super) which: usize,
    pub(super) is_online: bool,
    /// Said because somebody else said that the user is gone.
    pub(super) is_answer: bool,
}

/// See [`Parcel::Volatile`].
#[derive(Serialize, Deserialize)]
pub(super) struct VolatileParcel<'a> {
    pub(super) channel: ChannelName,
    pub(super) namespace: Namespace,
    pub(super) event: EventName,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
    /// Whose.
    pub(super) user: AppUser,
    pub(super) except: NotTo,
    pub(super) every_ms: Millis,
}

/// Who is not told.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum NotTo {
    Nobody,
    /// A connection of the sender's node.
    Listener(u64),
    User(AppUser),
}

/// Who is where on a node.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) inside: Vec<InChannel>,
    pub(super) users: Vec<OfUser>,
}

/// A user in a channel; with no connection they are in it no more.
#[derive(Serialize, Deserialize)]
pub(super) struct InChannel {
    pub(super) channel: ChannelName,
    pub(super) user: AppUser,
    pub(super) connections: usize,
    pub(super) since: Millis,
}

/// A user; without a connection they are not there any more.
#[derive(Serialize, Deserialize)]
pub(super) struct OfUser {
    pub(super) user: AppUser,
    pub(super) connections: usize,
    pub(super) open: Vec<Namespace>,
    /// What may have to be told of them when this node cannot.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) claims: Map<String, Value>,
}
