//! The Socket.IO transport, `/socket.io/`: clients of the original's events, by polling, WebSocket and the upgrade between
//! them. The same hub, sessions, limits and order as `ws`; this module translates and must decide nothing about rooms.
//!
//! The protocols themselves are the crate `socketio`, which does no IO. Here are its requests and lines: `door.rs` decides
//! who may open a session, `service.rs` brings requests to its task, which drives it (`engine.rs`, `goodbye.rs`): `newcomer.rs`
//! until its client was let in (`connect.rs` says who it is), then the core's loop, to which `client.rs` fits it.
//! `registry.rs` finds sessions, `strangers.rs` and `polls.rs` say who makes way.
//! A client that shows an application's token (`app_connect.rs`) is that application's (`app_client.rs`) and in no room.
//! `inbound.rs` reads events, `encoder.rs` and `projection.rs` write them, `packet.rs` is what waits in a queue. `described.rs`
//! says what the events are, for the description of the API.
//!
//! - Nothing is read while a request waits for its answer from the database: a client that asks fast waits, and loses nothing.
//! - A line ends without a packet and without a close frame where its client should come back; the disconnect packet is
//!   for kicks, floods and revoked logins, because official clients stay away after it.
//! - A close packet is never sent to a client that should come back, for the same reason.

mod app_client;
mod app_connect;
mod client;
mod connect;
pub(crate) mod described;
mod door;
mod encoder;
mod engine;
mod goodbye;
mod inbound;
mod newcomer;
mod packet;
mod polls;
mod projection;
mod registry;
mod service;
mod settings;
mod strangers;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::routing::any;
use axum::{Extension, Router};

pub use engine::Engine;
pub use service::{Application, Service};

use self::settings::settings;
use crate::http::cors::share;
use crate::state::AppState;

/// The transport's addresses.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let (limits, tracker) = (Arc::new(state.config.limits.clone()), state.tracker.clone());
    let service = Service::new(settings(&limits), limits, state.stopping.clone(), tracker, state.transports.clone());
    Router::new()
        .route("/socket.io/", any(door::enter))
        .route("/socket.io", any(door::enter))
        .layer(from_fn_with_state(state.clone(), share))
        .layer(Extension(service))
}
