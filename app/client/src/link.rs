//! The connection to the server as a state machine: connecting, hello and resume, the count of frames, silence, coming
//! back. Pure: it asks for what is to be done by [`Action`]s and is told the time.

use protocol::{ClientFrame, ErrorCode, Millis, Resume, Secret, ServerFrame, SessionId};
use serde::Serialize;

use crate::backoff::{Backoff, Verdict, after_close};

/// Counted frames after which the count is reported unasked.
const REPORT_EVERY: u64 = 64;
/// From the attempt to the open socket, and from there to `welcome`.
const STEP_MS_MAX: Millis = 10_000;
/// How long a connection that is probed has to deliver a frame.
const PROBE_MS: Millis = 5_000;
/// After so long without a frame a connection is probed when the person returns: the server pings more often than that.
const DOUBT_MS: Millis = 30_000;
/// A connection that lasted so long was good: the next wait is short again.
const HELD_MS: Millis = 10_000;
/// Time without a frame after which a connection counts as dead, until the server's `welcome` says another.
const SILENCE_MS_MAX: Millis = 40_000;

/// The connection to the server, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkStatus {
    /// No room was entered yet: there is no connection and none is needed.
    Idle,
    /// For the first time, or again after a wait.
    Connecting,
    /// There is a connection.
    Online,
    /// The connection was lost.
    Lost {
        /// Seconds until the next attempt.
        retry_in_s: u32,
        /// The server said that it restarts.
        restarting: bool,
        /// The server takes no further connection for now, and said why.
        refused: Option<ErrorCode>,
    },
    /// The connection was lost, and the browser says that there is no network.
    Offline,
    /// The server does not want this page back: the text of the code says why.
    Closed(ErrorCode),
}

/// What is to be done with the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open a socket.
    Open,
    /// Close the socket and ignore all its further events.
    Close,
    /// Send a frame. In `hello` the token is absent; a client without cookies adds its own.
    Say(ClientFrame),
    /// Store this for a reload of the page; `None`: delete what is stored.
    Keep(Option<Claim>),
    /// Have the login's cookie renewed. A client without cookies has the new token from the frame itself.
    Renew,
}

/// What a reloaded page needs to go on with its session.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Claim {
    session: SessionId,
    secret: Secret,
    have: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkState {
    Idle,
    Opening {
        since: Millis,
    },
    Greeting {
        since: Millis,
    },
    Online {
        since: Millis,
    },
    Waiting {
        until: Millis,
        restarting: bool,
        refused: Option<ErrorCode>,
    },
    /// The page went, and may come back out of the browser's cache.
    Away,
    Ended(ErrorCode),
}

/// The connection to the server.
#[derive(Debug)]
pub struct Link {
    state: LinkState,
    claim: Option<Claim>,
    reported: u64,
    heard_at: Millis,
    /// Set while the connection is probed: without a frame until then, it counts as dead.
    doubted_until: Option<Millis>,
    silence_ms_max: Millis,
    backoff: Backoff,
    bye: Option<(ErrorCode, Option<u64>)>,
    anew_at: Option<Millis>,
    has_network: bool,
}

impl Link {
    /// No connection, and the claim that an earlier page of this tab kept.
    pub fn new(claim: Option<Claim>) -> Self {
        Self {
            state: LinkState::Idle,
            claim,
            reported: 0,
            heard_at: 0,
            doubted_until: None,
            silence_ms_max: SILENCE_MS_MAX,
            backoff: Backoff::default(),
            bye: None,
            anew_at: None,
            has_network: true,
        }
    }

    /// As it is shown.
    pub fn shown(&self, now: Millis) -> LinkStatus {
        match self.state {
            LinkState::Idle | LinkState::Away => LinkStatus::Idle,
            LinkState::Online { .. } => LinkStatus::Online,
            LinkState::Opening { .. } | LinkState::Greeting { .. } | LinkState::Waiting { .. } if !self.has_network => {
                LinkStatus::Offline
            }
            LinkState::Opening { .. } | LinkState::Greeting { .. } => LinkStatus::Connecting,
            LinkState::Waiting { until, restarting, refused } => {
                let retry_in_s = u32::try_from(until.saturating_sub(now).div_ceil(1_000)).unwrap_or(u32::MAX);
                LinkStatus::Lost { retry_in_s, restarting, refused }
            }
            LinkState::Ended(code) => LinkStatus::Closed(code),
        }
    }

    /// Whether frames can be sent.
    pub fn is_online(&self) -> bool {
        matches!(self.state, LinkState::Online { .. })
    }

    /// Something needs a connection: connects where nothing was tried yet.
    pub fn want(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.state == LinkState::Idle {
            self.open(now, actions);
        }
    }

    /// The person does not want to wait.
    pub fn retry_now(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if matches!(self.state, LinkState::Waiting { .. } | LinkState::Ended(_)) {
            self.open(now, actions);
        }
    }

    /// The socket is open.
    pub fn opened(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if matches!(self.state, LinkState::Opening { .. }) {
            self.state = LinkState::Greeting { since: now };
            self.heard_at = now;
            let resume = self.claim.clone().map(|claim| Resume {
                session: claim.session,
                secret: claim.secret,
                have: claim.have,
            });
            actions.push(Action::Say(ClientFrame::Hello { token: None, resume, follow: true }));
        }
    }

    /// A frame arrived.
    pub fn heard(&mut self, now: Millis, frame: &ServerFrame, actions: &mut Vec<Action>) {
        self.heard_at = now;
        self.doubted_until = None;
        if let ServerFrame::Welcome { session, secret, limits, .. } = frame {
            self.state = LinkState::Online { since: now };
            self.reported = 0;
            self.bye = None;
            self.silence_ms_max = limits.silence_ms_max;
            self.claim = Some(Claim { session: session.clone(), secret: secret.clone(), have: 0 });
            actions.push(Action::Keep(self.claim.clone()));
        }
        if let ServerFrame::Bye { code, reconnect_in_ms } = frame {
            self.bye = Some((*code, *reconnect_in_ms));
        }
        // Before `welcome` nothing is counted: the count in the claim still is the one of the connection before.
        let Some(claim) = self.claim.as_mut().filter(|_| matches!(self.state, LinkState::Online { .. })) else {
            return;
        };
        claim.have += u64::from(frame.is_counted());
        if matches!(frame, ServerFrame::Ping {}) || claim.have - self.reported >= REPORT_EVERY {
            self.reported = claim.have;
            actions.push(Action::Say(ClientFrame::Pong { have: claim.have }));
            actions.push(Action::Keep(Some(claim.clone())));
        }
    }

    /// The socket was closed from outside.
    pub fn closed(&mut self, now: Millis, close_code: u16, dice: u64, actions: &mut Vec<Action>) {
        let held = match self.state {
            LinkState::Opening { .. } | LinkState::Greeting { .. } => false,
            LinkState::Online { since } => now.saturating_sub(since) >= HELD_MS,
            LinkState::Idle | LinkState::Waiting { .. } | LinkState::Away | LinkState::Ended(_) => return,
        };
        if held {
            self.backoff.reset();
        }
        let bye = self.bye.take();
        match after_close(close_code, bye.map(|(code, _)| code)) {
            Verdict::Again => self.wait(now, bye, dice),
            Verdict::Anew => {
                self.claim = None;
                actions.push(Action::Keep(None));
                // Without a wait, but only the first time: two tabs must not keep replacing each other.
                let again = self.anew_at.is_some_and(|at| now.saturating_sub(at) < SILENCE_MS_MAX);
                self.anew_at = Some(now);
                if again {
                    self.wait(now, None, dice);
                } else {
                    self.open(now, actions);
                }
            }
            Verdict::Never(code) => {
                self.claim = None;
                actions.push(Action::Keep(None));
                self.state = LinkState::Ended(code);
            }
        }
    }

    /// Time passed.
    pub fn tick(&mut self, now: Millis, dice: u64, actions: &mut Vec<Action>) {
        match self.state {
            LinkState::Waiting { until, .. } if until <= now => self.open(now, actions),
            LinkState::Opening { since } | LinkState::Greeting { since }
                if now.saturating_sub(since) >= STEP_MS_MAX =>
            {
                self.give_up(now, dice, actions);
            }
            LinkState::Online { .. } => {
                let silent = now.saturating_sub(self.heard_at) >= self.silence_ms_max;
                if silent || self.doubted_until.is_some_and(|until| until <= now) {
                    self.give_up(now, dice, actions);
                }
            }
            LinkState::Idle
            | LinkState::Opening { .. }
            | LinkState::Greeting { .. }
            | LinkState::Waiting { .. }
            | LinkState::Away
            | LinkState::Ended(_) => {}
        }
    }

    /// When `tick` should come at the latest. While a wait is shown, that is every second.
    pub fn deadline(&self, now: Millis) -> Option<Millis> {
        match self.state {
            LinkState::Waiting { until, .. } => {
                let left = until.saturating_sub(now);
                Some(now + if left == 0 { 0 } else { (left - 1) % 1_000 + 1 })
            }
            LinkState::Opening { since } | LinkState::Greeting { since } => Some(since + STEP_MS_MAX),
            LinkState::Online { .. } => {
                let silence = self.heard_at + self.silence_ms_max;
                Some(self.doubted_until.map_or(silence, |until| until.min(silence)))
            }
            LinkState::Idle | LinkState::Away | LinkState::Ended(_) => None,
        }
    }

    /// The browser says whether there is a network. It may be wrong in both directions, so it only hurries things.
    pub fn network(&mut self, now: Millis, has_network: bool, actions: &mut Vec<Action>) {
        self.has_network = has_network;
        if self.is_online() {
            self.doubt(now, actions);
        } else if has_network {
            self.hurry(now, actions);
        }
    }

    /// The person is back at the page: a wait ends, and a connection that has been silent for long is probed.
    pub fn wake(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.is_online() && now.saturating_sub(self.heard_at) >= DOUBT_MS {
            self.doubt(now, actions);
        }
        self.hurry(now, actions);
    }

    /// A request is not answered in time: the connection is probed.
    pub fn doubt(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if let (true, None, Some(claim)) = (self.is_online(), self.doubted_until, &self.claim) {
            self.doubted_until = Some(now + PROBE_MS);
            actions.push(Action::Say(ClientFrame::Ping { have: Some(claim.have) }));
        }
    }

    /// When something was last heard.
    pub fn heard_at(&self) -> Millis {
        self.heard_at
    }

    /// The page may be closed at any moment: stores the count as it is now.
    pub fn keep(&self, actions: &mut Vec<Action>) {
        actions.push(Action::Keep(self.claim.clone()));
    }

    /// The page is being left. The connection is closed, so that the grace period of its seats starts now and not when
    /// the server notices the silence.
    pub fn away(&mut self, actions: &mut Vec<Action>) {
        self.keep(actions);
        if !matches!(self.state, LinkState::Idle | LinkState::Ended(_)) {
            self.state = LinkState::Away;
            actions.push(Action::Close);
        }
    }

    /// The page came back out of the browser's cache.
    pub fn back(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.state == LinkState::Away {
            self.open(now, actions);
        }
    }

    /// Another user has signed in, or the user has signed out: the session must not be resumed.
    pub fn forget(&mut self, actions: &mut Vec<Action>) {
        self.claim = None;
        self.backoff.reset();
        self.state = LinkState::Idle;
        actions.extend([Action::Keep(None), Action::Close]);
    }

    fn open(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.state = LinkState::Opening { since: now };
        self.doubted_until = None;
        self.bye = None;
        actions.push(Action::Open);
    }

    fn hurry(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if matches!(self.state, LinkState::Waiting { restarting: false, .. }) {
            self.open(now, actions);
        }
    }

    fn give_up(&mut self, now: Millis, dice: u64, actions: &mut Vec<Action>) {
        actions.push(Action::Close);
        let abnormal = 1006;
        self.closed(now, abnormal, dice, actions);
    }

    fn wait(&mut self, now: Millis, bye: Option<(ErrorCode, Option<u64>)>, dice: u64) {
        let named = bye.and_then(|(_, reconnect_in_ms)| reconnect_in_ms);
        let delay = named.unwrap_or_else(|| self.backoff.next(dice)).min(600_000);
        let restarting = matches!(bye, Some((ErrorCode::ShuttingDown, _)));
        let refused = bye
            .map(|(code, _)| code)
            .filter(|code| matches!(code, ErrorCode::TooManyConnections | ErrorCode::Overloaded));
        self.state = LinkState::Waiting { until: now + delay, restarting, refused };
    }
}

protocol::read_struct!(Claim { session, secret, have });

/// Holds the secret of the session.
impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claim(…)")
    }
}

#[cfg(test)]
mod tests;
