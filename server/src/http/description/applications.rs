//! What backends and users of applications may ask for.

use utoipa::openapi::HttpMethod::{Get, Post};

use super::operation::{Asker, Body, Operation, operation};
use crate::apps::api::{Channels, Connections, Membership, OneUser, Presence, Publish, Published};
use crate::apps::handle::Overview;
use crate::apps::publication::Count;

pub(super) fn operations() -> Vec<Operation> {
    [orders(), questions()].concat()
}

/// What is done to those who hear.
fn orders() -> Vec<Operation> {
    vec![
        operation(
            Post,
            "/api/v1/apps/{app}/publish",
            "applications",
            Asker::Backend,
            "Tells an event to channels or users, or up to 1,000 events.",
        )
        .takes(Body::json::<Publish>())
        .answers(200, "To how many connections; of several events a list.", Body::json::<Published>()),
        operation(
            Post,
            "/api/v1/apps/{app}/subscribe",
            "applications",
            Asker::Backend,
            "Lets all connections of a user into a channel.",
        )
        .takes(Body::json::<Membership>())
        .answers(200, "How many are in it now.", Body::json::<Connections>()),
        operation(
            Post,
            "/api/v1/apps/{app}/unsubscribe",
            "applications",
            Asker::Backend,
            "Takes all connections of a user out of a channel.",
        )
        .takes(Body::json::<Membership>())
        .answers(200, "How many left it.", Body::json::<Connections>()),
        operation(
            Post,
            "/api/v1/apps/{app}/disconnect",
            "applications",
            Asker::Backend,
            "Ends all connections of a user.",
        )
        .takes(Body::json::<OneUser>())
        .answers(200, "How many there were.", Body::json::<Connections>()),
    ]
}

/// Who hears what.
fn questions() -> Vec<Operation> {
    vec![
        operation(Get, "/api/v1/apps/{app}/presence", "applications", Asker::Backend, "Who is in a channel.")
            .asks("channel", "Which.", true)
            .answers(200, "Its users.", Body::json::<Presence>()),
        operation(Get, "/api/v1/apps/{app}/count", "applications", Asker::Backend, "How many are in a channel.")
            .asks("channel", "Which.", true)
            .answers(200, "Connections and users.", Body::json::<Count>()),
        operation(
            Get,
            "/api/v1/apps/{app}/channels",
            "applications",
            Asker::Backend,
            "Every channel with somebody in it.",
        )
        .answers(200, "Each of them.", Body::json::<Channels>()),
        operation(Get, "/api/v1/apps/{app}/debug", "applications", Asker::Backend, "Who is where.").answers(
            200,
            "All of it.",
            Body::json::<Overview>(),
        ),
        operation(
            Get,
            "/api/v1/apps/{app}/events",
            "applications",
            Asker::AppUser,
            "A stream of events (Server-Sent Events).",
        )
        .asks("channel", "A channel to hear; may be repeated.", false)
        .asks("namespace", "In place of the first; may be repeated.", false)
        .answers(200, "Events until the line ends.", Body::text("text/event-stream")),
        operation(
            Get,
            "/api/messages/admin/socket-debug",
            "applications",
            Asker::AppUser,
            "Who is where, for administrators of an application.",
        )
        .answers(200, "All of it.", Body::json::<Overview>()),
    ]
}
