//! The steps of events.

use toml::Spanned;

use super::super::mistakes::Mistakes;
use super::super::raw;
use super::values::json;
use crate::application::Rules;
use crate::bounds::STEPS_MAX;
use crate::event::Step;
use crate::names::EventName;
use crate::template::{Template, Text};

pub(super) fn steps(
    list: Vec<Spanned<raw::Step>>,
    at: usize,
    patterns: &[Rules],
    mistakes: &mut Mistakes<'_>,
) -> Vec<Step> {
    if list.is_empty() || list.len() > STEPS_MAX {
        mistakes.add(at, format!("an event has 1 to {STEPS_MAX} steps"));
    }
    list.into_iter().filter_map(|step| self::step(step, patterns, mistakes)).collect()
}

fn step(step: Spanned<raw::Step>, patterns: &[Rules], mistakes: &mut Mistakes<'_>) -> Option<Step> {
    let at = step.span().start;
    let raw::Step { subscribe, unsubscribe, relay, call, reply, acknowledge, event, data: said, volatile_ms, to_self } =
        step.into_inner();
    let has_told = event.is_some() || volatile_ms.is_some() || to_self.is_some();
    match (subscribe, unsubscribe, relay, call, reply, acknowledge) {
        (Some(to), None, None, None, None, None) if !has_told && said.is_none() => {
            Some(Step::Subscribe(channel(&to, at, patterns, mistakes)?))
        }
        (None, Some(to), None, None, None, None) if !has_told && said.is_none() => {
            Some(Step::Unsubscribe(channel(&to, at, patterns, mistakes)?))
        }
        (None, None, Some(to), None, None, None) => {
            let to = channel(&to, at, patterns, mistakes)?;
            let Some(event) = event else {
                mistakes.add(at, "a relay names its event");
                return None;
            };
            let event = event_name(&event, at, mistakes)?;
            let data = data(said.unwrap_or_else(|| toml::Table::new().into()), at, mistakes)?;
            Some(Step::Relay { to, event, data, volatile_ms, to_self: to_self.unwrap_or_default() })
        }
        (None, None, None, Some(name), None, None) if !has_told => {
            let said = said.map(|said| data(said, at, mistakes));
            match said {
                Some(None) => None,
                Some(Some(data)) => Some(Step::Call { name, data: Some(data) }),
                None => Some(Step::Call { name, data: None }),
            }
        }
        (None, None, None, None, Some(event), None) if !has_told => {
            let event = event_name(&event, at, mistakes)?;
            Some(Step::Reply { event, data: data(said.unwrap_or_else(|| toml::Table::new().into()), at, mistakes)? })
        }
        (None, None, None, None, None, Some(answer)) if !has_told && said.is_none() => {
            Some(Step::Acknowledge(data(answer, at, mistakes)?))
        }
        _ => {
            mistakes.add(
                at,
                "a step is one of { subscribe = CHANNEL }, { unsubscribe = CHANNEL }, { relay = CHANNEL, event = NAME, \
                 data = .. , volatile_ms, to_self }, { call = NAME, data }, { reply = NAME, data }, { acknowledge = .. }",
            );
            None
        }
    }
}

/// A channel's name with places, which can fit a pattern.
pub(super) fn channel(name: &str, at: usize, patterns: &[Rules], mistakes: &mut Mistakes<'_>) -> Option<Text> {
    let made = Text::parse(name).and_then(|text| {
        let fits = |example: String| patterns.iter().any(|rules| rules.pattern.fit(&example).is_some());
        if text.example().is_none_or(fits) {
            Ok(text)
        } else {
            Err(format!("{name:?} fits no pattern in [[channels]]"))
        }
    });
    made.map_err(|why| mistakes.add(at, why)).ok()
}

pub(super) fn data(value: toml::Value, at: usize, mistakes: &mut Mistakes<'_>) -> Option<Template> {
    Template::parse(&json(value)).map_err(|why| mistakes.add(at, why)).ok()
}

pub(super) fn event_name(name: &str, at: usize, mistakes: &mut Mistakes<'_>) -> Option<EventName> {
    let event = EventName::parse(name);
    if event.is_none() {
        mistakes.add(at, "an event's name has no blanks, and 128 bytes at the most");
    }
    event
}
