//! What is reached once there is a connection.

use mongodb::bson::Document;
use mongodb::{Client, Collection, Database};

/// Both collections of a connected client.
#[derive(Clone)]
pub(super) struct Collections {
    pub(super) client: Client,
    pub(super) database: Database,
    pub(super) users: Collection<Document>,
    pub(super) rooms: Collection<Document>,
}
