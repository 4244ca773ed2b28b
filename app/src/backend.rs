//! What a page may ask of the server while it is rendered. The server implements it; this crate knows no store.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::api::RoomView;
use protocol::{ErrorCode, Me, RoomCode};

use crate::boot::Theme;

/// The questions a page asks, answered for the person whose request is being rendered.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The room as this person may see it.
    ///
    /// # Errors
    /// [`ErrorCode::RoomNotFound`], or why the store can't tell.
    async fn room(&self, code: RoomCode) -> Result<RoomView, ErrorCode>;
}

/// What the server knows about one page request, provided as context for each render.
///
/// There is none while the list of routes is made.
#[derive(Clone)]
pub struct PageContext {
    /// Who asks, where a login came along.
    pub me: Option<Me>,
    /// What the cookie says.
    pub theme: Theme,
    /// Answers with the asker's identity inside.
    pub backend: Arc<dyn Backend>,
}

impl std::fmt::Debug for PageContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageContext(…)")
    }
}
