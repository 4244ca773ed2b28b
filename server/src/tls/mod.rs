//! TLS of the server's own: certificate and key from files, read again when they change.
//!
//! TLS 1.2 and 1.3 with the suites of rustls, which are those of Mozilla's intermediate list but for the ones with finite
//! fields. Knows no HTTP. A key is never formatted.

mod files;
mod line;
mod redirect;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

pub use files::TlsFiles;
use files::Written;
pub(crate) use line::TlsLine;

use crate::config::Config;

/// Where browsers look, and a proxy in front of a Unix socket is.
const HTTPS: u16 = 443;
/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// TLS as it is configured: what lines are accepted by, and where others are led to it.
#[derive(Debug)]
pub(crate) struct Secured {
    tls: Option<Tls>,
    redirect: Option<TcpListener>,
}

impl Secured {
    /// Reads the files and takes the address.
    ///
    /// # Errors
    /// A sentence that names what cannot be had.
    pub(crate) async fn listen(config: &Config) -> anyhow::Result<Self> {
        let tls = config.tls.as_ref().map(Tls::load).transpose()?;
        let redirect = match config.tls_redirect {
            Some(at) => {
                let listener = TcpListener::bind(at).await;
                Some(listener.with_context(|| format!("cannot listen at {at} (--tls-redirect)"))?)
            }
            None => None,
        };
        Ok(Self { tls, redirect })
    }

    pub(crate) fn tls(&self) -> Option<Tls> {
        self.tls.clone()
    }

    /// Where whoever comes without TLS is led to it.
    pub(crate) fn redirect_at(&self) -> Option<SocketAddr> {
        self.redirect.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Looks after the files and leads others here, until these say so. `port` is that of the pages, where they have one.
    pub(crate) async fn serve(self, port: Option<u16>, stopping: CancellationToken, halt: CancellationToken) {
        let Self { tls, redirect } = self;
        let watching = async {
            if let Some(tls) = tls {
                tls.watch(halt).await;
            }
        };
        let leading = async {
            if let Some(listener) = redirect {
                redirect::redirect(listener, port.unwrap_or(HTTPS), stopping).await;
            }
        };
        tokio::join!(watching, leading);
    }
}

/// What lines are accepted by. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    loaded: RwLock<Loaded>,
}

struct Loaded {
    config: Arc<ServerConfig>,
    /// When the files were written that it was made of.
    written: Written,
}

impl Tls {
    /// # Errors
    /// A sentence that names the file.
    pub fn load(files: &TlsFiles) -> anyhow::Result<Self> {
        // First: what is written meanwhile is looked at again.
        let written = files.written();
        let config = files.read()?;
        Ok(Self(Arc::new(Inner { files: files.clone(), loaded: RwLock::new(Loaded { config, written }) })))
    }

    /// With the certificate in force.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let loaded = self.0.loaded.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded.config).into()
    }

    /// Reads the files again when they were written since the last time, until `halt`.
    pub(crate) async fn watch(self, halt: CancellationToken) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        while halt.run_until_cancelled(every.tick()).await.is_some() {
            let tls = self.clone();
            // A file system may be slow.
            let _ = tokio::task::spawn_blocking(move || tls.look()).await;
        }
    }

    /// One look. Where the new files cannot be used, those before stay in force.
    pub fn look(&self) {
        let written = self.0.files.written();
        if written == self.0.loaded.read().unwrap_or_else(PoisonError::into_inner).written {
            return;
        }
        let read = self.0.files.read();
        let mut loaded = self.0.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.written = written;
        match read {
            Ok(config) => {
                loaded.config = config;
                tracing::info!("the certificate was read again");
            }
            Err(error) => tracing::error!(error = format!("{error:#}"), "the certificate before stays in force"),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}
