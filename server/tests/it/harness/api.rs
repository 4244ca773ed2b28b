//! The HTTP API as a client uses it: guests, accounts, rooms.

use std::net::SocketAddr;

use protocol::api::{CreateRoom, Credentials, JoinRoom, NewGuest, RoomView, TokenAnswer};
use protocol::{RoomCode, UserKind};

use super::client::TestClient;
use super::http::{Answer, Ask};
use super::server::TestServer;

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) addr: SocketAddr,
    pub(crate) session: TokenAnswer,
}

/// A room that somebody made.
#[derive(Clone)]
pub(crate) struct Room {
    pub(crate) view: RoomView,
    pub(crate) code: String,
}

impl Guest {
    /// A guest with a name of the server's choice.
    pub(crate) async fn new(server: &TestServer) -> Self {
        Self::at(server.addr, None).await
    }

    /// A guest with a name of their own.
    pub(crate) async fn named(server: &TestServer, name: &str) -> Self {
        Self::at(server.addr, Some(name)).await
    }

    pub(crate) async fn at(addr: SocketAddr, name: Option<&str>) -> Self {
        let body = NewGuest { name: name.map(str::to_owned) };
        let answer = Ask::post("/api/v1/guest").json(&body).send(addr).await.assert_status(201);
        let session: TokenAnswer = answer.json();
        assert_eq!(session.me.kind, UserKind::Guest);
        Self { addr, session }
    }

    /// A new account.
    pub(crate) async fn register(server: &TestServer, username: &str, password: &str) -> Self {
        let answer = credentials("register", username, password).send(server.addr).await.assert_status(201);
        Self { addr: server.addr, session: answer.json() }
    }

    /// One more login of an account.
    pub(crate) async fn login(server: &TestServer, username: &str, password: &str) -> Self {
        let answer = credentials("login", username, password).send(server.addr).await.assert_status(200);
        Self { addr: server.addr, session: answer.json() }
    }

    pub(crate) fn token(&self) -> &str {
        &self.session.token
    }

    /// A request with this person's bearer token.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        ask.bearer(self.token()).send(self.addr).await
    }

    pub(crate) async fn room(&self) -> Room {
        self.room_with(CreateRoom::default()).await
    }

    pub(crate) async fn pin_room(&self, pin: &str) -> Room {
        self.room_with(CreateRoom { pin: Some(pin.to_owned()), ..CreateRoom::default() }).await
    }

    pub(crate) async fn room_for(&self, capacity: u32) -> Room {
        self.room_with(CreateRoom { capacity: Some(capacity), ..CreateRoom::default() }).await
    }

    pub(crate) async fn room_with(&self, request: CreateRoom) -> Room {
        let answer = self.ask(Ask::post("/api/v1/rooms").json(&request)).await.assert_status(201);
        let view: RoomView = answer.json();
        Room { code: view.code.as_str().to_owned(), view }
    }

    /// Makes the membership by HTTP; takes no seat.
    pub(crate) async fn join(&self, code: &str, pin: Option<&str>) -> Answer {
        let body = JoinRoom { pin: pin.map(str::to_owned), invite: None };
        self.ask(Ask::post(&format!("/api/v1/rooms/{code}/join")).json(&body)).await
    }

    pub(crate) async fn look_up(&self, code: &str) -> Answer {
        self.ask(Ask::get(&format!("/api/v1/rooms/{code}"))).await
    }

    /// Leaves for good, by HTTP.
    pub(crate) async fn leave(&self, code: &str) -> Answer {
        self.ask(Ask::post(&format!("/api/v1/rooms/{code}/leave"))).await
    }

    /// A connection that has said hello.
    pub(crate) async fn connect(&self) -> TestClient {
        TestClient::connect(self.addr, self.token()).await
    }

    /// A connection with a seat in a room.
    pub(crate) async fn enter(&self, room: &Room) -> TestClient {
        let mut client = self.connect().await;
        client.join(&room.code).await;
        client
    }
}

impl Room {
    pub(crate) fn code(&self) -> RoomCode {
        self.view.code
    }
}

/// `register` or `login`.
pub(crate) fn credentials(path: &str, username: &str, password: &str) -> Ask {
    let body = Credentials { username: username.to_owned(), password: password.to_owned(), device: None };
    Ask::post(&format!("/api/v1/{path}")).json(&body)
}
