//! Names as newtypes, parsed once. What may tell who somebody is, or where, is never formatted.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bounds::{CHANNEL_BYTES_MAX, EVENT_BYTES_MAX, NAMESPACE_BYTES_MAX, PART_BYTES_MAX};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $is:expr, $shown:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// `None` for what is no such name.
            pub fn parse(text: &str) -> Option<Self> {
                let is: fn(&str) -> bool = $is;
                is(text).then(|| Self(text.into()))
            }

            /// As it was typed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom("is no such name"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if $shown { write!(f, "{}({})", stringify!($name), self.0) } else { f.write_str(concat!(stringify!($name), "(…)")) }
            }
        }
    };
}

/// What clients of Socket.IO call their own news: an event of such a name would be taken for one.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

name!(
    /// An application's name: small letters, digits and dashes, 64 at the most.
    AppName,
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
    true
);
name!(
    /// A namespace of Socket.IO: it begins with a slash. Clients of other protocols are in the first one.
    Namespace,
    |text| text.starts_with('/') && text.len() <= NAMESPACE_BYTES_MAX && is_plain(text) && !text.contains(','),
    true
);
name!(
    /// What an event is called.
    EventName,
    |text| (1..=EVENT_BYTES_MAX).contains(&text.len()) && is_plain(text) && !RESERVED.contains(&text),
    true
);
name!(
    /// A channel's name. It may hold a user's id, so it is not formatted.
    ChannelName,
    |text| (1..=CHANNEL_BYTES_MAX).contains(&text.len()) && is_plain(text),
    false
);
name!(
    /// An application's own id of one of its users; never formatted.
    AppUser,
    is_part,
    false
);

/// Whether this can stand in for a part of a channel's name: nothing that looks like a border, a wildcard or a place.
pub(crate) fn is_part(text: &str) -> bool {
    (1..=PART_BYTES_MAX).contains(&text.len()) && is_plain(text) && !text.contains([':', '*', '{', '}'])
}

/// No control characters, no marks of direction, no white space.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c.is_whitespace() || is_invisible(c))
}

/// What makes two names look alike: marks of direction, joiners, the byte order mark.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{AppName, AppUser, ChannelName, EventName, Namespace};

    #[test]
    fn names_are_what_they_should_be() {
        for good in ["u1", "550e8400-e29b-41d4-a716-446655440000", "ünï", "a.b@c"] {
            assert!(AppUser::parse(good).is_some(), "{good}");
        }
        for bad in ["", "a:b", "*", "a b", "a\u{0}", "a\u{200b}", "{user}", &"x".repeat(129)] {
            assert!(AppUser::parse(bad).is_none(), "{bad}");
        }
        assert!(ChannelName::parse("project:1:comments").is_some() && ChannelName::parse(&"x".repeat(301)).is_none());
        assert!(Namespace::parse("/social").is_some() && Namespace::parse("social").is_none());
        assert!(EventName::parse("post:create").is_some() && EventName::parse("").is_none());
        assert!(EventName::parse("disconnect").is_none() && EventName::parse("disconnected").is_some());
        assert!(AppName::parse("tasks").is_some() && AppName::parse("Tasks").is_none());
    }

    #[test]
    fn who_and_where_are_not_formatted() {
        let (user, channel) = (AppUser::parse("ada").expect("is one"), ChannelName::parse("user:ada").expect("is one"));
        assert_eq!(format!("{user:?} {channel:?}"), "AppUser(…) ChannelName(…)");
    }
}
