//! Who opens a connection, as far as that is known before anything is said on it.

use realtime::address::Address;

use crate::auth::Sent;

/// Who may have a connection, before anything is said on it.
pub(super) struct Caller {
    pub(super) credential: Sent,
    pub(super) address: Address,
    /// The application that the address names (`?app=`).
    pub(super) app: Option<String>,
    /// The origin of an application's page, which may connect for that application only.
    pub(super) page: Option<String>,
}
