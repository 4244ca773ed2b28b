//! What is shown to whoever opens a line, and to an authority that looks whether the names are really this server's: the
//! certificate in force, and for a moment what answers a challenge. A key is never formatted.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::life::Life;

/// The protocol of an authority that looks for its challenge (RFC 8737).
pub(in crate::tls) const CHALLENGE: &[u8] = b"acme-tls/1";

/// See the module.
#[derive(Default)]
pub(super) struct Shown {
    certificate: RwLock<Option<Certificate>>,
    challenges: RwLock<Challenges>,
    /// Somebody was refused because there is no certificate, and that was told.
    refused: AtomicBool,
}

#[derive(Clone)]
struct Certificate {
    key: Arc<CertifiedKey>,
    life: Life,
    /// It is for the names that are wanted now.
    is_wanted: bool,
}

/// Of one order, so there are no more than it has names.
#[derive(Default)]
struct Challenges {
    /// What is shown by name.
    by_tls: Vec<(String, Arc<CertifiedKey>)>,
    /// What is answered by token.
    by_http: Vec<(String, String)>,
}

impl Shown {
    /// From now on this certificate.
    pub(super) fn show(&self, key: CertifiedKey, life: Life, is_wanted: bool) {
        let certificate = Certificate { key: Arc::new(key), life, is_wanted };
        *self.certificate.write().unwrap_or_else(PoisonError::into_inner) = Some(certificate);
        self.refused.store(false, Ordering::Relaxed);
    }

    /// The life of the certificate in force.
    pub(super) fn life(&self) -> Option<Life> {
        self.certificate.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|certificate| certificate.life)
    }

    /// The same, where it is for all names that are wanted and no others.
    pub(super) fn current(&self) -> Option<Life> {
        let certificate = self.certificate.read().unwrap_or_else(PoisonError::into_inner);
        certificate.as_ref().filter(|certificate| certificate.is_wanted).map(|certificate| certificate.life)
    }

    pub(super) fn answer_by_tls(&self, name: String, key: CertifiedKey) {
        let mut challenges = self.challenges.write().unwrap_or_else(PoisonError::into_inner);
        challenges.by_tls.push((name, Arc::new(key)));
    }

    pub(super) fn answer_by_http(&self, token: String, answer: String) {
        self.challenges.write().unwrap_or_else(PoisonError::into_inner).by_http.push((token, answer));
    }

    /// What is answered for a token that an authority asks for.
    pub(super) fn answer(&self, token: &str) -> Option<String> {
        let challenges = self.challenges.read().unwrap_or_else(PoisonError::into_inner);
        challenges.by_http.iter().find(|(known, _)| known == token).map(|(_, answer)| answer.clone())
    }

    /// The order is over.
    pub(super) fn forget_challenges(&self) {
        *self.challenges.write().unwrap_or_else(PoisonError::into_inner) = Challenges::default();
    }

    fn challenge(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let challenges = self.challenges.read().unwrap_or_else(PoisonError::into_inner);
        challenges.by_tls.iter().find(|(known, _)| known == name).map(|(_, key)| Arc::clone(key))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|offered| offered.eq([CHALLENGE])) {
            return self.challenge(&hello.server_name()?.to_ascii_lowercase());
        }
        let certificate = self.certificate.read().unwrap_or_else(PoisonError::into_inner).clone();
        if certificate.is_none() && !self.refused.swap(true, Ordering::Relaxed) {
            tracing::warn!("connections are refused: there is no certificate yet");
        }
        certificate.map(|certificate| certificate.key)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}
