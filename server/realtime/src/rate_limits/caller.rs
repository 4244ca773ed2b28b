//! Who is counted: the user where one is known, and the address that everybody behind it shares.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::identity::UserId;

/// Somebody who asks for something that is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Who it is, where there is a login.
    pub user: Option<UserId>,
    /// Where from.
    pub address: Address,
    /// Whether another site's page led here: it may lead there again and again, at its reader's expense.
    pub followed: bool,
}

impl Caller {
    /// A user, by what only a program or a page of this site sends.
    pub const fn user(user: UserId, address: Address) -> Self {
        Self { user: Some(user), address, followed: false }
    }
}
