//! What the API asks of the channels: see [`Live`]. Of several nodes all are counted, as far as they have told.

use std::collections::BTreeSet;
use std::sync::Arc;

use channels::{AppUser, ChannelName};

use super::super::handle::{Busy, Full, Live, LiveChannel as Listed, Overview, Present, Room};
use super::super::publication::{Count, Delivered, Publication};
use super::super::registry::App;
use super::LiveChannels;
use super::except::Except;
use super::lock::lock;
use super::node::Node;
use super::parcel::Parcel;

impl Live for LiveChannels {
    fn publish(&self, app: &Arc<App>, publication: &Publication, id: Option<String>) -> Result<Delivered, Busy> {
        let connections = self.deliver(app, &app.loaded().rules, publication, Except::Nobody, id)?;
        Ok(Delivered { connections })
    }

    fn subscribe(&self, app: &Arc<App>, user: &AppUser, name: &ChannelName) -> Result<usize, Full> {
        self.subscribe_here(app, user, name)?;
        self.tell_nodes(app, &Parcel::Subscribe(user.clone(), name.clone())).map_err(|Busy| Full::Nodes)?;
        Ok(self.count(app, name).connections)
    }

    fn unsubscribe(&self, app: &Arc<App>, user: &AppUser, name: &ChannelName) -> Result<usize, Busy> {
        let elsewhere = lock(&self.node(app)).elsewhere.count_of(name, user);
        self.tell_nodes(app, &Parcel::Unsubscribe(user.clone(), name.clone()))?;
        Ok(self.unsubscribe_here(app, user, name) + elsewhere)
    }

    fn disconnect(&self, app: &Arc<App>, user: &AppUser) -> Result<usize, Busy> {
        let elsewhere = lock(&self.node(app)).elsewhere.connections_of(user);
        self.tell_nodes(app, &Parcel::Disconnect(user.clone()))?;
        Ok(self.disconnect_here(app, user) + elsewhere)
    }

    fn presence(&self, app: &Arc<App>, name: &ChannelName) -> Vec<Present> {
        lock(&self.node(app)).presence(name)
    }

    fn count(&self, app: &Arc<App>, name: &ChannelName) -> Count {
        lock(&self.node(app)).count(name)
    }

    fn channels(&self, app: &Arc<App>) -> Vec<Listed> {
        let node = self.node(app);
        let node = lock(&node);
        node.names().into_iter().map(|name| Listed { count: node.count(&name), name }).collect()
    }

    fn overview(&self, app: &Arc<App>) -> Overview {
        let node = self.node(app);
        let node = lock(&node);
        let rooms: Vec<Room> = node.names().iter().map(|name| node.room(name)).collect();
        let there = node.members.values().filter(|member| member.is_there()).count();
        let total_connections = there + node.elsewhere.connections();
        Overview { total_connections, total_rooms: rooms.len(), rooms }
    }
}

impl Node {
    /// Channels with somebody in them.
    fn names(&self) -> BTreeSet<ChannelName> {
        self.channels.keys().chain(self.elsewhere.channels()).cloned().collect()
    }

    fn presence(&self, name: &ChannelName) -> Vec<Present> {
        let here = self.channels.get(name).map_or_else(Vec::new, |live| live.presence());
        self.elsewhere.present(name, here)
    }

    fn count(&self, name: &ChannelName) -> Count {
        if self.elsewhere.count(name) == 0 {
            return self.channels.get(name).map_or_else(Count::default, |live| live.count());
        }
        let all = self.presence(name);
        Count { connections: all.iter().map(|one| one.connections).sum(), users: all.len() }
    }

    /// Ids are of connections of this node.
    fn room(&self, name: &ChannelName) -> Room {
        let here = self.channels.get(name).map(|live| live.room());
        let user_ids = self.presence(name).into_iter().map(|present| present.user).collect();
        Room {
            room_name: name.as_str().to_owned(),
            socket_count: self.count(name).connections,
            socket_ids: here.map_or_else(Vec::new, |room| room.socket_ids),
            user_ids,
        }
    }
}
