//! One socket, one task: who it is, then the core's loop (`realtime::connection`).

use std::time::Duration;

use bytes::Bytes;
use protocol::ErrorCode;
use tokio::time::timeout;
use websocket::Event;

use super::caller::Caller;
use super::channels;
use super::hello::{self, Introduced, Refusal};
use super::socket::Socket;
use super::transport::{Line, read_error};
use super::upgrade::Stream;
use crate::error::ApiError;
use crate::state::AppState;
use crate::transports::Carries;
use realtime::connection::Connection;
use realtime::rooms_handler::RoomsHandler;
use realtime::transport::End;

/// What a connection is for.
enum For {
    Rooms(Introduced),
    Channels(channels::Introduced),
}

/// Runs one connection from its first frame to its end.
pub(super) async fn run(socket: Box<Socket<Stream>>, state: AppState, caller: Caller) {
    let (stopping, address) = (state.drain.leaving(), caller.address);
    let mut carried = state.transports.carry(Carries::WebSocket);
    let mut line = Line { socket, state, says_bye: true };
    // Boxed: what a task needs at its beginning is not to be kept for as long as it lives.
    match Box::pin(introduced(&mut line, caller)).await {
        Ok(For::Rooms(Introduced { line: attachment, resumed })) => {
            let handler = RoomsHandler::new(line.state.services(), &attachment, address);
            if resumed {
                Box::pin(handler.resume()).await;
            }
            Connection::new(attachment, handler, stopping).run(&mut line).await;
        }
        Ok(For::Channels(channels::Introduced { line: attachment, handler })) => {
            carried.goes_over(Carries::ApplicationWebSocket);
            Box::pin(Connection::new(attachment, handler, stopping).run(&mut line)).await;
        }
        Err(end) => line.end(Bytes::new(), end.reason()).await,
    }
}

async fn introduced(line: &mut Line, caller: Caller) -> Result<For, End> {
    let (patience, stopping) = (line.state.config.limits.hello_ms_max, line.state.stopping.clone());
    tokio::select! {
        introduced = timeout(Duration::from_millis(patience), introduce(line, caller)) => {
            introduced.unwrap_or(Err(End::Close(ErrorCode::HelloTimeout)))
        }
        () = stopping.cancelled() => Err(End::Close(ErrorCode::ShuttingDown)),
    }
}

/// Waits for a `hello` that holds. What is no hello is answered with an error, and the wait goes on.
async fn introduce(line: &mut Line, caller: Caller) -> Result<For, End> {
    loop {
        let hello = match line.socket.recv(first_words).await.map_err(read_error)? {
            FirstWords::Said(hello) => hello,
            FirstWords::Nothing => continue,
            FirstWords::Goodbye => return Err(End::Gone),
        };
        let introduced = match hello {
            Ok(Said::Rooms(hello)) => admit(&line.state, hello, caller).await,
            Ok(Said::Channels(hello)) => channels::introduce(&line.state, hello, &caller).map(For::Channels),
            Err((code, cid)) => {
                line.refuse(code, cid, None).await?;
                continue;
            }
        };
        return match introduced {
            Ok(introduced) => Ok(introduced),
            Err(failure) => {
                line.refuse(failure.code, None, failure.retry_after_ms).await?;
                Err(End::Close(failure.code))
            }
        };
    }
}

/// What could be for rooms is for an application where its token or the address says so.
async fn admit(state: &AppState, hello: hello::Hello, caller: Caller) -> Result<For, ApiError> {
    match channels::of_rooms(state, hello, &caller.credential, caller.app.as_deref()) {
        Ok(hello) => channels::introduce(state, hello, &caller).map(For::Channels),
        Err(_) if caller.page.is_some() => Err(ErrorCode::BadOrigin.into()),
        Err(hello) => hello::introduce(state, hello, caller.credential).await.map(For::Rooms),
    }
}

/// A `hello`.
enum Said {
    Rooms(hello::Hello),
    Channels(channels::ChannelsHello),
}

/// What somebody says who has not said hello.
enum FirstWords {
    Said(Result<Said, Refusal>),
    Nothing,
    Goodbye,
}

fn first_words(event: Event<'_>) -> FirstWords {
    let said = |text: &str| match hello::parse(text) {
        Ok(hello) => Ok(Said::Rooms(hello)),
        Err(refusal) => channels::parse(text).map(Said::Channels).ok_or(refusal),
    };
    match event {
        Event::Text(text) => FirstWords::Said(said(&text)),
        Event::Binary(_) => FirstWords::Said(said("")),
        Event::Ping(_) | Event::Pong(_) => FirstWords::Nothing,
        Event::Close(_) => FirstWords::Goodbye,
    }
}
