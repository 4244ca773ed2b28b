//! Makes of what is another on this node what other nodes are told: how things stand at the moment of telling.

use channels::{AppUser, Application, ChannelName};
use serde_json::Map;

use super::node::{NAMESPACES_MAX, Node};
use super::parcel::{InChannel, OfUser, Report};

/// Entries of one parcel.
const ENTRIES_MAX: usize = 500;

impl Node {
    /// What is to be told now, each whether it is the whole of it.
    pub(super) fn take_news(&mut self, rules: &Application) -> Vec<(Report, bool)> {
        let is_all = std::mem::take(&mut self.news.all);
        let (mut inside, mut users) = (std::mem::take(&mut self.news.inside), std::mem::take(&mut self.news.users));
        if is_all {
            users = self.members.values().map(|member| member.user().clone()).collect();
            let members = self.members.values();
            inside = members
                .flat_map(|member| member.channels().into_iter().map(|name| (name, member.user().clone())))
                .collect();
        }
        let inside: Vec<_> = inside.into_iter().map(|(channel, user)| self.in_channel(channel, user)).collect();
        let users: Vec<_> = users.into_iter().map(|user| self.of_user(rules, user)).collect();
        let (mut inside, mut users) = (inside.into_iter().peekable(), users.into_iter().peekable());
        let (mut reports, mut begins) = (Vec::new(), is_all);
        while begins || inside.peek().is_some() || users.peek().is_some() {
            let report = Report {
                inside: inside.by_ref().take(ENTRIES_MAX).collect(),
                users: users.by_ref().take(ENTRIES_MAX).collect(),
            };
            reports.push((report, std::mem::take(&mut begins)));
        }
        reports
    }

    fn in_channel(&self, channel: ChannelName, user: AppUser) -> InChannel {
        let known = self.channels.get(&channel).and_then(|live| live.inside_of(&user));
        let (connections, since) = known.unwrap_or_default();
        InChannel { channel, user, connections, since }
    }

    fn of_user(&self, rules: &Application, user: AppUser) -> OfUser {
        let members = self.users.get(&user).map_or(&[][..], |user| &user.members);
        let there: Vec<_> = members.iter().filter(|member| member.is_there()).collect();
        let is_open = |place: &usize| there.iter().any(|member| member.is_open(1 << place));
        let places = (0..self.namespaces.len().min(NAMESPACES_MAX)).filter(is_open);
        let open = places.filter_map(|place| self.namespaces.get(place).cloned()).collect();
        let claims = there.first().map_or_else(Map::new, |member| rules.claims_of_presence(member.client()));
        OfUser { user, connections: there.len(), open, claims }
    }
}
