//! Who may hear a channel, and who may say something there.

use crate::client::Client;
use crate::pattern::Parts;

/// One reason to be let in; any of a channel's does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SubscribeRule {
    /// This part is the user.
    Own(String),
    /// This part is in that list of the token.
    Listed { part: String, list: String },
    /// The user is this.
    Role(String),
    /// Whoever is signed in.
    Anyone,
    /// The application says so; its answer holds for so long.
    Backend { cache_ms: u64 },
}

/// Who may say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublishRule {
    /// Whoever is subscribed.
    Subscribers,
    /// Users that are this.
    Role(String),
}

/// What the rules say of a user and a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Come in.
    Allowed,
    /// Ask the application; its answer holds for so many milliseconds.
    AskBackend {
        /// 0: ask each time.
        cache_ms: u64,
    },
    /// No.
    Refused,
}

fn part<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.iter().find(|(part, _)| part == name).map(|(_, value)| value.as_str())
}

/// What a token says by itself goes first: nobody is asked then.
pub(crate) fn access(rules: &[SubscribeRule], parts: &Parts, client: &Client) -> Access {
    let mut ask = None;
    for rule in rules {
        let allows = match rule {
            SubscribeRule::Own(name) => part(parts, name) == Some(client.user.as_str()),
            SubscribeRule::Listed { part: name, list } => {
                part(parts, name).is_some_and(|value| client.is_listed(list, value))
            }
            SubscribeRule::Role(role) => client.role.as_ref() == Some(role),
            SubscribeRule::Anyone => true,
            SubscribeRule::Backend { cache_ms } => {
                ask = Some(*cache_ms);
                false
            }
        };
        if allows {
            return Access::Allowed;
        }
    }
    ask.map_or(Access::Refused, |cache_ms| Access::AskBackend { cache_ms })
}

pub(crate) fn may_publish(rules: &[PublishRule], client: &Client, is_subscribed: bool) -> bool {
    rules.iter().any(|rule| match rule {
        PublishRule::Subscribers => is_subscribed,
        PublishRule::Role(role) => client.role.as_ref() == Some(role),
    })
}
