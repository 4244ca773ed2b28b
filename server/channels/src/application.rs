//! One application, as its file says. Immutable: another file makes another one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::bounds::CLAIM_BYTES_MAX;
use crate::client::{ClaimNames, Client};
use crate::event::{Event, EventRate};
use crate::names::{AppName, ChannelName, EventName, Namespace};
use crate::pattern::{Parts, Pattern};
use crate::presence::Presence;
use crate::refused::Refused;
use crate::rule::{self, Access, PublishRule, SubscribeRule};
use crate::sources::{ApiKey, Backend, TokenKey};

/// See the module.
#[derive(Debug)]
pub struct Application {
    pub(crate) name: AppName,
    pub(crate) issuer: String,
    pub(crate) origins: Vec<String>,
    pub(crate) token_keys: Vec<TokenKey>,
    pub(crate) api_keys: Vec<ApiKey>,
    pub(crate) backend: Option<Backend>,
    pub(crate) claims: ClaimNames,
    pub(crate) limits: Limits,
    /// The first is where clients of other protocols are.
    pub(crate) namespaces: Vec<(Namespace, Vec<SubscribeRule>)>,
    pub(crate) patterns: Vec<Rules>,
    pub(crate) events: BTreeMap<EventName, Vec<Event>>,
    pub(crate) presences: Vec<Presence>,
    pub(crate) plains: Vec<Plain>,
}

/// What holds for the channels of a pattern.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) pattern: Pattern,
    pub(crate) namespaces: Vec<Namespace>,
    pub(crate) subscribe: Vec<SubscribeRule>,
    pub(crate) publish: Vec<PublishRule>,
    /// What clients may publish of their own accord is called one of these.
    pub(crate) published: Vec<EventName>,
    pub(crate) enter: bool,
    pub(crate) presence: bool,
    pub(crate) members_max: u64,
}

/// Bounds of one application.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections in all.
    pub connections: u64,
    /// Connections of one user.
    pub connections_per_user: u64,
    /// Channels that one connection may hear at once.
    pub subscriptions_per_connection: u64,
    /// Channels that live at once.
    pub channels: u64,
    /// How often a user may send events.
    pub events: EventRate,
}

/// An address at which a plain WebSocket only hears.
#[derive(Debug)]
pub struct Plain {
    /// The path.
    pub path: String,
    pub(crate) patterns: Vec<Pattern>,
}

/// A channel that exists: its name fits a pattern.
#[derive(Clone)]
pub struct Channel<'a> {
    /// Its name.
    pub name: ChannelName,
    rules: &'a Rules,
    parts: Parts,
}

impl Application {
    /// What it is called here.
    pub const fn name(&self) -> &AppName {
        &self.name
    }

    /// Whose tokens are its own.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Pages of these may connect, beside the server's own.
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// What verifies tokens.
    pub fn token_keys(&self) -> &[TokenKey] {
        &self.token_keys
    }

    /// What lets its backend in, handed over: who knows keys by their hashes needs nothing else of them.
    pub fn take_api_keys(&mut self) -> Vec<ApiKey> {
        std::mem::take(&mut self.api_keys)
    }

    /// Who is asked.
    pub const fn backend(&self) -> Option<&Backend> {
        self.backend.as_ref()
    }

    /// Its bounds.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Every namespace; the first is where clients of other protocols are.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.namespaces.iter().map(|(namespace, _)| namespace)
    }

    /// Where something is told that names no namespace.
    pub fn first_namespace(&self) -> &Namespace {
        // A file without namespaces has the main one.
        &self.namespaces[0].0
    }

    /// Finds a namespace by its name.
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.namespaces().find(|namespace| namespace.as_str() == name)
    }

    /// Addresses for plain `WebSockets`.
    pub fn plains(&self) -> &[Plain] {
        &self.plains
    }

    /// News of who is there.
    pub fn presences(&self) -> &[Presence] {
        &self.presences
    }

    /// What news of who is there says of somebody, as claims ([`Application::client`] reads them): so much another node has to
    /// know to tell that they are gone. A claim that is longer than a name may be is left out.
    pub fn claims_of_presence(&self, client: &Client) -> Map<String, Value> {
        let news = self.presences.iter().flat_map(|presence| [&presence.online, &presence.offline]).flatten();
        let told = news.flat_map(|told| [told.to.claims(&self.claims), told.data.claims(&self.claims)]).flatten();
        let names = told.map(Cow::into_owned).chain([self.claims.user.clone()]);
        let known = names.filter_map(|name| client.claim(&name).cloned().map(|value| (name, value)));
        known.filter(|(_, value)| value.to_string().len() <= CLAIM_BYTES_MAX).collect()
    }

    /// Who a verified token's user is.
    ///
    /// # Errors
    /// It names none.
    pub fn client(&self, claims: &Map<String, Value>) -> Result<Client, Refused> {
        Client::read(claims, &self.claims)
    }

    /// Whether somebody may connect to a namespace.
    pub fn may_connect(&self, client: &Client, namespace: &Namespace) -> bool {
        self.namespaces
            .iter()
            .find(|(name, _)| name == namespace)
            .is_some_and(|(_, rules)| rules.is_empty() || rule::access(rules, &Parts::new(), client) == Access::Allowed)
    }

    /// The channel of a name, where there is one: exactly one pattern fits.
    pub fn channel(&self, name: &str) -> Option<Channel<'_>> {
        let name = ChannelName::parse(name)?;
        let mut fitting = self.patterns.iter().filter_map(|rules| Some((rules, rules.pattern.fit(name.as_str())?)));
        let (rules, parts) = fitting.next()?;
        if fitting.next().is_some() {
            return None;
        }
        Some(Channel { name, rules, parts })
    }

    /// Channels that are entered when somebody connects there: those of their own, and those that their token lists.
    pub fn entered(&self, client: &Client, namespace: &Namespace) -> Vec<Channel<'_>> {
        let here = self.patterns.iter().filter(|rules| rules.enter && rules.namespaces.contains(namespace));
        here.flat_map(|rules| self.of_client(&rules.pattern, client)).collect()
    }

    /// Channels of a plain address that are somebody's own, or that their token lists.
    pub fn heard_at(&self, plain: &Plain, client: &Client) -> Vec<Channel<'_>> {
        plain.patterns.iter().flat_map(|pattern| self.of_client(pattern, client)).collect()
    }

    /// All channels of a pattern that a client's token names.
    fn of_client(&self, pattern: &Pattern, client: &Client) -> Vec<Channel<'_>> {
        let Some(rules) = self.patterns.iter().find(|rules| rules.pattern == *pattern) else { return Vec::new() };
        let mut names = Vec::new();
        if pattern.parts().next().is_none() {
            names.extend(pattern.fill(|_| None));
        }
        for rule in &rules.subscribe {
            match rule {
                SubscribeRule::Own(part) => {
                    names.extend(pattern.fill(|name| (name == part).then(|| client.user.as_str())));
                }
                SubscribeRule::Listed { part, list } => {
                    let entries = client.list(list).iter();
                    names.extend(
                        entries.filter_map(|entry| pattern.fill(|name| (name == part).then_some(entry.as_str()))),
                    );
                }
                SubscribeRule::Role(_) | SubscribeRule::Anyone | SubscribeRule::Backend { .. } => {}
            }
        }
        names.dedup();
        let channels = names.iter().filter_map(|name| self.channel(name.as_str()));
        channels.filter(|channel| channel.may_subscribe(client) == Access::Allowed).collect()
    }

    /// What a client's event means, in the namespace where it was sent.
    ///
    /// # Errors
    /// Nothing.
    pub fn event(&self, namespace: &Namespace, name: &str) -> Result<&Event, Refused> {
        let unknown = Refused::input("There is no such event here");
        let name = EventName::parse(name).ok_or(unknown)?;
        let events = self.events.get(&name).ok_or(unknown)?;
        events.iter().find(|event| event.is_in(namespace)).ok_or(unknown)
    }
}

impl Channel<'_> {
    /// Whether somebody may hear it.
    pub fn may_subscribe(&self, client: &Client) -> Access {
        rule::access(&self.rules.subscribe, &self.parts, client)
    }

    /// What a client may say in it of its own accord (the native protocol's `publish`), by its name.
    pub fn published(&self, name: &str) -> Option<&EventName> {
        self.rules.published.iter().find(|known| known.as_str() == name)
    }

    /// Where that is told.
    pub fn first_namespace(&self) -> Option<&Namespace> {
        self.rules.namespaces.first()
    }

    /// Whether a client may say something in it without that somebody else asks for it.
    pub fn may_publish(&self, client: &Client, is_subscribed: bool) -> bool {
        rule::may_publish(&self.rules.publish, client, is_subscribed)
    }

    /// Whether it is known who is in it.
    pub const fn has_presence(&self) -> bool {
        self.rules.presence
    }

    /// Connections that may be in it.
    pub const fn members_max(&self) -> u64 {
        self.rules.members_max
    }

    /// Whether what is told in a namespace is of this channel.
    pub fn is_in(&self, namespace: &Namespace) -> bool {
        self.rules.namespaces.contains(namespace)
    }
}

impl fmt::Debug for Channel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({:?})", self.rules.pattern)
    }
}
