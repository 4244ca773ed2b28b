//! One connection of an application's user, as channels know it: its queue, what it hears, which namespaces it has open.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use channels::{AppUser, ChannelName};
use chat::SessionKey;
use protocol::{ErrorCode, Limits};
use realtime::dialect::Frame;
use realtime::session::Session;

use super::super::handle::Full;
use super::silent;

/// How events are written for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Packets of Socket.IO.
    SocketIo,
    /// `{"event", "data"}`.
    Plain,
    /// Events of a stream that only tells (Server-Sent Events).
    Stream,
}

/// See the module.
pub(crate) struct Listener {
    /// What administrators are told as its id.
    pub(crate) sid: String,
    pub(crate) user: AppUser,
    pub(crate) way: Way,
    /// The core's queue: bounded, and its reader is closed where it does not read.
    pub(crate) session: Session,
    open: AtomicU64,
    channels: Mutex<HashSet<ChannelName>>,
}

impl Listener {
    pub(super) fn new(key: SessionKey, sid: String, user: AppUser, way: Way) -> Self {
        let (open, channels) = (AtomicU64::new(0), Mutex::default());
        Self { session: silent::session(key, &sid), sid, user, way, open, channels }
    }

    pub(crate) const fn key(&self) -> u64 {
        self.session.key.0
    }

    pub(super) fn set_open(&self, bit: u64, is_open: bool) {
        if is_open {
            self.open.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.open.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    pub(super) fn is_open(&self, bit: u64) -> bool {
        self.open.load(Ordering::Relaxed) & bit != 0
    }

    /// Never waits.
    pub(crate) fn push(&self, frame: &Frame, limits: &Limits) {
        self.session.push(frame, limits);
    }

    pub(crate) fn close(&self, code: ErrorCode) {
        self.session.close(code);
    }

    pub(crate) fn hears(&self, channel: &ChannelName) -> bool {
        self.with(|channels| channels.contains(channel))
    }

    /// Whether it is new.
    pub(super) fn note_channel(&self, channel: &ChannelName, most: u64) -> Result<bool, Full> {
        self.with(|channels| {
            if channels.contains(channel) {
                return Ok(false);
            }
            if channels.len() as u64 >= most {
                return Err(Full);
            }
            Ok(channels.insert(channel.clone()))
        })
    }

    pub(super) fn forget_channel(&self, channel: &ChannelName) -> bool {
        self.with(|channels| channels.remove(channel))
    }

    pub(super) fn take_channels(&self) -> HashSet<ChannelName> {
        self.with(std::mem::take)
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashSet<ChannelName>) -> T) -> T {
        work(&mut self.channels.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({:?})", self.way)
    }
}
