//! What is on top of an Engine.IO session: somebody who asks to be let in, and is a client of the main namespace then, until
//! it leaves or its line ends.

use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use protocol::ErrorCode;
use serde_json::Value;
use socketio::packet::MAIN;
use socketio::{Fault, Namespaces, Packet, Session, Transport};

use super::client::Client;
use super::connect::{Admitted, admit, auth, incoming};
use super::engine::Engine;
use super::registry::Handle;
use super::service::Application;
use super::settings::settings;
use crate::state::AppState;
use realtime::clock;
use realtime::connection::Connection;
use realtime::transport::End;

/// What becomes of a `CONNECT`.
type Asking = BoxFuture<'static, Result<Admitted, &'static str>>;

/// Whoever has opened a session.
pub(super) struct Member {
    state: AppState,
    handle: Arc<Handle>,
    namespaces: Box<Namespaces>,
}

impl Member {
    pub(super) fn new(state: AppState, handle: Arc<Handle>) -> Self {
        let namespaces = Box::new(Namespaces::new(settings(&state.config.limits), Instant::now()));
        Self { state, handle, namespaces }
    }

    /// Waits until the client is let into the main namespace. What is said before that is no more than the question.
    async fn admitted(&mut self, engine: &mut Engine) -> Result<Admitted, End> {
        let mut asking: Option<Asking> = None;
        let stopping = self.state.stopping.clone();
        loop {
            self.namespaces.tick(Instant::now()).map_err(|Fault| End::Gone)?;
            engine.write_own().await?;
            let (may_read, due, by) = (asking.is_none(), self.namespaces.due(), engine.transport());
            let (state, handle, namespaces) = (&self.state, &self.handle, &mut self.namespaces);
            let take = |session: &mut Session, packet: Packet<'_>, now| {
                let Some(incoming) = incoming(namespaces, session, packet, now) else { return Ok(None) };
                Ok(auth(namespaces, session, &incoming).map(|auth| asks(state, handle, auth, by)))
            };
            tokio::select! {
                answer = async { if let Some(asking) = &mut asking { Some(asking.await) } else { None } }, if !may_read => {
                    asking = None;
                    if let Some(admitted) = answer.and_then(|answer| self.answer(engine, answer)) {
                        return Ok(admitted);
                    }
                }
                next = engine.next(may_read, due, take) => asking = next?.or(asking),
                () = stopping.cancelled() => return Err(End::Close(ErrorCode::ShuttingDown)),
            }
        }
    }

    /// Tells what became of the question. Whoever has changed its mind is not let in.
    fn answer(&mut self, engine: &mut Engine, answer: Result<Admitted, &'static str>) -> Option<Admitted> {
        let (said, admitted) = match answer {
            Ok(admitted) => (self.namespaces.accept(MAIN, &clock::random_id()), Some(admitted)),
            Err(why) => (self.namespaces.refuse(MAIN, why), None),
        };
        engine.send(said?);
        admitted.inspect(|_| self.handle.is_known())
    }
}

impl Application for Member {
    async fn run(mut self, mut engine: Box<Engine>) {
        loop {
            // Boxed: what it needs to be let in is not kept for as long as it is inside.
            let admitted = Box::pin(self.admitted(&mut engine)).await;
            let Admitted { line, place } = match admitted {
                Ok(admitted) => admitted,
                Err(End::Gone | End::Left) => return engine.leave().await,
                Err(End::Close(_)) => return engine.dismiss(false).await,
            };
            let connection = Connection::new(line, self.handle.address, self.state.stopping.clone());
            let mut client = Client::new(&mut engine, &mut self.namespaces, &self.state.config.limits, place);
            match connection.run(&mut client).await {
                End::Left => self.handle.is_stranger(&self.state.config.limits),
                End::Gone | End::Close(_) => return,
            }
        }
    }
}

fn asks(state: &AppState, handle: &Arc<Handle>, auth: Value, by: Transport) -> Asking {
    admit(state.clone(), Arc::clone(handle), auth, by == Transport::Polling).boxed()
}
