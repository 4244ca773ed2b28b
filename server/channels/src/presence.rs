//! What is told when a user's first connection comes and when the last one goes.

use crate::names::{EventName, Namespace};
use crate::template::{Template, Text};

/// One such news.
#[derive(Debug)]
pub struct Presence {
    /// Connections to it count.
    pub namespace: Namespace,
    /// With the first.
    pub online: Option<Told>,
    /// With the last.
    pub offline: Option<Told>,
}

/// What is told to whom.
#[derive(Debug)]
pub struct Told {
    /// Which channel; the user's own connections are left out.
    pub to: Text,
    /// What it is called.
    pub event: EventName,
    /// What it says.
    pub data: Template,
}
