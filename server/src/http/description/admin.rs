//! What an operator's programs may ask for.

use protocol::admin::{
    BeginDrain, ChangeSwitches, Drain, EndedLogins, LiveRooms, NodeOverview, OperatorCredentials, OperatorToken,
    SocketDebug, Switches,
};
use utoipa::openapi::HttpMethod::{Delete, Get, Post};

use super::operation::{Asker, Body, Operation, operation};

const TAG: &str = "operators";

/// They are there only where the server has an operator.
pub(super) fn operations() -> Vec<Operation> {
    [questions(), acts()].concat()
}

fn questions() -> Vec<Operation> {
    let ask = |path, says| operation(Get, path, TAG, Asker::Operator, says);
    vec![
        ask("/api/v1/admin/overview", "How this node is, in numbers.").answers(
            200,
            "The numbers.",
            Body::json::<NodeOverview>(),
        ),
        ask("/api/v1/admin/rooms", "The largest live rooms of this node, by keyed hashes.").answers(
            200,
            "At most 100 of them.",
            Body::json::<LiveRooms>(),
        ),
        ask("/api/v1/admin/socket-debug", "Which sessions of whom are in which room, by keyed hashes.").answers(
            200,
            "At most 100 rooms, and 1,000 sessions of each.",
            Body::json::<SocketDebug>(),
        ),
        ask("/api/v1/admin/switches", "What is closed, and what is announced.").answers(
            200,
            "As it is.",
            Body::json::<Switches>(),
        ),
        ask("/api/v1/admin/drain", "Whether people are sent elsewhere.").answers(
            200,
            "How far that is.",
            Body::json::<Drain>(),
        ),
    ]
}

fn acts() -> Vec<Operation> {
    let act = |path, says| operation(Post, path, TAG, Asker::Operator, says);
    vec![
        operation(Post, "/api/v1/admin/sign-in", TAG, Asker::Anybody, "Signs an operator in, for an hour.")
            .takes(Body::json::<OperatorCredentials>())
            .answers(200, "The token.", Body::json::<OperatorToken>()),
        act("/api/v1/admin/rooms/{hash}/end", "Ends a room for all.").answers_nothing(204, "It has ended."),
        act("/api/v1/admin/logins/{id}/end", "Ends every login of a person: by account name, or by keyed hash.")
            .answers(200, "How many there were.", Body::json::<EndedLogins>()),
        act("/api/v1/admin/switches", "Closes and opens registration and the making of rooms, and announces.")
            .takes(Body::json::<ChangeSwitches>())
            .answers(200, "As it is now.", Body::json::<Switches>()),
        act("/api/v1/admin/drain", "Lets nobody new in, and sends those who are here elsewhere.")
            .may_take(Body::json::<BeginDrain>())
            .answers(200, "How far that is.", Body::json::<Drain>()),
        operation(
            Delete,
            "/api/v1/admin/drain",
            TAG,
            Asker::Operator,
            "Takes that back, until the first is told to go.",
        )
        .answers(200, "How far it is.", Body::json::<Drain>()),
    ]
}
