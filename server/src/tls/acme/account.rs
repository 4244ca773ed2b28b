//! The account at an authority: the one that is kept, which is told what has changed, or a new one.

use instant_acme::{Account, AccountCredentials, NewAccount};
use tokio::task::spawn_blocking;

use super::authority::Authority;
use super::failure::Failure;
use super::kept::{Kept, KeptAccount};
use super::settings::AcmeSettings;

/// Whoever gives `--acme` agrees to the terms of the authority, as the option says.
pub(super) async fn account(settings: &AcmeSettings, authority: &Authority, kept: &Kept) -> Result<Account, Failure> {
    let builder = Account::builder_with_http(Box::new(authority.clone()));
    let contacts: Vec<_> = settings.contacts.iter().map(String::as_str).collect();
    let folder = kept.clone();
    let Some(known) = on_disk(move || folder.account()).await? else {
        let new = NewAccount { contact: &contacts, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder.create(&new, settings.directory.to_string(), None).await?;
        let credentials = serde_json::to_value(&credentials).map_err(|error| Failure::File(error.into()))?;
        keep(kept, KeptAccount { contacts: settings.contacts.clone(), credentials }).await?;
        return Ok(account);
    };
    let credentials: AccountCredentials =
        serde_json::from_value(known.credentials.clone()).map_err(|_| Failure::File(kept.useless_account()))?;
    let account = builder.from_credentials(credentials).await?;
    if known.contacts != settings.contacts {
        account.update_contacts(&contacts).await?;
        keep(kept, KeptAccount { contacts: settings.contacts.clone(), ..known }).await?;
    }
    Ok(account)
}

async fn keep(kept: &Kept, account: KeptAccount) -> Result<(), Failure> {
    let kept = kept.clone();
    on_disk(move || kept.keep_account(&account)).await
}

/// A disk may be slow.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> Result<T, Failure> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(anyhow::anyhow!("the server stops"))).map_err(Failure::File)
}
