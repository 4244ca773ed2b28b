//! The line to the server: hello, resume, silence, coming back.

use proptest::prelude::*;
use protocol::{LeaveReason, ServerFrame};

use super::*;
use crate::fixtures::{code, welcome};

const COUNTED: fn() -> ServerFrame = || ServerFrame::Left { cid: None, room: code(), reason: LeaveReason::Left };

struct Line {
    link: Link,
    now: Millis,
    actions: Vec<Action>,
}

impl Line {
    fn new() -> Self {
        Self { link: Link::new(None), now: 1_000_000, actions: Vec::new() }
    }

    fn online() -> Self {
        let mut line = Self::new();
        line.link.want(line.now, &mut line.actions);
        line.connect(1, false);
        line.actions.clear();
        line
    }

    fn connect(&mut self, session: u64, resumed: bool) {
        self.link.opened(self.now, &mut self.actions);
        self.hear(&welcome(session, resumed, Vec::new()));
    }

    fn hear(&mut self, frame: &ServerFrame) {
        self.link.heard(self.now, frame, &mut self.actions);
    }

    fn close(&mut self, close_code: u16) {
        self.link.closed(self.now, close_code, 0, &mut self.actions);
    }

    fn pass(&mut self, ms: Millis) {
        self.now += ms;
        self.link.tick(self.now, 0, &mut self.actions);
    }

    fn took(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    fn said(&mut self) -> Vec<ClientFrame> {
        let say = |action| {
            if let Action::Say(frame) = action { Some(frame) } else { None }
        };
        self.took().into_iter().filter_map(say).collect()
    }

    fn shown(&self) -> LinkStatus {
        self.link.shown(self.now)
    }
}

fn resume_of(frames: &[ClientFrame]) -> Option<u64> {
    match frames {
        [ClientFrame::Hello { token: None, resume, follow: true }] => resume.as_ref().map(|resume| resume.have),
        other => panic!("expected one hello, not {other:?}"),
    }
}

#[test]
fn nothing_happens_until_a_line_is_wanted() {
    let mut line = Line::new();
    line.pass(60_000);
    assert_eq!((line.shown(), line.took()), (LinkStatus::Idle, Vec::new()));
    line.link.want(line.now, &mut line.actions);
    line.link.want(line.now, &mut line.actions);
    assert_eq!((line.shown(), line.took()), (LinkStatus::Connecting, vec![Action::Open]));
}

#[test]
fn a_drop_is_resumed_with_the_count_of_frames() {
    let mut line = Line::online();
    for _ in 0..3 {
        line.hear(&COUNTED());
        line.hear(&ServerFrame::Pong {});
    }
    line.close(1006);
    assert_eq!(line.shown(), LinkStatus::Lost { retry_in_s: 1, restarting: false, refused: None });
    line.pass(500);
    line.link.opened(line.now, &mut line.actions);
    assert_eq!(resume_of(&line.said()), Some(3));
    // An error before `welcome` does not belong to the count of the line before.
    line.hear(&ServerFrame::error(ErrorCode::Overloaded, None, None));
    line.close(1013);
    line.pass(20_000);
    line.link.opened(line.now, &mut line.actions);
    assert_eq!(resume_of(&line.said()), Some(3));
    line.hear(&welcome(2, true, Vec::new()));
    line.hear(&ServerFrame::Ping {});
    assert_eq!(line.said(), [ClientFrame::Pong { have: 0 }]);
}

#[test]
fn the_count_is_reported_every_64_frames_and_in_each_pong() {
    let mut line = Line::online();
    for _ in 0..63 {
        line.hear(&COUNTED());
    }
    assert_eq!(line.said(), []);
    line.hear(&COUNTED());
    assert_eq!(line.said(), [ClientFrame::Pong { have: 64 }]);
    line.hear(&COUNTED());
    line.hear(&ServerFrame::Ping {});
    assert_eq!(line.said(), [ClientFrame::Pong { have: 65 }]);
}

#[test]
fn forty_seconds_of_silence_end_the_line() {
    let mut line = Line::online();
    line.pass(39_999);
    assert_eq!(line.shown(), LinkStatus::Online);
    line.pass(1);
    assert_eq!(line.took(), [Action::Close]);
    assert!(matches!(line.shown(), LinkStatus::Lost { .. }));
}

#[test]
fn a_line_in_doubt_has_five_seconds() {
    let mut line = Line::online();
    line.link.network(line.now, false, &mut line.actions);
    assert_eq!(line.said(), [ClientFrame::Ping { have: Some(0) }]);
    line.hear(&ServerFrame::Pong {});
    line.pass(6_000);
    assert_eq!(line.shown(), LinkStatus::Online, "the browser was wrong about the network");
    line.link.network(line.now, false, &mut line.actions);
    line.pass(5_000);
    assert_eq!(line.shown(), LinkStatus::Offline);
    line.took();
    line.link.network(line.now, true, &mut line.actions);
    assert_eq!((line.took(), line.shown()), (vec![Action::Open], LinkStatus::Connecting));
}

#[test]
fn a_socket_that_does_not_get_anywhere_is_given_up() {
    let mut line = Line::new();
    line.link.want(line.now, &mut line.actions);
    line.pass(10_000);
    assert_eq!(line.took(), [Action::Open, Action::Close]);
    line.pass(1_000);
    line.link.opened(line.now, &mut line.actions);
    line.took();
    line.pass(10_000);
    assert_eq!(line.took(), [Action::Close], "no welcome");
}

#[test]
fn a_server_that_takes_no_more_is_quoted_while_the_page_waits() {
    let mut line = Line::new();
    line.link.want(line.now, &mut line.actions);
    line.link.opened(line.now, &mut line.actions);
    line.hear(&ServerFrame::Bye { code: ErrorCode::TooManyConnections, reconnect_in_ms: None });
    line.close(4030);
    let refused = Some(ErrorCode::TooManyConnections);
    assert!(matches!(line.shown(), LinkStatus::Lost { restarting: false, refused: why, .. } if why == refused));
}

#[test]
fn the_server_says_when_to_come_back() {
    let mut line = Line::online();
    line.hear(&ServerFrame::Bye { code: ErrorCode::ShuttingDown, reconnect_in_ms: Some(7_300) });
    line.close(1012);
    assert_eq!(line.shown(), LinkStatus::Lost { retry_in_s: 8, restarting: true, refused: None });
    line.link.wake(line.now, &mut line.actions);
    assert_eq!(line.took(), [], "looking at the page does not hurry a restart");
    line.pass(7_300);
    assert_eq!(line.took(), [Action::Open]);
}

#[test]
fn looking_again_ends_a_wait_and_doubts_a_quiet_line() {
    let mut line = Line::online();
    line.link.wake(line.now, &mut line.actions);
    assert_eq!(line.took(), []);
    line.now += 35_000;
    line.link.wake(line.now, &mut line.actions);
    assert_eq!(line.said(), [ClientFrame::Ping { have: Some(0) }]);
    line.close(1006);
    line.link.wake(line.now, &mut line.actions);
    assert_eq!(line.took(), [Action::Open]);
}

#[test]
fn a_replaced_page_begins_anew_once() {
    let mut line = Line::online();
    line.close(4514);
    assert_eq!(line.took(), [Action::Keep(None), Action::Open]);
    line.link.opened(line.now, &mut line.actions);
    assert_eq!(resume_of(&line.said()), None);
    line.close(4514);
    assert_eq!(line.took(), [Action::Keep(None)]);
    assert!(matches!(line.shown(), LinkStatus::Lost { .. }));
}

#[test]
fn codes_that_mean_never_are_kept_to() {
    let mut line = Line::online();
    line.close(4511);
    assert_eq!(line.took(), [Action::Keep(None)]);
    line.pass(600_000);
    assert_eq!((line.shown(), line.took()), (LinkStatus::Closed(ErrorCode::Revoked), Vec::new()));
    line.link.retry_now(line.now, &mut line.actions);
    assert_eq!(line.took(), [Action::Open]);
}

#[test]
fn a_page_that_goes_keeps_its_claim_and_comes_back() {
    let mut line = Line::online();
    line.hear(&COUNTED());
    line.link.away(&mut line.actions);
    let actions = line.took();
    let [Action::Keep(Some(claim)), Action::Close] = actions.as_slice() else {
        panic!("expected the claim to be kept before the socket is closed, not {actions:?}");
    };
    assert_eq!(line.shown(), LinkStatus::Idle);
    let kept = protocol::decode::<Claim>(&protocol::encode(claim)).expect("what was kept can be read");
    let mut reloaded = Link::new(Some(kept));
    reloaded.want(line.now, &mut line.actions);
    reloaded.opened(line.now, &mut line.actions);
    assert_eq!(resume_of(&line.said()), Some(1));
    line.link.back(line.now, &mut line.actions);
    assert_eq!(line.took(), [Action::Open]);
}

#[test]
fn the_wait_counts_down_by_the_second() {
    let mut line = Line::online();
    line.hear(&ServerFrame::Bye { code: ErrorCode::ShuttingDown, reconnect_in_ms: Some(2_500) });
    line.close(1012);
    let mut seconds = Vec::new();
    while let LinkStatus::Lost { retry_in_s, .. } = line.shown() {
        seconds.push(retry_in_s);
        let due = line.link.deadline(line.now).expect("a wait has an end");
        line.pass(due - line.now);
    }
    assert_eq!(seconds, [3, 2, 1]);
}

#[derive(Debug, Clone)]
enum Op {
    Want,
    Opened,
    Welcome,
    Counted,
    Ping,
    Closed(u16),
    Pass(u64),
    Network(bool),
    Wake,
    Retry,
    Away,
    Back,
    Forget,
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        Just(Op::Want),
        Just(Op::Opened),
        Just(Op::Welcome),
        Just(Op::Counted),
        Just(Op::Ping),
        prop_oneof![Just(1006), Just(1012), Just(4514), Just(4511), any::<u16>()].prop_map(Op::Closed),
        (0_u64..60_000).prop_map(Op::Pass),
        any::<bool>().prop_map(Op::Network),
        Just(Op::Wake),
        Just(Op::Retry),
        Just(Op::Away),
        Just(Op::Back),
        Just(Op::Forget),
    ]
}

proptest! {
    /// Events come as a socket makes them: nothing from one that was not ordered, nothing from one that was closed.
    #[test]
    fn whatever_happens_the_line_never_hangs(ops in proptest::collection::vec(any_op(), 0..80)) {
        let mut line = Line::new();
        let (mut socket, mut greeted) = (false, false);
        line.link.want(line.now, &mut line.actions);
        for op in ops {
            for action in line.took() {
                match action {
                    Action::Open => (socket, greeted) = (true, false),
                    Action::Close => socket = false,
                    Action::Say(ClientFrame::Hello { .. }) => greeted = true,
                    Action::Say(_) => prop_assert!(socket && greeted, "frames need a socket and a hello"),
                    Action::Keep(_) | Action::Renew => {}
                }
            }
            match op {
                Op::Want => line.link.want(line.now, &mut line.actions),
                Op::Opened if socket => line.link.opened(line.now, &mut line.actions),
                Op::Welcome if socket && greeted => line.hear(&welcome(1, false, Vec::new())),
                Op::Counted if socket && greeted => line.hear(&COUNTED()),
                Op::Ping if socket && greeted => line.hear(&ServerFrame::Ping {}),
                Op::Closed(close_code) if socket => {
                    socket = false;
                    line.close(close_code);
                }
                Op::Pass(ms) => line.pass(ms),
                Op::Network(has_network) => line.link.network(line.now, has_network, &mut line.actions),
                Op::Wake => line.link.wake(line.now, &mut line.actions),
                Op::Retry => line.link.retry_now(line.now, &mut line.actions),
                Op::Away => line.link.away(&mut line.actions),
                Op::Back => line.link.back(line.now, &mut line.actions),
                Op::Forget => line.link.forget(&mut line.actions),
                Op::Opened | Op::Welcome | Op::Counted | Op::Ping | Op::Closed(_) => {}
            }
            let rests = matches!(line.shown(), LinkStatus::Idle | LinkStatus::Closed(_));
            prop_assert_eq!(rests, line.link.deadline(line.now).is_none(), "a line that does not rest has a deadline");
        }
    }
}
