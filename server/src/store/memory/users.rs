//! Users and their logins, as plain steps on the maps.

use protocol::{Device, Millis, Username};

use super::state::State;
use crate::store::{Account, AccountChange, Login, LoginKey, Result, StoreError, User, UserId};

/// A copy for the caller, the logins in their order.
pub(super) fn as_read(user: &User) -> User {
    let mut user = user.clone();
    user.logins.sort_by_key(|login| login.created_at);
    user
}

impl State {
    pub(super) fn live_user(&mut self, id: UserId, now: Millis) -> Option<&mut User> {
        self.users.get_mut(&id).filter(|user| user.expires_at.is_none_or(|end| now < end))
    }

    pub(super) fn user_by_name(&self, username: &Username) -> Option<User> {
        let id = self.names.get(&username.folded())?;
        self.users.get(id).map(as_read)
    }

    pub(super) fn create_user(&mut self, user: User) -> Result<()> {
        if self.users.contains_key(&user.id) {
            return Err(StoreError::Conflict);
        }
        if let Some(account) = &user.account {
            self.take_name(account, user.id)?;
        }
        self.users.insert(user.id, user);
        Ok(())
    }

    pub(super) fn make_account(&mut self, id: UserId, account: Account, now: Millis) -> Result<()> {
        if self.live_user(id, now).is_none_or(|user| user.account.is_some()) {
            return Err(StoreError::NotFound);
        }
        self.take_name(&account, id)?;
        if let Some(user) = self.users.get_mut(&id) {
            user.account = Some(account);
            user.expires_at = None;
        }
        Ok(())
    }

    pub(super) fn change_account(&mut self, id: UserId, change: AccountChange) -> Result<()> {
        let account = self.users.get_mut(&id).and_then(|user| user.account.as_mut());
        let account = account.ok_or(StoreError::NotFound)?;
        match change {
            AccountChange::PasswordHash(hash) => account.password_hash = hash,
            AccountChange::DisplayName(name) => account.display_name = name,
        }
        Ok(())
    }

    /// Removes the record; its memberships are the caller's to end.
    pub(super) fn remove_user(&mut self, id: UserId) {
        let account = self.users.remove(&id).and_then(|user| user.account);
        if let Some(account) = account {
            self.names.remove(&account.username.folded());
        }
    }

    pub(super) fn add_login(
        &mut self,
        id: UserId,
        login: Login,
        logins_max: u32,
        now: Millis,
    ) -> Result<Vec<LoginKey>> {
        let user = self.live_user(id, now).ok_or(StoreError::NotFound)?;
        if user.logins.iter().any(|other| other.key == login.key) {
            return Err(StoreError::Conflict);
        }
        let mut by_use: Vec<Login> = as_read(user).logins;
        by_use.sort_by_key(|other| other.last_used_at);
        let others_max = usize::try_from(logins_max).unwrap_or(usize::MAX).saturating_sub(1);
        by_use.truncate(by_use.len().saturating_sub(others_max));
        let removed: Vec<LoginKey> = by_use.iter().map(|other| other.key).collect();
        user.logins.retain(|other| !removed.contains(&other.key));
        user.logins.push(login);
        Ok(removed)
    }

    pub(super) fn touch_login(&mut self, id: UserId, key: LoginKey, last_used_at: Millis, now: Millis) -> bool {
        let logins = self.live_user(id, now).map(|user| &mut user.logins);
        let login = logins.into_iter().flatten().find(|login| login.key == key);
        let found = login.is_some();
        if let Some(login) = login {
            login.last_used_at = login.last_used_at.max(last_used_at);
        }
        found
    }

    pub(super) fn name_login(&mut self, id: UserId, key: LoginKey, device: Device, now: Millis) -> bool {
        let logins = self.live_user(id, now).map(|user| &mut user.logins);
        let login = logins.into_iter().flatten().find(|login| login.key == key);
        login.map(|login| login.device = Some(device)).is_some()
    }

    pub(super) fn remove_logins(&mut self, id: UserId, ends: impl Fn(&Login) -> bool) -> Vec<LoginKey> {
        let Some(user) = self.users.get_mut(&id) else {
            return Vec::new();
        };
        let ended = user.logins.iter().filter(|login| ends(login)).map(|login| login.key).collect();
        user.logins.retain(|login| !ends(login));
        ended
    }

    pub(super) fn purge_users(&mut self, now: Millis, logins_before: Millis) -> u64 {
        let expired = self.users.values().filter(|user| user.expires_at.is_some_and(|end| now >= end));
        let expired: Vec<UserId> = expired.map(|user| user.id).collect();
        for id in &expired {
            self.remove_user(*id);
        }
        for user in self.users.values_mut() {
            user.logins.retain(|login| login.last_used_at >= logins_before);
        }
        expired.len() as u64
    }

    pub(super) fn users_page(&self, after: Option<UserId>, users_max: u32) -> Vec<User> {
        let users = self.users.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        users.take(usize::try_from(users_max).unwrap_or(usize::MAX)).map(|(_, user)| as_read(user)).collect()
    }

    fn take_name(&mut self, account: &Account, id: UserId) -> Result<()> {
        let folded = account.username.folded();
        if self.names.contains_key(&folded) {
            return Err(StoreError::Conflict);
        }
        self.names.insert(folded, id);
        Ok(())
    }
}
