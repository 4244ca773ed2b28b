//! One session of an application's user, as channels know it: the core's queue, what it hears, which namespaces it has open.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use channels::{AppUser, ChannelName, Client};
use chat::SessionKey;
use protocol::{ErrorCode, Limits, SessionId};
use realtime::dialect::Frame;
use realtime::hub::random_secret;
use realtime::session::{Purpose, Session};

use super::super::handle::Full;

/// How events are written for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Packets of Socket.IO.
    SocketIo,
    /// `{"event", "data"}`.
    Plain,
    /// Events of a stream that only tells (Server-Sent Events).
    Stream,
    /// Frames of the native protocol, whose clients may come back to their session.
    Native,
}

impl Way {
    pub(super) const ALL: [Self; 4] = [Self::SocketIo, Self::Plain, Self::Stream, Self::Native];
}

/// What has an order of its own: a channel for as long as it lives, or what is told to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(u64);

impl Place {
    /// What is told to a user, whatever they hear.
    pub(super) const USER: Self = Self(0);

    /// That of a channel; `number` is not 0, and no other channel's.
    pub(super) const fn channel(number: u64) -> Self {
        Self(number)
    }
}

/// A session that is for channels.
pub(crate) struct ForChannels {
    client: Arc<Client>,
    way: Way,
    open: AtomicU64,
    /// Somebody is there: a session whose line is lost waits for its client.
    there: AtomicBool,
    /// Its user was sent out: nobody comes back to it.
    dismissed: AtomicBool,
}

/// The channels that it hears.
#[derive(Default)]
pub(crate) struct Heard(HashMap<ChannelName, Place>);

impl Purpose for ForChannels {
    type Place = Place;
    type Held = Heard;
    type Left = ();

    /// What it heard is forgotten by `LiveChannels::gone`, which asks for it.
    fn leave(_: &mut Heard) {}
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Session<ForChannels>>);

impl Listener {
    pub(super) fn new(key: SessionKey, id: SessionId, client: Arc<Client>, way: Way) -> Self {
        let (open, there, dismissed) = (AtomicU64::new(0), AtomicBool::new(true), AtomicBool::new(false));
        let purpose = ForChannels { client, way, open, there, dismissed };
        Self(Arc::new(Session::new(key, id, purpose, Heard::default(), random_secret())))
    }

    /// The core's queue: bounded, and its reader is closed where it does not read.
    pub(crate) const fn session(&self) -> &Arc<Session<ForChannels>> {
        &self.0
    }

    pub(crate) fn key(&self) -> u64 {
        self.0.key.0
    }

    /// What administrators are told as its id.
    pub(super) fn sid(&self) -> &str {
        self.0.id.as_str()
    }

    pub(crate) fn user(&self) -> &AppUser {
        &self.0.purpose.client.user
    }

    /// Who its token says that it is.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.0.purpose.client
    }

    pub(crate) fn way(&self) -> Way {
        self.0.purpose.way
    }

    pub(super) fn set_open(&self, bit: u64, is_open: bool) {
        let open = &self.0.purpose.open;
        if is_open {
            open.fetch_or(bit, Ordering::Relaxed);
        } else {
            open.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    pub(super) fn is_open(&self, bit: u64) -> bool {
        self.0.purpose.open.load(Ordering::Relaxed) & bit != 0
    }

    pub(super) fn is_there(&self) -> bool {
        self.0.purpose.there.load(Ordering::Relaxed)
    }

    /// Answers whether that is new.
    pub(super) fn set_there(&self, is_there: bool) -> bool {
        self.0.purpose.there.swap(is_there, Ordering::Relaxed) != is_there
    }

    /// Never waits.
    pub(crate) fn push(&self, frame: &Frame<Place>, limits: &Limits) {
        self.0.push(frame, limits);
    }

    /// Its user is sent out, by the application: for good.
    pub(super) fn dismiss(&self, code: ErrorCode) {
        self.0.purpose.dismissed.store(true, Ordering::Relaxed);
        self.0.close(code);
    }

    pub(crate) fn is_dismissed(&self) -> bool {
        self.0.purpose.dismissed.load(Ordering::Relaxed)
    }

    pub(crate) fn hears(&self, channel: &ChannelName) -> bool {
        self.0.with_held(|heard| heard.0.contains_key(channel))
    }

    /// Whether it is new.
    pub(super) fn note_channel(&self, channel: &ChannelName, place: Place, most: u64) -> Result<bool, Full> {
        self.0.with_held(|Heard(channels)| {
            if channels.contains_key(channel) {
                return Ok(false);
            }
            if channels.len() as u64 >= most {
                return Err(Full::Subscriptions);
            }
            channels.insert(channel.clone(), place);
            Ok(true)
        })
    }

    pub(super) fn forget_channel(&self, channel: &ChannelName) -> bool {
        self.0.with_held(|heard| heard.0.remove(channel).is_some())
    }

    pub(super) fn channels(&self) -> Vec<ChannelName> {
        self.0.with_held(|heard| heard.0.keys().cloned().collect())
    }

    pub(super) fn take_channels(&self) -> Vec<ChannelName> {
        self.0.with_held(|heard| std::mem::take(&mut heard.0).into_keys().collect())
    }
}

impl Heard {
    /// Every place of which something may be missed.
    pub(crate) fn places(&self) -> Vec<Place> {
        self.0.values().copied().chain([Place::USER]).collect()
    }

    /// Whether what is told at a place is still for this session.
    pub(crate) fn has(&self, place: Place) -> bool {
        place == Place::USER || self.channel_of(place).is_some()
    }

    /// The channel of a place; what is told to a user has none.
    pub(crate) fn channel_of(&self, place: Place) -> Option<&ChannelName> {
        self.0.iter().find(|(_, known)| **known == place).map(|(name, _)| name)
    }

    /// All that is heard, in the order of the names.
    pub(crate) fn names(&self) -> Vec<&ChannelName> {
        let mut names: Vec<_> = self.0.keys().collect();
        names.sort_unstable();
        names
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({:?})", self.way())
    }
}

impl fmt::Debug for ForChannels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForChannels({:?})", self.way)
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Heard({})", self.0.len())
    }
}
