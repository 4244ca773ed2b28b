//! From the words of a file to an application: names, rules and templates are parsed, and fit each other.

mod keys;
mod steps;
mod values;

use std::collections::BTreeMap;

use super::mistakes::Mistakes;
use super::raw;
use crate::application::{Application, Limits, Plain, Rules};
use crate::bounds::{ENTRIES_MAX, NAMESPACES_MAX, PART_BYTES_MAX};
use crate::client::ClaimNames;
use crate::event::{Event, EventRate, Failed, Step};
use crate::names::{AppName, EventName, Namespace};
use crate::pattern::{Pattern, is_name};
use crate::presence::{Presence, Told};
use crate::rule::{PublishRule, SubscribeRule};
use crate::schema::Schema;
use crate::sources::Sources;
use values::json;

/// In a channel where the file does not say how many.
const MEMBERS_MAX: u64 = 10_000;

pub(super) fn application(file: raw::File, sources: &dyn Sources, mistakes: &mut Mistakes<'_>) -> Option<Application> {
    let lists = [file.tokens.len(), file.api_keys.len(), file.namespaces.len(), file.channels.len(), file.events.len()];
    if lists.iter().chain([&file.presence.len(), &file.plain.len()]).any(|length| *length > ENTRIES_MAX) {
        mistakes.add(0, format!("a list has at most {ENTRIES_MAX} entries"));
        return None;
    }
    let at = file.name.span().start;
    if file.namespaces.len() > NAMESPACES_MAX {
        mistakes.add(at, format!("an application has at most {NAMESPACES_MAX} namespaces"));
    }
    if file.limits.events_burst == 0
        || file.events.iter().any(|event| event.rate.as_ref().is_some_and(|rate| rate.burst == 0))
    {
        mistakes.add(at, "a rate whose burst is 0 lets nothing through: 1 at least");
    }
    let Some(name) = AppName::parse(file.name.as_ref()) else {
        mistakes.add(at, "name: small letters, digits and dashes, 64 at the most");
        return None;
    };
    let claims =
        ClaimNames { user: file.claims.user, name: file.claims.name, role: file.claims.role, lists: file.claims.lists };
    let namespaces = namespaces(file.namespaces, mistakes);
    let all: Vec<Namespace> = namespaces.iter().map(|(namespace, _)| namespace.clone()).collect();
    let patterns = channels(file.channels, &all, &claims, mistakes);
    let events = events(file.events, &all, &patterns, mistakes);
    let presences = file.presence.into_iter().filter_map(|told| presence(told, &all, &patterns, mistakes)).collect();
    let plains = file.plain.into_iter().filter_map(|plain| self::plain(plain, &patterns, mistakes)).collect();
    let token_keys = keys::tokens(file.tokens, at, sources, mistakes);
    let api_keys = keys::api(file.api_keys, sources, mistakes);
    let asks_backend =
        patterns.iter().flat_map(|rules| &rules.subscribe).any(|rule| matches!(rule, SubscribeRule::Backend { .. }))
            || events.values().flatten().flat_map(|event| &event.steps).any(|step| matches!(step, Step::Call { .. }));
    if asks_backend && file.backend.is_none() {
        mistakes
            .add(at, "{ backend = true } and { call = .. } ask the application's backend, and there is no [backend]");
    }
    let backend = file.backend.and_then(|backend| keys::backend(backend, sources, mistakes));
    let issuer = file.issuer.unwrap_or_else(|| name.as_str().to_owned());
    let limits = Limits {
        connections: file.limits.connections,
        connections_per_user: file.limits.connections_per_user,
        subscriptions_per_connection: file.limits.subscriptions_per_connection,
        channels: file.limits.channels,
        events: EventRate { burst: file.limits.events_burst, refill_ms: file.limits.events_refill_ms },
    };
    Some(Application {
        name,
        issuer,
        origins: file.origins,
        token_keys,
        api_keys,
        backend,
        claims,
        limits,
        namespaces,
        patterns,
        events,
        presences,
        plains,
    })
}

/// A file without any has the main one.
fn namespaces(list: Vec<raw::Namespace>, mistakes: &mut Mistakes<'_>) -> Vec<(Namespace, Vec<SubscribeRule>)> {
    let mut known: Vec<(Namespace, Vec<SubscribeRule>)> = Vec::new();
    for raw::Namespace { name, connect } in list {
        let at = name.span().start;
        let Some(namespace) = Namespace::parse(name.as_ref()) else {
            mistakes.add(at, "a namespace begins with / and has no blanks or commas");
            continue;
        };
        if known.iter().any(|(other, _)| *other == namespace) {
            mistakes.add(at, "the namespace stands here twice");
        }
        let rules: Vec<SubscribeRule> =
            connect.into_iter().filter_map(|rule| subscribe_rule(rule, at, mistakes)).collect();
        if !rules.iter().all(|rule| matches!(rule, SubscribeRule::Role(_) | SubscribeRule::Anyone)) {
            mistakes.add(at, "who may connect is said by { role = .. } or { anyone = true }");
        }
        known.push((namespace, rules));
    }
    if known.is_empty() {
        known.extend(Namespace::parse("/").map(|main| (main, Vec::new())));
    }
    known
}

fn channels(
    list: Vec<raw::Channel>,
    all: &[Namespace],
    claims: &ClaimNames,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Rules> {
    let mut known: Vec<Rules> = Vec::new();
    for channel in list {
        let at = channel.pattern.span().start;
        let pattern = match Pattern::parse(channel.pattern.as_ref()) {
            Ok(pattern) => pattern,
            Err(why) => {
                mistakes.add(at, format!("pattern: {why}"));
                continue;
            }
        };
        if let Some(other) = known.iter().find(|rules| rules.pattern.overlaps(&pattern)) {
            mistakes.add(at, format!("a name can fit this pattern and another one before it ({})", other.pattern));
        }
        let subscribe: Vec<_> =
            channel.subscribe.into_iter().filter_map(|rule| subscribe_rule(rule, at, mistakes)).collect();
        for rule in &subscribe {
            let (part, list) = match rule {
                SubscribeRule::Own(part) => (Some(part), None),
                SubscribeRule::Listed { part, list } => (Some(part), Some(list)),
                SubscribeRule::Role(_) | SubscribeRule::Anyone | SubscribeRule::Backend { .. } => (None, None),
            };
            if part.is_some_and(|part| !pattern.parts().any(|known| known == part)) {
                mistakes.add(at, "a rule names a part that the pattern does not have");
            }
            if list.is_some_and(|list| !claims.lists.contains(list)) {
                mistakes.add(at, "a rule names a list that [claims] does not have");
            }
        }
        let has_own = subscribe.iter().any(|rule| matches!(rule, SubscribeRule::Own(_) | SubscribeRule::Listed { .. }));
        if channel.enter && !has_own && pattern.parts().next().is_some() {
            mistakes
                .add(at, "enter: which channel it would be is said by { own = .. } or { listed = .. , in = .. } only");
        }
        if channel.publish.is_empty() && !channel.published.is_empty() {
            mistakes.add(at, "published: nobody may, as long as publish has no rule");
        }
        let publish = channel.publish.into_iter().filter_map(|rule| publish_rule(&rule, at, mistakes)).collect();
        let mut published = Vec::new();
        for name in &channel.published {
            match EventName::parse(name) {
                Some(name) => published.push(name),
                None => mistakes.add(at, "published has names of events: no blanks, and 1 to 128 bytes"),
            }
        }
        known.push(Rules {
            pattern,
            namespaces: named(channel.namespaces, all, at, mistakes),
            subscribe,
            publish,
            published,
            enter: channel.enter,
            presence: channel.presence,
            members_max: channel.members_max.unwrap_or(MEMBERS_MAX),
        });
    }
    known
}

/// The namespaces that are named; all where none is.
fn named(names: Option<Vec<String>>, all: &[Namespace], at: usize, mistakes: &mut Mistakes<'_>) -> Vec<Namespace> {
    let Some(names) = names else { return all.to_vec() };
    if names.is_empty() {
        mistakes.add(at, "namespaces is empty, so this would be nowhere: leave it out for all of them");
    }
    let find = |name: String| {
        let found = all.iter().find(|known| known.as_str() == name).cloned();
        if found.is_none() {
            mistakes.add(at, format!("there is no namespace {name:?} in [[namespaces]]"));
        }
        found
    };
    names.into_iter().filter_map(find).collect()
}

fn subscribe_rule(rule: raw::Rule, at: usize, mistakes: &mut Mistakes<'_>) -> Option<SubscribeRule> {
    let made = match rule {
        raw::Rule {
            own: Some(part),
            listed: None,
            list: None,
            role: None,
            anyone: None,
            backend: None,
            cache_ms: None,
            subscribers: None,
        } => SubscribeRule::Own(part),
        raw::Rule {
            own: None,
            listed: Some(part),
            list: Some(list),
            role: None,
            anyone: None,
            backend: None,
            cache_ms: None,
            subscribers: None,
        } => SubscribeRule::Listed { part, list },
        raw::Rule {
            own: None,
            listed: None,
            list: None,
            role: Some(role),
            anyone: None,
            backend: None,
            cache_ms: None,
            subscribers: None,
        } => SubscribeRule::Role(role),
        raw::Rule {
            own: None,
            listed: None,
            list: None,
            role: None,
            anyone: Some(true),
            backend: None,
            cache_ms: None,
            subscribers: None,
        } => SubscribeRule::Anyone,
        raw::Rule {
            own: None,
            listed: None,
            list: None,
            role: None,
            anyone: None,
            backend: Some(true),
            cache_ms,
            subscribers: None,
        } => SubscribeRule::Backend { cache_ms: cache_ms.unwrap_or_default() },
        _ => {
            mistakes.add(
                at,
                "a rule is one of { own = PART }, { listed = PART, in = LIST }, { role = ROLE }, { anyone = true }, \
                 { backend = true, cache_ms = .. }",
            );
            return None;
        }
    };
    Some(made)
}

fn publish_rule(rule: &raw::Rule, at: usize, mistakes: &mut Mistakes<'_>) -> Option<PublishRule> {
    match (rule.subscribers, &rule.role) {
        (Some(true), None) => Some(PublishRule::Subscribers),
        (None, Some(role)) => Some(PublishRule::Role(role.clone())),
        _ => {
            mistakes.add(at, "who may publish is said by { subscribers = true } or { role = .. }");
            None
        }
    }
}

fn events(
    list: Vec<raw::Event>,
    all: &[Namespace],
    patterns: &[Rules],
    mistakes: &mut Mistakes<'_>,
) -> BTreeMap<EventName, Vec<Event>> {
    let mut known: BTreeMap<EventName, Vec<Event>> = BTreeMap::new();
    for event in list {
        let at = event.name.span().start;
        let Some(event) = self::event(event, all, patterns, mistakes) else { continue };
        let others = known.entry(event.name.clone()).or_default();
        if others.iter().any(|other| other.namespaces.iter().any(|namespace| event.is_in(namespace))) {
            mistakes.add(at, "the event stands here twice for one namespace");
        }
        others.push(event);
    }
    known
}

fn event(event: raw::Event, all: &[Namespace], patterns: &[Rules], mistakes: &mut Mistakes<'_>) -> Option<Event> {
    let at = event.name.span().start;
    let Some(name) = EventName::parse(event.name.as_ref()) else {
        mistakes.add(at, "an event's name has no blanks, and 128 bytes at the most");
        return None;
    };
    let arguments = event.arguments;
    if arguments.iter().flatten().any(|name| !is_name(name) || name.len() > PART_BYTES_MAX) {
        mistakes.add(at, "an argument's name has letters, digits and _ only");
    }
    let schema = event.schema.map_or_else(Schema::default, |schema| {
        let at = schema.span().start;
        Schema::parse(&json(schema.into_inner())).unwrap_or_else(|why| {
            mistakes.add(at, format!("schema: {why}"));
            Schema::default()
        })
    });
    let steps = steps::steps(event.steps, at, patterns, mistakes);
    let rate = event.rate.map(|rate| EventRate { burst: rate.burst, refill_ms: rate.refill_ms });
    Some(Event {
        name,
        namespaces: named(event.namespaces, all, at, mistakes),
        arguments,
        schema,
        steps,
        rate,
        failed: Failed { code: event.failed.code, message: event.failed.message },
        refused: event.refused,
    })
}

fn presence(
    presence: toml::Spanned<raw::Presence>,
    all: &[Namespace],
    patterns: &[Rules],
    mistakes: &mut Mistakes<'_>,
) -> Option<Presence> {
    let at = presence.span().start;
    let raw::Presence { namespace, online, offline } = presence.into_inner();
    if online.is_none() && offline.is_none() {
        mistakes.add(at, "presence tells of online, of offline or of both");
    }
    let namespace = match namespace {
        Some(name) => named(Some(vec![name]), all, at, mistakes).pop()?,
        None => all.first()?.clone(),
    };
    let mut told = |told: Option<raw::Told>| {
        let raw::Told { relay, event, data } = told?;
        let to = steps::channel(&relay, at, patterns, mistakes)?;
        let data = steps::data(data, at, mistakes)?;
        Some(Told { to, event: steps::event_name(&event, at, mistakes)?, data })
    };
    Some(Presence { namespace, online: told(online), offline: told(offline) })
}

fn plain(plain: raw::Plain, patterns: &[Rules], mistakes: &mut Mistakes<'_>) -> Option<Plain> {
    let at = plain.path.span().start;
    let path = plain.path.into_inner();
    if !path.starts_with("/ws/") || path.contains(['{', '}', '*', '?', '#', ' ']) {
        mistakes.add(at, "a plain WebSocket's path begins with /ws/");
        return None;
    }
    if plain.channels.is_empty() {
        mistakes.add(at, "a plain WebSocket hears one channel at the least");
    }
    let find = |text: &String| {
        let pattern =
            Pattern::parse(text).ok().filter(|pattern| patterns.iter().any(|known| known.pattern == *pattern));
        if pattern.is_none() {
            mistakes.add(at, format!("{text:?} is none of the patterns in [[channels]]"));
        }
        pattern
    };
    Some(Plain { path, patterns: plain.channels.iter().filter_map(find).collect() })
}
