//! The files of a certificate and its key. A key is never formatted.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where certificate and key are.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those between it and its authority, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

/// When the two were written, in seconds and nanoseconds: to be compared and nothing else.
pub(super) type Written = [Option<(i64, i64)>; 2];

impl TlsFiles {
    pub(super) fn read(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let chain =
            CertificateDer::pem_file_iter(&self.certificate)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .with_context(|| format!("{certificate} (--tls-cert) has no certificate in PEM that can be read"))?;
        anyhow::ensure!(!chain.is_empty(), "{certificate} (--tls-cert) has no certificate in PEM");
        let secret = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("{key} (--tls-key) has no key in PEM that can be read"))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, secret);
        let mut config = config.with_context(|| format!("{key} is not the key of the certificate {certificate}"))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    pub(super) fn written(&self) -> Written {
        let written = |path: &Path| std::fs::metadata(path).ok().map(|file| (file.mtime(), file.mtime_nsec()));
        [written(&self.certificate), written(&self.key)]
    }

    /// The certificate itself, for whoever asks the server of the same configuration.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn own_certificate(&self) -> anyhow::Result<CertificateDer<'static>> {
        CertificateDer::from_pem_file(&self.certificate)
            .with_context(|| format!("{} cannot be read", self.certificate.display()))
    }
}

impl fmt::Debug for TlsFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsFiles(…)")
    }
}
