//! A peer of `cargo xtask bench fanout`: socketioxide behind axum, WebSockets only, without Nagle's algorithm.
//!
//! The event `join` joins a room, `message` goes to the room that was joined last.

use std::io::Write as _;
use std::net::Ipv4Addr;

use axum::serve::ListenerExt as _;
use socketioxide::extract::{Data, SocketRef};
use socketioxide::{SocketIo, TransportType};

#[derive(Clone)]
struct Joined(String);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(port))
}

async fn serve(port: u16) -> Result<(), Box<dyn std::error::Error>> {
    // Its default of 128 packets drops what comes at once to a member that is a little behind.
    let (layer, io) =
        SocketIo::builder().transports([TransportType::Websocket]).max_buffer_size(4_096).build_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on("join", async |socket: SocketRef, Data::<String>(room)| {
            socket.join(room.clone());
            let _ = socket.emit("joined", &room);
            socket.extensions.insert(Joined(room));
        });
        socket.on("message", async |io: SocketIo, socket: SocketRef, Data::<String>(text)| {
            if let Some(Joined(room)) = socket.extensions.get::<Joined>() {
                let _ = io.to(room).emit("message", &text).await;
            }
        });
    });
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on {}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, axum::Router::new().layer(layer)).await?;
    Ok(())
}
