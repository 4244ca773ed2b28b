//! What people and their clients may ask for: logins, rooms, powers; and what operators may.

use protocol::api::{
    AdmitMember, BanView, ChangeMe, ChangePassword, ChangeRole, ChangeRoom, CreateRoom, Credentials, DeleteMe, DrawQr,
    InviteView, JoinRoom, LoginView, MakeInvite, NewGuest, Profile, PutOut, QrView, Register, RoomView, TokenAnswer,
};
use utoipa::openapi::HttpMethod::{Delete, Get, Patch, Post};

use super::operation::{Asker, Body, Operation, operation};

pub(super) fn operations() -> Vec<Operation> {
    [people(), rooms(), powers(), operators()].concat()
}

fn people() -> Vec<Operation> {
    vec![
        operation(Post, "/api/v1/guest", "people", Asker::Anybody, "Makes a guest, or renames the one that asks.")
            .may_take(Body::json::<NewGuest>())
            .answers(201, "A new guest.", Body::json::<TokenAnswer>())
            .answers(200, "The guest that asked.", Body::json::<TokenAnswer>()),
        operation(
            Post,
            "/api/v1/register",
            "people",
            Asker::Anybody,
            "Makes an account; of a guest that asks, with their rooms.",
        )
        .takes(Body::json::<Register>())
        .answers(201, "The account.", Body::json::<TokenAnswer>()),
        operation(Post, "/api/v1/login", "people", Asker::Anybody, "Signs in.")
            .takes(Body::json::<Credentials>())
            .answers(200, "A new login.", Body::json::<TokenAnswer>()),
        operation(Post, "/api/v1/logout", "people", Asker::Person, "Ends this login.")
            .answers_nothing(204, "It has ended."),
        operation(Get, "/api/v1/me", "people", Asker::Person, "Who asks.").answers(
            200,
            "Who asks.",
            Body::json::<Profile>(),
        ),
        operation(Patch, "/api/v1/me", "people", Asker::Person, "Takes another display name, in every room at once.")
            .takes(Body::json::<ChangeMe>())
            .answers(200, "The next token, which has the name.", Body::json::<TokenAnswer>()),
        operation(
            Delete,
            "/api/v1/me",
            "people",
            Asker::Person,
            "Deletes the account or guest, with all logins and memberships.",
        )
        .may_take(Body::json::<DeleteMe>())
        .answers_nothing(204, "Nothing is left."),
        operation(Post, "/api/v1/me/token", "people", Asker::Person, "The next token of this login.").answers(
            200,
            "The token.",
            Body::json::<TokenAnswer>(),
        ),
        operation(Post, "/api/v1/me/password", "people", Asker::Person, "Another password; every other login ends.")
            .takes(Body::json::<ChangePassword>())
            .answers(200, "The next token.", Body::json::<TokenAnswer>()),
        operation(Get, "/api/v1/me/logins", "people", Asker::Person, "The logins of the asker.").answers(
            200,
            "Each of them.",
            Body::list::<LoginView>(),
        ),
        operation(Delete, "/api/v1/me/logins/{id}", "people", Asker::Person, "Ends a login.")
            .answers_nothing(204, "It has ended."),
    ]
}

fn rooms() -> Vec<Operation> {
    vec![
        operation(Get, "/api/v1/rooms", "rooms", Asker::Person, "The rooms that the asker is a member of.").answers(
            200,
            "Each of them.",
            Body::list::<RoomView>(),
        ),
        operation(Post, "/api/v1/rooms", "rooms", Asker::Person, "Makes a room.")
            .may_take(Body::json::<CreateRoom>())
            .answers(201, "The room.", Body::json::<RoomView>()),
        operation(Get, "/api/v1/rooms/{code}", "rooms", Asker::Anybody, "Looks a room up.").answers(
            200,
            "The room, as the asker may know it.",
            Body::json::<RoomView>(),
        ),
        operation(Patch, "/api/v1/rooms/{code}", "rooms", Asker::Person, "Changes a room.")
            .takes(Body::json::<ChangeRoom>())
            .answers(200, "As it is now.", Body::json::<RoomView>()),
        operation(Delete, "/api/v1/rooms/{code}", "rooms", Asker::Person, "Ends a room for all.")
            .answers_nothing(204, "It has ended."),
        operation(Post, "/api/v1/rooms/{code}/join", "rooms", Asker::Person, "The right to enter, without a seat.")
            .may_take(Body::json::<JoinRoom>())
            .answers(200, "The room.", Body::json::<RoomView>()),
        operation(
            Post,
            "/api/v1/rooms/{code}/leave",
            "rooms",
            Asker::Person,
            "Gives it back; with the last member the room goes.",
        )
        .answers_nothing(204, "Left."),
        operation(
            Post,
            "/api/v1/rooms/{code}/knock",
            "rooms",
            Asker::Person,
            "Waits up to ten seconds in front of a room to be let in.",
        )
        .may_take(Body::json::<JoinRoom>())
        .answers(200, "Let in.", Body::json::<RoomView>())
        .answers_nothing(202, "Nobody has answered: ask again within five seconds."),
        operation(Delete, "/api/v1/rooms/{code}/knock", "rooms", Asker::Person, "Waits no more.")
            .answers_nothing(204, "Done."),
        operation(Post, "/api/v1/qr", "rooms", Asker::Person, "Draws a QR code.")
            .takes(Body::json::<DrawQr>())
            .answers(200, "The path of an SVG.", Body::json::<QrView>()),
    ]
}

fn powers() -> Vec<Operation> {
    vec![
        operation(Post, "/api/v1/rooms/{code}/kick", "powers", Asker::Person, "Puts somebody out, who may come back.")
            .takes(Body::json::<PutOut>())
            .answers_nothing(204, "Done."),
        operation(
            Post,
            "/api/v1/rooms/{code}/ban",
            "powers",
            Asker::Person,
            "Puts somebody out, who may not come back.",
        )
        .takes(Body::json::<PutOut>())
        .answers_nothing(204, "Done."),
        operation(Get, "/api/v1/rooms/{code}/bans", "powers", Asker::Person, "Who is banned.").answers(
            200,
            "Each of them.",
            Body::list::<BanView>(),
        ),
        operation(Delete, "/api/v1/rooms/{code}/bans/{member}", "powers", Asker::Person, "Lifts a ban.")
            .answers_nothing(204, "Done."),
        operation(
            Post,
            "/api/v1/rooms/{code}/role",
            "powers",
            Asker::Person,
            "Makes somebody a member, moderator or owner.",
        )
        .takes(Body::json::<ChangeRole>())
        .answers_nothing(204, "Done."),
        operation(
            Post,
            "/api/v1/rooms/{code}/admit",
            "powers",
            Asker::Person,
            "Lets in who waits, or sends them away.",
        )
        .takes(Body::json::<AdmitMember>())
        .answers_nothing(204, "Done."),
        operation(Get, "/api/v1/rooms/{code}/invites", "powers", Asker::Person, "The invites in force.").answers(
            200,
            "Each of them, without its token.",
            Body::list::<InviteView>(),
        ),
        operation(Post, "/api/v1/rooms/{code}/invites", "powers", Asker::Person, "Makes an invite.")
            .may_take(Body::json::<MakeInvite>())
            .answers(201, "The invite, with its token, which is told this once.", Body::json::<InviteView>()),
        operation(Delete, "/api/v1/rooms/{code}/invites/{id}", "powers", Asker::Person, "Takes an invite back.")
            .answers_nothing(204, "Done."),
    ]
}

fn operators() -> Vec<Operation> {
    vec![
        operation(Get, "/healthz", "operation", Asker::Anybody, "Whether the process is alive.").answers(
            200,
            "It is.",
            Body::text("text/plain"),
        ),
        operation(Get, "/readyz", "operation", Asker::Anybody, "Whether people may be sent here.").answers(
            200,
            "They may.",
            Body::text("text/plain"),
        ),
        operation(Get, "/api/v1/openapi.json", "operation", Asker::Anybody, "This document.").answers(
            200,
            "OpenAPI 3.1.",
            Body::text("application/json"),
        ),
        operation(
            Get,
            "/api/v1/asyncapi.json",
            "operation",
            Asker::Anybody,
            "The frames of WebSockets, and the events of Socket.IO.",
        )
        .answers(200, "AsyncAPI 3.", Body::text("application/json")),
    ]
}
