//! The server behind others: proxies that say whose line they bring, Unix sockets, sockets that a supervisor holds, and
//! real proxies with the configurations that the documentation shows.

mod activated;
mod documented;
mod introduced;
mod proxies;
mod unix;

use std::path::Path;

use tokio::net::UnixStream;

use crate::harness::Ask;

/// What counts an address: making guests.
fn guest() -> Ask {
    Ask::post("/api/v1/guest")
}

async fn unix(path: &Path) -> UnixStream {
    UnixStream::connect(path).await.expect("the server listens")
}
