//! One socket, one task: who it is, then the core's loop (`realtime::connection`).

use std::time::Duration;

use bytes::Bytes;
use protocol::{ErrorCode, ServerFrame};
use tokio::time::timeout;
use websocket::Event;

use super::hello::{self, Introduced, Refusal};
use super::socket::Socket;
use super::transport::{Line, read_error};
use super::upgrade::Stream;
use crate::auth::Sent;
use crate::state::AppState;
use realtime::address::Address;
use realtime::connection::Connection;
use realtime::transport::{End, Transport as _};

/// Runs one connection from its first frame to its end.
pub(super) async fn run(socket: Box<Socket<Stream>>, state: AppState, credential: Sent, address: Address) {
    let stopping = state.stopping.clone();
    let mut line = Line { socket, state };
    // Boxed: what a task needs at its beginning is not to be kept for as long as it lives.
    let introduced = Box::pin(introduced(&mut line, credential)).await;
    let Introduced { line: attachment, resumed } = match introduced {
        Ok(introduced) => introduced,
        Err(end) => return line.close(Bytes::new(), end.reason()).await,
    };
    let connection = Connection::new(attachment, address, stopping);
    if resumed {
        Box::pin(connection.resume()).await;
    }
    connection.run(&mut line).await;
}

async fn introduced(line: &mut Line, credential: Sent) -> Result<Introduced, End> {
    let (patience, stopping) = (line.state.config.limits.hello_ms_max, line.state.stopping.clone());
    tokio::select! {
        introduced = timeout(Duration::from_millis(patience), introduce(line, credential)) => {
            introduced.unwrap_or(Err(End::Close(ErrorCode::HelloTimeout)))
        }
        () = stopping.cancelled() => Err(End::Close(ErrorCode::ShuttingDown)),
    }
}

/// Waits for a `hello` that holds. What is no hello is answered with an error, and the wait goes on.
async fn introduce(line: &mut Line, credential: Sent) -> Result<Introduced, End> {
    loop {
        let hello = match line.socket.recv(first_words).await.map_err(read_error)? {
            FirstWords::Said(hello) => hello,
            FirstWords::Nothing => continue,
            FirstWords::Goodbye => return Err(End::Gone),
        };
        let hello = match hello {
            Ok(hello) => hello,
            Err((code, cid)) => {
                line.send_now(&ServerFrame::error(code, cid, None)).await?;
                continue;
            }
        };
        return match hello::introduce(&line.state, hello, credential).await {
            Ok(introduced) => Ok(introduced),
            Err(failure) => {
                line.send_now(&ServerFrame::error(failure.code, None, failure.retry_after_ms)).await?;
                Err(End::Close(failure.code))
            }
        };
    }
}

/// What somebody says who has not said hello.
enum FirstWords {
    Said(Result<hello::Hello, Refusal>),
    Nothing,
    Goodbye,
}

fn first_words(event: Event<'_>) -> FirstWords {
    match event {
        Event::Text(text) => FirstWords::Said(hello::parse(&text)),
        Event::Binary(_) => FirstWords::Said(hello::parse("")),
        Event::Ping(_) | Event::Pong(_) => FirstWords::Nothing,
        Event::Close(_) => FirstWords::Goodbye,
    }
}
