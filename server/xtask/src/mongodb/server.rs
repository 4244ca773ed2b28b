//! The server that was found or started.

use anyhow::Result;

use super::control::Control;
use super::part::Parts;

/// The server, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Server {
    /// What it is, for a person.
    pub(crate) what: String,
    /// For `TEST_MONGODB_URI`.
    pub(crate) uri: String,
    /// Parts that the tests may kill and start; none of a server that is somebody else's.
    pub(crate) control: Option<Control>,
}

impl Server {
    /// Ours, with both parts running.
    pub(super) fn started(what: String, uri: String, parts: Parts) -> Result<Self> {
        let control = Control::start(parts)?;
        Ok(Self { what, uri, control: Some(control) })
    }
}
