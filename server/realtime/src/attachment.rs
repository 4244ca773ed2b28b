//! One connection's hold on its session, whatever the transport: given back when the connection's task ends, however it
//! ends, a panic or a dropped future included.

use std::sync::Arc;
use std::time::Duration;

use protocol::ErrorCode;
use tokio::time::sleep;

use crate::session::for_rooms::ForRooms;
use crate::session::{Generation, Host, Purpose, Session, lets_finish};
use crate::transport::Progress;

/// How long what goes before a close may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// While it is there, the session has a line.
#[derive(Debug)]
pub struct Attachment<P: Purpose = ForRooms> {
    /// Who keeps the session.
    pub host: Box<dyn Host<P>>,
    pub session: Arc<Session<P>>,
    pub generation: Generation,
}

impl<P: Purpose> Drop for Attachment<P> {
    fn drop(&mut self) {
        self.host.dropped(&self.session, self.generation);
    }
}

impl<P: Purpose> Progress for Attachment<P> {
    fn wrote(&self, bytes: usize) {
        self.session.wrote(self.generation, bytes);
    }
}

impl<P: Purpose> Attachment<P> {
    /// Resolves when a write that waits for the client has to be given up, with the reason. What is still written before a
    /// close has a moment for it.
    pub fn closes(&self) -> impl Future<Output = ErrorCode> + Send + 'static + use<P> {
        let (session, generation) = (Arc::clone(&self.session), self.generation);
        async move {
            loop {
                if let Some(code) = session.wants_close(generation) {
                    if lets_finish(code) {
                        sleep(LAST_WORDS).await;
                    }
                    return code;
                }
                session.wake.notified().await;
            }
        }
    }
}
