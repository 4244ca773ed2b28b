//! The line to the server as a state machine: connecting, hello and resume, the count of frames, silence, coming back.
//! Pure: it asks for what is to be done by [`Order`]s and is told the time.

use protocol::{ClientFrame, ErrorCode, Millis, Resume, Secret, ServerFrame, SessionId};
use serde::{Deserialize, Serialize};

use super::backoff::{Backoff, Verdict, after_close};

/// Counted frames after which the count is reported unasked.
const REPORT_EVERY: u64 = 64;
/// From the attempt to the open socket, and from there to `welcome`.
const STEP_MS_MAX: Millis = 10_000;
/// How long a line that is in doubt has to prove itself.
const PROBE_MS: Millis = 5_000;
/// A line that heard nothing for so long is in doubt: the server pings more often.
const DOUBT_MS: Millis = 30_000;
/// A line that stood so long held: the next wait is short again.
const HELD_MS: Millis = 10_000;
/// Silence that ends a line, until the server names another.
const SILENCE_MS_MAX: Millis = 40_000;

/// The line to the server, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// No room was entered yet: there is no line and none is needed.
    Idle,
    /// For the first time, or again after a wait.
    Connecting,
    /// There is a line.
    Online,
    /// The line was lost.
    Lost {
        /// Seconds until the next attempt.
        retry_in_s: u32,
        /// The server said that it restarts.
        restarting: bool,
        /// The server takes no further connection for now, and said why.
        refused: Option<ErrorCode>,
    },
    /// The line was lost, and the browser says that there is no network.
    Offline,
    /// The server does not want this page back: the text of the code says why.
    Closed(ErrorCode),
}

/// What is to be done with the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Open a socket.
    Open,
    /// Close the socket and hear nothing more of it.
    Close,
    /// Send a frame.
    Say(ClientFrame),
    /// Keep this for a reload of the page, or nothing.
    Keep(Option<Claim>),
}

/// What a reloaded page needs to go on with its session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    session: SessionId,
    secret: Secret,
    have: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
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

/// The line to the server.
#[derive(Debug)]
pub struct Link {
    state: State,
    claim: Option<Claim>,
    reported: u64,
    heard_at: Millis,
    /// A line in doubt is dead if it stays silent until then.
    doubted_until: Option<Millis>,
    silence_ms_max: Millis,
    backoff: Backoff,
    bye: Option<(ErrorCode, Option<u64>)>,
    anew_at: Option<Millis>,
    has_network: bool,
}

impl Link {
    /// No line, and the claim that an earlier page of this tab kept.
    pub fn new(claim: Option<Claim>) -> Self {
        Self {
            state: State::Idle,
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
    pub fn shown(&self, now: Millis) -> Connection {
        match self.state {
            State::Idle | State::Away => Connection::Idle,
            State::Online { .. } => Connection::Online,
            State::Opening { .. } | State::Greeting { .. } | State::Waiting { .. } if !self.has_network => {
                Connection::Offline
            }
            State::Opening { .. } | State::Greeting { .. } => Connection::Connecting,
            State::Waiting { until, restarting, refused } => {
                let retry_in_s = u32::try_from(until.saturating_sub(now).div_ceil(1_000)).unwrap_or(u32::MAX);
                Connection::Lost { retry_in_s, restarting, refused }
            }
            State::Ended(code) => Connection::Closed(code),
        }
    }

    /// Whether frames can be sent.
    pub fn is_online(&self) -> bool {
        matches!(self.state, State::Online { .. })
    }

    /// Something needs a line: connects where nothing was tried yet.
    pub fn want(&mut self, now: Millis, orders: &mut Vec<Order>) {
        if self.state == State::Idle {
            self.open(now, orders);
        }
    }

    /// The person does not want to wait.
    pub fn retry_now(&mut self, now: Millis, orders: &mut Vec<Order>) {
        if matches!(self.state, State::Waiting { .. } | State::Ended(_)) {
            self.open(now, orders);
        }
    }

    /// The socket is open.
    pub fn opened(&mut self, now: Millis, orders: &mut Vec<Order>) {
        if matches!(self.state, State::Opening { .. }) {
            self.state = State::Greeting { since: now };
            self.heard_at = now;
            let resume = self.claim.clone().map(|claim| Resume {
                session: claim.session,
                secret: claim.secret,
                have: claim.have,
            });
            orders.push(Order::Say(ClientFrame::Hello { token: None, resume }));
        }
    }

    /// A frame arrived.
    pub fn heard(&mut self, now: Millis, frame: &ServerFrame, orders: &mut Vec<Order>) {
        self.heard_at = now;
        self.doubted_until = None;
        if let ServerFrame::Welcome { session, secret, limits, .. } = frame {
            self.state = State::Online { since: now };
            self.reported = 0;
            self.bye = None;
            self.silence_ms_max = limits.silence_ms_max;
            self.claim = Some(Claim { session: session.clone(), secret: secret.clone(), have: 0 });
            orders.push(Order::Keep(self.claim.clone()));
        }
        if let ServerFrame::Bye { code, reconnect_in_ms } = frame {
            self.bye = Some((*code, *reconnect_in_ms));
        }
        // Before `welcome` nothing is counted: the count in the claim still is the one of the line before.
        let Some(claim) = self.claim.as_mut().filter(|_| matches!(self.state, State::Online { .. })) else {
            return;
        };
        claim.have += u64::from(frame.is_counted());
        if matches!(frame, ServerFrame::Ping {}) || claim.have - self.reported >= REPORT_EVERY {
            self.reported = claim.have;
            orders.push(Order::Say(ClientFrame::Pong { have: claim.have }));
            orders.push(Order::Keep(Some(claim.clone())));
        }
    }

    /// The socket was closed from outside.
    pub fn closed(&mut self, now: Millis, close_code: u16, dice: u64, orders: &mut Vec<Order>) {
        let held = match self.state {
            State::Opening { .. } | State::Greeting { .. } => false,
            State::Online { since } => now.saturating_sub(since) >= HELD_MS,
            State::Idle | State::Waiting { .. } | State::Away | State::Ended(_) => return,
        };
        if held {
            self.backoff.reset();
        }
        let bye = self.bye.take();
        match after_close(close_code, bye.map(|(code, _)| code)) {
            Verdict::Again => self.wait(now, bye, dice),
            Verdict::Anew => {
                self.claim = None;
                orders.push(Order::Keep(None));
                // At once, but once: two tabs must not take turns in replacing each other.
                let again = self.anew_at.is_some_and(|at| now.saturating_sub(at) < SILENCE_MS_MAX);
                self.anew_at = Some(now);
                if again {
                    self.wait(now, None, dice);
                } else {
                    self.open(now, orders);
                }
            }
            Verdict::Never(code) => {
                self.claim = None;
                orders.push(Order::Keep(None));
                self.state = State::Ended(code);
            }
        }
    }

    /// Time passed.
    pub fn tick(&mut self, now: Millis, dice: u64, orders: &mut Vec<Order>) {
        match self.state {
            State::Waiting { until, .. } if until <= now => self.open(now, orders),
            State::Opening { since } | State::Greeting { since } if now.saturating_sub(since) >= STEP_MS_MAX => {
                self.give_up(now, dice, orders);
            }
            State::Online { .. } => {
                let silent = now.saturating_sub(self.heard_at) >= self.silence_ms_max;
                if silent || self.doubted_until.is_some_and(|until| until <= now) {
                    self.give_up(now, dice, orders);
                }
            }
            State::Idle
            | State::Opening { .. }
            | State::Greeting { .. }
            | State::Waiting { .. }
            | State::Away
            | State::Ended(_) => {}
        }
    }

    /// When `tick` should come at the latest. While a wait is shown, that is every second.
    pub fn deadline(&self, now: Millis) -> Option<Millis> {
        match self.state {
            State::Waiting { until, .. } => {
                let left = until.saturating_sub(now);
                Some(now + if left == 0 { 0 } else { (left - 1) % 1_000 + 1 })
            }
            State::Opening { since } | State::Greeting { since } => Some(since + STEP_MS_MAX),
            State::Online { .. } => {
                let silence = self.heard_at + self.silence_ms_max;
                Some(self.doubted_until.map_or(silence, |until| until.min(silence)))
            }
            State::Idle | State::Away | State::Ended(_) => None,
        }
    }

    /// The browser says whether there is a network. It may be wrong in both directions, so it only hurries things.
    pub fn network(&mut self, now: Millis, has_network: bool, orders: &mut Vec<Order>) {
        self.has_network = has_network;
        if self.is_online() {
            self.doubt(now, orders);
        } else if has_network {
            self.hurry(now, orders);
        }
    }

    /// The person looks again: a wait ends, and a line that has been quiet proves itself.
    pub fn wake(&mut self, now: Millis, orders: &mut Vec<Order>) {
        if self.is_online() && now.saturating_sub(self.heard_at) >= DOUBT_MS {
            self.doubt(now, orders);
        }
        self.hurry(now, orders);
    }

    /// Something that should have been answered was not: the line has to prove itself.
    pub fn doubt(&mut self, now: Millis, orders: &mut Vec<Order>) {
        if let (true, None, Some(claim)) = (self.is_online(), self.doubted_until, &self.claim) {
            self.doubted_until = Some(now + PROBE_MS);
            orders.push(Order::Say(ClientFrame::Ping { have: Some(claim.have) }));
        }
    }

    /// When something was last heard.
    pub fn heard_at(&self) -> Millis {
        self.heard_at
    }

    /// The page may go any moment: keeps the count as it is now.
    pub fn keep(&self, orders: &mut Vec<Order>) {
        orders.push(Order::Keep(self.claim.clone()));
    }

    /// The page goes. The line is closed, so that the seat's time runs from now and not from a silence.
    pub fn away(&mut self, orders: &mut Vec<Order>) {
        self.keep(orders);
        if !matches!(self.state, State::Idle | State::Ended(_)) {
            self.state = State::Away;
            orders.push(Order::Close);
        }
    }

    /// The page came back out of the browser's cache.
    pub fn back(&mut self, now: Millis, orders: &mut Vec<Order>) {
        if self.state == State::Away {
            self.open(now, orders);
        }
    }

    /// Somebody else sits here now, or nobody: the session must not go on.
    pub fn forget(&mut self, orders: &mut Vec<Order>) {
        self.claim = None;
        self.backoff.reset();
        self.state = State::Idle;
        orders.extend([Order::Keep(None), Order::Close]);
    }

    fn open(&mut self, now: Millis, orders: &mut Vec<Order>) {
        self.state = State::Opening { since: now };
        self.doubted_until = None;
        self.bye = None;
        orders.push(Order::Open);
    }

    fn hurry(&mut self, now: Millis, orders: &mut Vec<Order>) {
        if matches!(self.state, State::Waiting { restarting: false, .. }) {
            self.open(now, orders);
        }
    }

    fn give_up(&mut self, now: Millis, dice: u64, orders: &mut Vec<Order>) {
        orders.push(Order::Close);
        let abnormal = 1006;
        self.closed(now, abnormal, dice, orders);
    }

    fn wait(&mut self, now: Millis, bye: Option<(ErrorCode, Option<u64>)>, dice: u64) {
        let named = bye.and_then(|(_, reconnect_in_ms)| reconnect_in_ms);
        let delay = named.unwrap_or_else(|| self.backoff.next(dice)).min(600_000);
        let restarting = matches!(bye, Some((ErrorCode::ShuttingDown, _)));
        let refused = bye
            .map(|(code, _)| code)
            .filter(|code| matches!(code, ErrorCode::TooManyConnections | ErrorCode::Overloaded));
        self.state = State::Waiting { until: now + delay, restarting, refused };
    }
}

/// Holds the secret of the session.
impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claim(…)")
    }
}

#[cfg(test)]
mod tests;
