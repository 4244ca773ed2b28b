//! What a client has asked and its connection's task has not taken yet, bounded in number and bytes.
//!
//! The library reads on whatever its handlers do, so nothing can hold up a client that asks too fast: what finds the
//! inbox full is refused. It is so large that the limits on rates are met first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::{ClientFrame, ClientId, FrameError};
use tokio::sync::mpsc;

/// Events that wait.
const EVENTS_MAX: usize = 1_024;
/// Bytes of theirs: several of the largest, or many of the usual ones.
const BYTES_MAX: usize = 256 * 1024;

/// One event on its way to the connection's task.
pub(super) struct Asked {
    pub(super) frame: Result<ClientFrame, FrameError>,
    pub(super) cid: ClientId,
    /// The number of the acknowledgement, if the client wants one.
    pub(super) ack: Option<i64>,
    /// Whether the event is one that is listened to.
    pub(super) is_known: bool,
}

/// The handlers' end.
#[derive(Clone)]
pub(super) struct Slot {
    sender: mpsc::Sender<(Asked, usize)>,
    bytes: Arc<AtomicUsize>,
}

/// The task's end.
pub(super) struct Inbox {
    receiver: mpsc::Receiver<(Asked, usize)>,
    bytes: Arc<AtomicUsize>,
}

/// Both ends.
pub(super) fn inbox() -> (Slot, Inbox) {
    let (sender, receiver) = mpsc::channel(EVENTS_MAX);
    let bytes = Arc::<AtomicUsize>::default();
    (Slot { sender, bytes: Arc::clone(&bytes) }, Inbox { receiver, bytes })
}

impl Slot {
    /// Answers false where it is full. An event for a task that is over is nobody's any more, and taken.
    pub(super) fn put(&self, asked: Asked) -> bool {
        let weight = weight(&asked);
        if self.bytes.load(Ordering::Relaxed).saturating_add(weight) > BYTES_MAX {
            return false;
        }
        // Before the other end can subtract it.
        self.bytes.fetch_add(weight, Ordering::Relaxed);
        match self.sender.try_send((asked, weight)) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.bytes.fetch_sub(weight, Ordering::Relaxed);
                false
            }
        }
    }
}

impl Inbox {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.receiver.len()
    }

    /// The next one; `None` when no handler is left.
    pub(super) async fn take(&mut self) -> Option<Asked> {
        let (asked, weight) = self.receiver.recv().await?;
        self.bytes.fetch_sub(weight, Ordering::Relaxed);
        Some(asked)
    }
}

/// What it holds of the client's text.
fn weight(asked: &Asked) -> usize {
    match &asked.frame {
        Ok(ClientFrame::Send { room, text, .. }) => room.len() + text.len(),
        Ok(ClientFrame::Join { code, pin, .. }) => code.len() + pin.as_ref().map_or(0, String::len),
        Ok(ClientFrame::Leave { room, .. } | ClientFrame::Typing { room, .. }) => room.len(),
        // No event means one of these.
        Ok(
            ClientFrame::Hello { .. }
            | ClientFrame::Status { .. }
            | ClientFrame::Ping { .. }
            | ClientFrame::Pong { .. },
        )
        | Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use protocol::{ClientFrame, ClientId};

    use super::{Asked, BYTES_MAX, EVENTS_MAX, inbox};

    fn asked(text: usize) -> Asked {
        let cid = ClientId::parse("c1").expect("is a cid");
        let frame = ClientFrame::Send { cid: cid.clone(), room: String::new(), text: "x".repeat(text) };
        Asked { frame: Ok(frame), cid, ack: None, is_known: true }
    }

    #[test]
    fn it_is_bounded_in_number_and_in_bytes_and_takes_again_what_was_taken_out() {
        for (text, fits) in [(0, EVENTS_MAX), (BYTES_MAX / 4, 4), (BYTES_MAX + 1, 0)] {
            let (slot, mut inbox) = inbox();
            let taken = (0..2 * EVENTS_MAX).take_while(|_| slot.put(asked(text))).count();
            assert_eq!(taken, fits, "of {text} bytes each");
            for _ in 0..fits {
                assert!(inbox.take().now_or_never().flatten().is_some());
                assert!(slot.put(asked(text)));
                assert!(!slot.put(asked(text)));
            }
            drop(inbox);
            assert!(slot.put(asked(0)), "nobody's any more");
        }
    }
}
