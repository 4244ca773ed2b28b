//! Certificates that the server gets by itself from an authority (ACME, RFC 8555), keeps and renews. It answers the
//! authority's challenges by TLS at its own port, or by HTTP where it leads others to TLS.
//!
//! Nothing that fails here ends the server: the certificate before is shown on. A key is never formatted.

mod account;
mod authority;
mod failure;
mod kept;
mod life;
mod order;
mod pace;
mod settings;
mod shown;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use protocol::Millis;
use realtime::clock::{Clock, random};
use tokio::task::spawn_blocking;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use authority::Authority;
use failure::Failure;
use kept::Kept;
use life::Life;
use order::Way;
use pace::Told;
pub use settings::{AcmeSettings, DEFAULT_DIRECTORY};
pub(super) use shown::CHALLENGE;
use shown::Shown;

use super::files::TlsFiles;
use crate::iso_time::iso;

/// Orders one after the other where the authority asks for it.
const AT_ONCE_MAX: usize = 4;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Acme(Arc<Inner>);

struct Inner {
    settings: AcmeSettings,
    authority: Authority,
    kept: Kept,
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
    /// Challenges may be answered by HTTP, too.
    by_http: bool,
}

impl Acme {
    /// With what was kept. `by_http`: whether there is an address without TLS.
    ///
    /// # Errors
    /// A sentence about a file or a folder. A certificate that cannot be used is none.
    pub(super) fn open(settings: &AcmeSettings, data_dir: &Path, by_http: bool) -> anyhow::Result<Self> {
        let authority = Authority::trusting(settings.ca.as_deref())?;
        let kept = Kept::open(settings.folder(data_dir))?;
        let shown = Arc::new(Shown::default());
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec(), CHALLENGE.to_vec()];
        let config = Arc::new(config);
        let acme = Self(Arc::new(Inner { settings: settings.clone(), authority, kept, shown, config, by_http }));
        match acme.0.kept.certificate().and_then(|pem| pem.map(|pem| acme.show(&pem)).transpose()) {
            Ok(None) => {
                tracing::info!("there is no certificate yet: connections are refused until there is one (--acme)");
            }
            Ok(Some(())) => {}
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the certificate that was kept cannot be used: another one is ordered");
            }
        }
        Ok(acme)
    }

    /// Where the certificate of such a server is, for whoever asks it.
    pub(super) fn files(settings: &AcmeSettings, data_dir: &Path) -> TlsFiles {
        let file = Kept::certificate_file(&settings.folder(data_dir));
        TlsFiles { certificate: file.clone(), key: file }
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.config)
    }

    /// Whether what is shown holds.
    pub(super) fn holds(&self, now: Millis) -> bool {
        self.0.shown.life().is_some_and(|life| life.holds(now))
    }

    /// Whether anything can be shown.
    pub(super) fn has_certificate(&self) -> bool {
        self.0.shown.life().is_some()
    }

    /// What is answered to an authority that asks for this token by HTTP.
    pub(super) fn answer(&self, token: &str) -> Option<String> {
        self.0.shown.answer(token)
    }

    /// Orders what is due, until `halt`.
    pub(super) async fn run(self, clock: Clock, halt: CancellationToken) {
        let work = async {
            loop {
                while let Some(ms) = self.wait_ms(clock.wall()) {
                    clock.sleep(ms).await;
                }
                self.obtain(&clock).await;
                clock.sleep(pace::APART_MS).await;
            }
        };
        halt.run_until_cancelled(work).await;
    }

    /// Until it has to be looked again; `None`: a certificate is due.
    fn wait_ms(&self, now: Millis) -> Option<u64> {
        let shown = self.0.shown.current()?;
        pace::wait_ms(shown, now)
    }

    /// Asks until there is one.
    async fn obtain(&self, clock: &Clock) {
        let (mut failures, mut told) = (0, Told::default());
        loop {
            let way = if self.0.by_http && failures % 2 == 1 { Way::Http } else { Way::Tls };
            let failure = match self.attempt(way).await {
                Ok(()) => return,
                Err(failure) => failure,
            };
            failures += 1;
            let [drawn] = random();
            let wait_ms = pace::back_off_ms(failures, drawn);
            let (error, minutes) = (failure.to_string(), wait_ms.div_ceil(60_000));
            let is_news = told.is_news(&failure.sort(), clock.wall());
            let now = if self.has_certificate() { "the one before is used on" } else { "connections are refused" };
            if is_news {
                let todo = failure.what_to_do();
                tracing::error!(
                    error,
                    todo,
                    minutes,
                    "no new certificate: {now}; it is tried again, told when it changes"
                );
            } else {
                tracing::debug!(error, minutes, "no new certificate, as before");
            }
            clock.sleep(wait_ms).await;
        }
    }

    /// One attempt, with as many orders as the authority itself asks for.
    async fn attempt(&self, way: Way) -> Result<(), Failure> {
        let mut tried = 1;
        loop {
            let failure = match self.order(way).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            if failure.is_unknown_account() {
                self.0.kept.forget_account();
            } else if !failure.is_bad_nonce() {
                return Err(failure);
            }
            if tried == AT_ONCE_MAX {
                return Err(failure);
            }
            tried += 1;
        }
    }

    async fn order(&self, way: Way) -> Result<(), Failure> {
        let Inner { settings, authority, kept, shown, .. } = &*self.0;
        let account = account::account(settings, authority, kept).await?;
        let pem = order::order(&account, &settings.names, way, shown).await?;
        let acme = self.clone();
        let used = spawn_blocking(move || acme.take(&pem)).await;
        used.unwrap_or_else(|_| Err(anyhow::anyhow!("the task ended"))).map_err(Failure::File)
    }

    /// Keeps a certificate and shows it. One that cannot be kept is used until the server stops.
    fn take(&self, pem: &str) -> anyhow::Result<()> {
        let (key, life, _) = of_pem(pem.as_bytes()).context("what the authority gives cannot be used")?;
        if let Err(error) = self.0.kept.keep_certificate(pem) {
            let error = format!("{error:#}");
            tracing::error!(error, "the new certificate is used, and another one is ordered at the next start");
        }
        self.0.shown.show(key, life, true);
        tracing::info!(until = iso(life.until), "there is a new certificate");
        Ok(())
    }

    /// Shows what was kept, until there is one for the names of now.
    fn show(&self, pem: &[u8]) -> anyhow::Result<()> {
        let (key, life, names) = of_pem(pem)?;
        let wanted: BTreeSet<_> = self.0.settings.names.iter().cloned().collect();
        self.0.shown.show(key, life, names == wanted);
        Ok(())
    }
}

/// A certificate with its key, and what it says of itself.
fn of_pem(pem: &[u8]) -> anyhow::Result<(CertifiedKey, Life, BTreeSet<String>)> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.context("it has no certificate in PEM")?;
    let secret = PrivateKeyDer::from_pem_slice(pem).context("it has no key in PEM")?;
    let key = CertifiedKey::from_der(chain, secret, &ring::default_provider()).context("they are no pair")?;
    let (life, names) = life::read(key.end_entity_cert()?)?;
    Ok((key, life, names))
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acme(…)")
    }
}
