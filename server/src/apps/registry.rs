//! The applications of this server: read from their files, found by name and issuer, read again when the operator asks.
//!
//! An application stays the same [`App`] through a reload; what its file says is a [`Loaded`], and the next look gives the
//! new one. So nobody's connection ends because a file changed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use channels::{AppName, Client, Mistake};
use chat::Monotonic;
use protocol::{Limits, Millis};
use tokio_util::sync::CancellationToken;

use super::files::{Read, read_folder};
use super::lines::Lines;
use super::loaded::Loaded;
use super::repeats::Repeats;
use super::tokens::{self, BadToken};

/// All of them. Cheap to clone.
#[derive(Clone)]
pub struct Applications(Arc<Inner>);

struct Inner {
    folder: Option<PathBuf>,
    limits: Limits,
    lines: Lines,
    /// What their backends have published in the last minute.
    repeats: Repeats,
    known: RwLock<BTreeMap<AppName, Known>>,
}

struct Known {
    /// The file that it was read from.
    file: String,
    app: Arc<App>,
}

/// One application, for as long as there is a file of it.
pub struct App {
    /// What it is called.
    pub name: AppName,
    loaded: RwLock<Arc<Loaded>>,
    /// Its file is gone: its connections end.
    pub gone: CancellationToken,
}

/// Whom a token stands for.
#[derive(Debug)]
pub struct SignedIn {
    /// The user.
    pub client: Client,
    /// When the token ends.
    pub ends_at: Millis,
}

/// What a look through the folder has changed.
#[derive(Debug, Default)]
pub struct Report {
    /// Applications that run now.
    pub running: Vec<AppName>,
    /// Those of which there is no file any more.
    pub gone: Vec<AppName>,
    /// What is wrong. A file with a mistake starts nothing; an application that ran with it before goes on as it was.
    pub mistakes: Vec<Mistake>,
}

impl App {
    /// What its file says now.
    pub fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whom a token stands for, by this application's keys and claims.
    ///
    /// # Errors
    /// Where anything is wrong with it.
    /// See [`Applications::lists_origin_of`].
    pub fn lists_origin(&self, told: &str) -> bool {
        self.loaded().rules.origins().iter().any(|origin| origin.eq_ignore_ascii_case(told))
    }

    /// Whose token it is.
    pub fn authenticate(&self, token: &str, bytes_max: u32, now: Millis) -> Result<SignedIn, BadToken> {
        let loaded = self.loaded();
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        let checked = tokens::check(token, &loaded.token_keys, loaded.rules.issuer(), bytes_max, now)?;
        let client = loaded.rules.client(&checked.claims).map_err(|_| BadToken)?;
        Ok(SignedIn { client, ends_at: checked.ends_at })
    }
}

impl Applications {
    /// Those of a folder; without one there are none.
    pub fn load(folder: Option<&Path>, limits: &Limits) -> Self {
        let inner = Inner {
            folder: folder.map(Path::to_owned),
            limits: limits.clone(),
            lines: Lines::default(),
            repeats: Repeats::new(limits.app_ids_max),
            known: RwLock::default(),
        };
        let applications = Self(Arc::new(inner));
        applications.reload();
        applications
    }

    /// Looks through the folder again, and tells what there is in the log. It blocks while it reads.
    pub fn reload(&self) -> Report {
        let Some(folder) = self.0.folder.as_deref() else {
            return Report::default();
        };
        let read = read_folder(folder, &self.0.lines, &self.0.limits);
        let report = self.take(read);
        for Mistake { file, line, what } in &report.mistakes {
            tracing::error!(file, line, what, "an application's file has a mistake");
        }
        for name in &report.gone {
            tracing::info!(application = name.as_str(), "has no file any more and ends");
        }
        let names: Vec<&str> = report.running.iter().map(AppName::as_str).collect();
        tracing::info!(applications = names.join(" "), mistakes = report.mistakes.len(), "applications are read");
        report
    }

    fn take(&self, Read { good, bad, mistakes, is_unreadable }: Read) -> Report {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *known);
        for (file, loaded) in good {
            let name = loaded.rules.name().clone();
            let app = match before.remove(&name) {
                Some(Known { app, .. }) => {
                    *app.loaded.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
                    app
                }
                None => Arc::new(App {
                    name: name.clone(),
                    loaded: RwLock::new(Arc::new(loaded)),
                    gone: CancellationToken::new(),
                }),
            };
            known.insert(name, Known { file, app });
        }
        let mut gone = Vec::new();
        for (name, kept) in before {
            if is_unreadable || bad.contains(&kept.file) {
                known.insert(name, kept);
            } else {
                kept.app.gone.cancel();
                gone.push(name);
            }
        }
        Report { running: known.keys().cloned().collect(), gone, mistakes }
    }

    /// Each that runs.
    pub fn running(&self) -> Vec<Arc<App>> {
        self.with(|known| known.values().map(|known| Arc::clone(&known.app)).collect())
    }

    /// By its name.
    pub fn find_by_name(&self, name: &str) -> Option<Arc<App>> {
        let name = AppName::parse(name)?;
        self.with(|known| known.get(&name).map(|known| Arc::clone(&known.app)))
    }

    /// By what its tokens say of who made them.
    pub fn find(&self, issuer: &str) -> Option<Arc<App>> {
        self.with(|known| {
            known.values().map(|known| &known.app).find(|app| app.loaded().rules.issuer() == issuer).cloned()
        })
    }

    /// Whether pages of this origin may connect as users of the application of this name.
    pub fn lists_origin_of(&self, name: &str, told: &str) -> bool {
        self.find_by_name(name).is_some_and(|app| app.lists_origin(told))
    }

    /// Whether pages of this origin, as browsers tell it in lower case, may connect as users of an application. They are no
    /// pages of the site: no cookie counts there.
    pub fn lists_origin(&self, told: &str) -> bool {
        self.with(|known| known.values().any(|known| known.app.lists_origin(told)))
    }

    /// Whether an application has this address for plain `WebSockets`.
    pub fn has_plain(&self, path: &str) -> bool {
        self.with(|known| {
            let mut apps = known.values().map(|known| known.app.loaded());
            apps.any(|loaded| loaded.rules.plains().iter().any(|plain| plain.path == path))
        })
    }

    /// Whose token this claims to be: nothing of it is checked yet.
    pub fn of_token(&self, token: &str) -> Option<Arc<App>> {
        if self.with(BTreeMap::is_empty) {
            return None;
        }
        let bytes_max = usize::try_from(self.0.limits.app_token_bytes_max).unwrap_or(usize::MAX);
        self.find(&tokens::claimed_issuer(token, bytes_max)?)
    }

    /// Whether a publication of this name was not told in the last minute; it was from then on.
    pub fn is_first(&self, app: &App, id: &str, now: Monotonic) -> bool {
        self.0.repeats.is_first(&app.name, id, now)
    }

    /// It was not told after all.
    pub fn forget_id(&self, app: &App, id: &str) {
        self.0.repeats.forget(&app.name, id);
    }

    fn with<T>(&self, look: impl FnOnce(&BTreeMap<AppName, Known>) -> T) -> T {
        look(&self.0.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Applications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Applications({})", self.with(BTreeMap::len))
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({})", self.name.as_str())
    }
}

#[cfg(test)]
mod tests;
