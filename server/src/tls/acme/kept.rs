//! What is kept of an authority, in a folder of its own below `acme` in the data folder: the account, and the certificate
//! with its key. For the server's own user alone; no key is formatted.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::folders::{keep_private, make_folder};

/// A chain and its key take a tenth of it.
const BYTES_MAX: u64 = 256 * 1024;

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Kept(PathBuf);

/// An account at the authority.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptAccount {
    /// What the authority was told.
    pub(super) contacts: Vec<String>,
    /// As the library writes them; the key is in them.
    pub(super) credentials: serde_json::Value,
}

impl Kept {
    /// Makes the folder.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn open(folder: PathBuf) -> anyhow::Result<Self> {
        make_folder(&folder)?;
        Ok(Self(folder))
    }

    pub(super) fn certificate_file(folder: &Path) -> PathBuf {
        folder.join("certificate.pem")
    }

    fn account_file(&self) -> PathBuf {
        self.0.join("account.json")
    }

    /// The certificate and its key in PEM, if there are any yet.
    pub(super) fn certificate(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let file = Self::certificate_file(&self.0);
        match std::fs::read(&file) {
            Ok(pem) => Ok(Some(pem)),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    pub(super) fn keep_certificate(&self, pem: &str) -> anyhow::Result<()> {
        let file = Self::certificate_file(&self.0);
        keep_private(&file, pem.as_bytes())
            .with_context(|| format!("cannot write {}: make room or let this user write there", file.display()))
    }

    /// The account, if there is one yet.
    pub(super) fn account(&self) -> anyhow::Result<Option<KeptAccount>> {
        let file = self.account_file();
        let open = match File::open(&file) {
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|_| self.useless_account())?,
        };
        let mode = open.metadata().map_err(|_| self.useless_account())?.permissions().mode();
        ensure!(mode.trailing_zeros() >= 6, "{} can be read by others: run chmod 600 on it", file.display());
        let mut text = Vec::new();
        open.take(BYTES_MAX).read_to_end(&mut text).map_err(|_| self.useless_account())?;
        // What serde says of it may quote it.
        serde_json::from_slice(&text).map_err(|_| self.useless_account()).map(Some)
    }

    /// The file is there, and no account is in it that could be read.
    pub(super) fn useless_account(&self) -> anyhow::Error {
        let file = self.account_file();
        anyhow::anyhow!(
            "the account in {} cannot be read: let this user read it, restore it from a copy, or delete it, and a new one is \
             made",
            file.display()
        )
    }

    pub(super) fn keep_account(&self, account: &KeptAccount) -> anyhow::Result<()> {
        let file = self.account_file();
        let text = serde_json::to_vec(account).context("an account is JSON")?;
        keep_private(&file, &text)
            .with_context(|| format!("cannot write {}: make room or let this user write there", file.display()))
    }

    /// The authority does not know it any more.
    pub(super) fn forget_account(&self) {
        let _ = std::fs::remove_file(self.account_file());
    }
}
