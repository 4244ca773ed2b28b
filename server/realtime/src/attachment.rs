//! One connection's hold on its session, whatever the transport: given back when the connection's task ends, however it
//! ends, a panic or a dropped future included.

use std::sync::Arc;
use std::time::Duration;

use protocol::ErrorCode;
use tokio::time::sleep;

use crate::services::Services;
use crate::session::{Generation, Session, lets_finish};

/// How long what goes before a close may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// While it is there, the session has a line.
#[derive(Debug)]
pub struct Attachment {
    pub services: Arc<dyn Services>,
    pub session: Arc<Session>,
    pub generation: Generation,
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.services.hub().dropped(&self.session, self.generation);
    }
}

impl Attachment {
    /// The client took so many bytes of what the session has given to this line.
    pub fn wrote(&self, bytes: usize) {
        self.session.wrote(self.generation, bytes);
    }

    /// Resolves when a write that waits for the client has to be given up, with the reason. What is still written before a
    /// close has a moment for it.
    pub fn closes(&self) -> impl Future<Output = ErrorCode> + Send + 'static + use<> {
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
