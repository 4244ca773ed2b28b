//! TLS of the server's own: certificate and key from files, read again when they change, or from an authority that is asked
//! for them ([`acme`]).
//!
//! TLS 1.2 and 1.3 with the suites of rustls, which are those of Mozilla's intermediate list but for the ones with finite
//! fields. Knows no HTTP. A key is never formatted.

mod acme;
mod files;
mod line;
mod redirect;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use protocol::Millis;
use realtime::clock::Clock;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use acme::Acme;
pub use acme::{AcmeSettings, DEFAULT_DIRECTORY};
pub use files::TlsFiles;
use files::Written;
pub(crate) use line::TlsLine;

use crate::abortable_stream::AbortableStream;
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
        let by_http = config.tls_redirect.is_some();
        let tls = match (&config.tls, &config.acme) {
            (Some(files), _) => Some(Tls::load(files)?),
            (None, Some(settings)) => {
                let acme = Acme::open(settings, &config.data_dir, by_http)?;
                Some(Tls(Arc::new(Source::Acme(acme))))
            }
            (None, None) => None,
        };
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

    /// Looks after the certificate and leads others here, until these say so. `port` is that of the pages, where they have
    /// one.
    pub(crate) async fn serve(
        self,
        port: Option<u16>,
        clock: Clock,
        stopping: CancellationToken,
        halt: CancellationToken,
    ) {
        let Self { tls, redirect } = self;
        let acme = tls.as_ref().and_then(Tls::acme).cloned();
        let watching = async {
            if let Some(tls) = tls {
                tls.watch(clock, halt).await;
            }
        };
        let leading = async {
            if let Some(listener) = redirect {
                redirect::redirect(listener, port.unwrap_or(HTTPS), acme, stopping).await;
            }
        };
        tokio::join!(watching, leading);
    }
}

/// The certificate that a server of this configuration shows, for whoever asks it; `None`: it has no TLS of its own.
pub(crate) fn files_shown(config: &Config) -> Option<TlsFiles> {
    let kept = || config.acme.as_ref().map(|settings| Acme::files(settings, &config.data_dir));
    config.tls.clone().or_else(kept)
}

/// What lines are accepted by. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<Source>);

/// Where the certificate comes from.
enum Source {
    Files(Watched),
    Acme(Acme),
}

struct Watched {
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
        let loaded = RwLock::new(Loaded { config, written });
        Ok(Self(Arc::new(Source::Files(Watched { files: files.clone(), loaded }))))
    }

    fn acme(&self) -> Option<&Acme> {
        match &*self.0 {
            Source::Acme(acme) => Some(acme),
            Source::Files(_) => None,
        }
    }

    /// Whether there is a certificate, and one that has not run out, as far as it is the server's business to get one.
    pub(crate) fn is_ready(&self, now: Millis) -> bool {
        self.acme().is_none_or(|acme| acme.holds(now))
    }

    /// Agrees on keys, by the certificate in force. Nobody is left on the line where it broke, or where an authority looked
    /// for its challenge, which is all it came for.
    pub(crate) async fn accept(&self, line: AbortableStream) -> Option<TlsStream<AbortableStream>> {
        let config = match &*self.0 {
            Source::Files(watched) => watched.config(),
            Source::Acme(acme) => acme.config(),
        };
        // Who speaks no TLS, or another version of it, is told so by its own rules.
        let mut line = TlsAcceptor::from(config).accept(line).await.ok()?;
        if line.get_ref().1.alpn_protocol() == Some(acme::CHALLENGE) {
            let _ = line.shutdown().await;
            return None;
        }
        Some(line)
    }

    /// Sees to it that the certificate is a current one, until `halt`.
    async fn watch(self, clock: Clock, halt: CancellationToken) {
        if let Some(acme) = self.acme() {
            return acme.clone().run(clock, halt).await;
        }
        let mut every = tokio::time::interval(LOOK_EVERY);
        while halt.run_until_cancelled(every.tick()).await.is_some() {
            let tls = self.clone();
            // A file system may be slow.
            let _ = tokio::task::spawn_blocking(move || tls.look()).await;
        }
    }

    /// One look at files, where there are any. Where the new ones cannot be used, those before stay in force.
    pub fn look(&self) {
        match &*self.0 {
            Source::Files(watched) => watched.look(),
            Source::Acme(_) => {}
        }
    }
}

impl Watched {
    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner).config)
    }

    fn look(&self) {
        let written = self.files.written();
        if written == self.loaded.read().unwrap_or_else(PoisonError::into_inner).written {
            return;
        }
        let read = self.files.read();
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
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
