//! Who is an operator at this moment. The two files are read again when they change; one that cannot be read lets nobody in.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::admin::OperatorToken;
use protocol::{Millis, Username};

use super::operators::{self, Operator};
use super::rates::Rates;
use super::session::Signing;
use super::signed_out::SignedOut;
use super::token_file::TokenHash;
use crate::config::Config;
use crate::keys::Keys;

/// See the module.
#[derive(Debug)]
pub struct Desk {
    operators: Reread<Vec<Operator>>,
    token: Option<Reread<TokenHash>>,
    signing: Signing,
    signed_out: SignedOut,
    keys: Keys,
    /// What has happened lately.
    pub(super) rates: Rates,
}

/// Who did something, as the log names them: an operator's name is no person's of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// Somebody in the file.
    Operator(String),
    /// Whoever holds the token.
    Token,
}

impl Who {
    /// As the log and the page name them.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Operator(name) => name,
            Self::Token => "(token)",
        }
    }
}

impl Desk {
    /// With the files of a configuration.
    ///
    /// # Errors
    /// A sentence, where one of them is there and not good.
    pub fn open(config: &Config, keys: Keys) -> anyhow::Result<Self> {
        let operators = Reread::new(operators::file_of(&config.data_dir), |file| {
            operators::read(file).map(|list| Some(list).filter(|list| !list.is_empty()))
        })?;
        let read_token = |file: &Path| TokenHash::read(file).map(Some);
        let token = config.admin_token_file.clone().map(|file| Reread::new(file, read_token)).transpose()?;
        let (signing, signed_out) = (Signing::new(keys.operators()), SignedOut::default());
        Ok(Self { operators, token, signing, signed_out, keys, rates: Rates::default() })
    }

    /// Whether there is any operator. Reads files that have changed.
    pub(super) async fn is_open(&self) -> bool {
        self.operators.now().await.is_some() || self.token_hash().await.is_some()
    }

    async fn token_hash(&self) -> Option<Arc<TokenHash>> {
        match &self.token {
            Some(token) => token.now().await,
            None => None,
        }
    }

    /// The operator of a name.
    pub(super) async fn find(&self, name: &Username) -> Option<Operator> {
        operators::find(&self.operators.now().await?, name).cloned()
    }

    /// Signs one in whose password was right.
    pub(super) fn sign_in(&self, operator: &Operator, now: Millis) -> OperatorToken {
        self.signing.issue(operator, self.keys.operator_mark(&operator.phc), now)
    }

    /// Whose session a token is, if it is one.
    pub(super) async fn session(&self, token: &str, now: Millis) -> Option<Who> {
        let claimed = self.signing.read(token, now).filter(|_| !self.signed_out.has(token))?;
        let operator = self.find(&Username::known(&claimed.name)?).await?;
        let stands = self.keys.operator_mark(&operator.phc) == claimed.mark;
        stands.then(|| Who::Operator(operator.name.as_str().to_owned()))
    }

    /// Ends a session before its time.
    pub(super) fn sign_out(&self, token: &str, now: Millis) {
        if let Some(claimed) = self.signing.read(token, now) {
            self.signed_out.note(token, claimed.ends_at, now);
        }
    }

    /// Who sends a bearer token.
    pub(super) async fn bearer(&self, token: &str, now: Millis) -> Option<Who> {
        if self.token_hash().await.is_some_and(|hash| hash.is_of(token)) {
            return Some(Who::Token);
        }
        self.session(token, now).await
    }
}

/// When a file was written, its length and which it is: to be compared and nothing else.
type Stamp = Option<(i64, i64, u64, u64)>;
/// What reads it; `None`: there is nothing in it.
type ReadFile<T> = fn(&Path) -> anyhow::Result<Option<T>>;

/// What is in a file, read again when that has changed.
#[derive(Debug)]
struct Reread<T> {
    file: PathBuf,
    read: ReadFile<T>,
    last: Arc<Mutex<Last<T>>>,
}

#[derive(Debug)]
struct Last<T> {
    stamp: Stamp,
    held: Option<Arc<T>>,
}

impl<T: Send + Sync + 'static> Reread<T> {
    fn new(file: PathBuf, read: ReadFile<T>) -> anyhow::Result<Self> {
        let stamp = stamp(&file);
        let held = read(&file)?.map(Arc::new);
        Ok(Self { file, read, last: Arc::new(Mutex::new(Last { stamp, held })) })
    }

    /// As it is now.
    async fn now(&self) -> Option<Arc<T>> {
        let (file, read, last) = (self.file.clone(), self.read, Arc::clone(&self.last));
        let looking = tokio::task::spawn_blocking(move || {
            let stamp = stamp(&file);
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.stamp != stamp {
                let held = read(&file).unwrap_or_else(|error| {
                    tracing::error!(error = %format!("{error:#}"), "nobody is an operator by this file");
                    None
                });
                *last = Last { stamp, held: held.map(Arc::new) };
            }
            last.held.clone()
        });
        looking.await.ok().flatten()
    }
}

fn stamp(file: &Path) -> Stamp {
    let found = std::fs::metadata(file).ok()?;
    // The time of the change of its rights, too: a file that may be read by others is none.
    Some((found.ctime(), found.ctime_nsec(), found.len(), found.ino()))
}
