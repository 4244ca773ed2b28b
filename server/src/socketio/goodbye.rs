//! How an Engine.IO session ends: what its client reads last decides whether that comes back.

use std::time::Duration;

use socketio::Closed;
use tokio::time::timeout;

use super::engine::{Engine, Heard, Outgoing, frame, heard};
use super::registry::Line;
use super::settings::GOODBYE;
use realtime::transport::End;

/// A client that was told to stay away and polls has so long to fetch that.
const DISMISSAL: Duration = Duration::from_secs(3);

impl Engine {
    /// Ends it. Nobody is to be told; a client that is still there finds its line closed.
    pub async fn leave(&mut self) {
        self.opened.handle.forget();
        self.session.close(Closed::ByServer);
        self.answer(&mut ());
        if let Some(line) = self.link.line.take() {
            close(line).await;
        }
    }

    /// Ends it behind what its session has to say. `stays_away`: a client that has read that does not come back.
    pub(super) async fn dismiss(&mut self, stays_away: bool) {
        let Some(mut line) = self.link.line.take() else {
            self.answer(&mut ());
            if stays_away {
                let _ = timeout(DISMISSAL, self.ignore()).await;
            }
            return self.leave().await;
        };
        self.opened.handle.forget();
        // Only what has begun goes before it: the rest is for a line that lasts.
        line.clear_unstarted();
        while let Some(packet) = self.session.take() {
            line.queue(frame(packet));
        }
        let said = async {
            line.flush(|_| {}).await.ok()?;
            // The client closes the line itself when it has read that. What it had sent before goes nowhere, and is
            // read all the same: a line that is closed over unread bytes is reset, and what was said is lost.
            while stays_away && !matches!(line.recv(heard).await, Err(_) | Ok(Heard::Goodbye)) {}
            Some(())
        };
        let _ = timeout(GOODBYE, said).await;
        if stays_away {
            close(line).await;
        } else {
            // Without a close frame: the Java client leaves that unanswered, reads nothing behind it, and would come back
            // only when the next ping is missing.
            let _ = timeout(GOODBYE, line.drain()).await;
        }
    }

    /// Goes on with a client that polls and hears it no more, until that has gone.
    async fn ignore(&mut self) -> Result<(), End> {
        loop {
            self.write(&mut ()).await?;
            self.next(true, None, |_, _, _| Ok(None::<()>)).await?;
        }
    }

    /// Gives a client that polls what is left for it.
    pub(super) async fn give_rest(&mut self, outgoing: &mut impl Outgoing) {
        let giving = async {
            while !outgoing.is_empty() && self.write(outgoing).await.is_ok() {
                if self.next(false, None, |_, _, _| Ok(None::<()>)).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(GOODBYE, giving).await;
    }
}

/// Says goodbye, where the other side has not begun with it, and waits a moment for its answer.
pub(super) async fn close(mut line: Line) {
    line.close_without_code();
    let _ = timeout(GOODBYE, line.finish()).await;
}
