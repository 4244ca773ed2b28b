//! What is on top of an Engine.IO session: somebody who asks to be let in, and is a client of the main namespace then, until
//! it leaves or its line ends.

use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use protocol::ErrorCode;
use serde_json::Value;
use socketio::packet::MAIN;
use socketio::{EngineSession, Fault, Incoming, Namespaces, Packet, TransportKind};

use super::app_client;
use super::app_connect::{First, application};
use super::client::Client;
use super::connect::{Admitted, admit, auth, incoming};
use super::engine::Engine;
use super::registry::Handle;
use super::service::Application;
use super::settings::settings;
use crate::state::AppState;
use realtime::clock;
use realtime::connection::Connection;
use realtime::rooms_handler::RoomsHandler;
use realtime::transport::End;

/// What becomes of a `CONNECT`.
type Asking = BoxFuture<'static, Result<Admitted, &'static str>>;

/// What somebody asks for who is not in yet.
enum Wanted {
    /// The chat: whether they may is asked elsewhere.
    Chat(Asking),
    /// An application, whose token says so.
    Application(First),
}

/// Who is in.
enum Inside {
    Chat(Admitted),
    Application(First),
}

/// Whoever has opened a session.
pub(super) struct Newcomer {
    state: AppState,
    handle: Arc<Handle>,
    namespaces: Box<Namespaces>,
}

impl Newcomer {
    pub(super) fn new(state: AppState, handle: Arc<Handle>) -> Self {
        let namespaces = Box::new(Namespaces::new(settings(&state.config.limits), Instant::now()));
        Self { state, handle, namespaces }
    }

    /// Waits until the client is let into the main namespace, or into one of an application. What is said before that is no
    /// more than the question.
    async fn admitted(&mut self, engine: &mut Engine) -> Result<Inside, End> {
        let mut asking: Option<Asking> = None;
        let stopping = self.state.drain.leaving();
        loop {
            self.namespaces.tick(Instant::now()).map_err(|Fault| End::Gone)?;
            engine.write_own().await?;
            let (may_read, due, by) = (asking.is_none(), self.namespaces.due(), engine.transport());
            let (state, handle, namespaces) = (&self.state, &self.handle, &mut self.namespaces);
            let take = |session: &mut EngineSession, packet: Packet<'_>, now| {
                let Some(incoming) = incoming(namespaces, session, packet, now) else { return Ok(None) };
                match of_application(state, handle, &incoming) {
                    Some(Ok(first)) => return Ok(Some(Wanted::Application(first))),
                    Some(Err(refused)) => {
                        if let Some(refused) = namespaces.refuse(refused.namespace, refused.why) {
                            session.send(refused);
                        }
                        return Ok(None);
                    }
                    None => {}
                }
                Ok(auth(namespaces, session, &incoming).map(|auth| Wanted::Chat(asks(state, handle, auth, by))))
            };
            tokio::select! {
                answer = async { if let Some(asking) = &mut asking { Some(asking.await) } else { None } }, if !may_read => {
                    asking = None;
                    if let Some(admitted) = answer.and_then(|answer| self.answer(engine, answer)) {
                        return Ok(Inside::Chat(admitted));
                    }
                }
                next = engine.next(may_read, due, take) => match next? {
                    Some(Wanted::Chat(wanted)) => asking = Some(wanted),
                    Some(Wanted::Application(first)) => return Ok(Inside::Application(first)),
                    None => {}
                },
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

impl Application for Newcomer {
    async fn run(mut self, mut engine: Box<Engine>) {
        loop {
            // Boxed: what it needs to be let in is not kept for as long as it is inside.
            let admitted = Box::pin(self.admitted(&mut engine)).await;
            let Admitted { line, place } = match admitted {
                Ok(Inside::Chat(admitted)) => admitted,
                Ok(Inside::Application(first)) => {
                    let (state, handle) = (&self.state, &self.handle);
                    return app_client::run(first, &mut engine, &mut self.namespaces, state, handle).await;
                }
                Err(End::Gone | End::Left) => return engine.leave().await,
                Err(End::Close(_)) => return engine.dismiss(false).await,
            };
            let handler = RoomsHandler::new(self.state.services(), &line, self.handle.address);
            let connection = Connection::new(line, handler, self.state.drain.leaving());
            let mut client = Client::new(&mut engine, &mut self.namespaces, &self.state.config.limits, place);
            match connection.run(&mut client).await {
                End::Left => self.handle.is_stranger(&self.state.config.limits),
                End::Gone | End::Close(_) => return,
            }
        }
    }
}

/// What an application is not, and why.
struct Refusal<'a> {
    namespace: &'a str,
    why: &'static str,
}

/// Whether it is an application that is asked for.
fn of_application<'a>(
    state: &AppState,
    handle: &Handle,
    incoming: &Incoming<'a>,
) -> Option<Result<First, Refusal<'a>>> {
    let Incoming::Connect { namespace, auth } = incoming else { return None };
    let auth = auth.and_then(|auth| serde_json::from_str(auth.get()).ok()).unwrap_or_default();
    let asked = application(state, handle, namespace, &auth)?;
    Some(asked.map_err(|why| Refusal { namespace, why }))
}

fn asks(state: &AppState, handle: &Arc<Handle>, auth: Value, by: TransportKind) -> Asking {
    admit(state.clone(), Arc::clone(handle), auth, by == TransportKind::Polling).boxed()
}
