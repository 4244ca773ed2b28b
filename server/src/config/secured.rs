//! What the options say about TLS of the server's own.

use std::path::PathBuf;

use anyhow::ensure;

use crate::tls::{AcmeSettings, TlsFiles};

/// The options as they were given.
pub(super) struct Asked<'a> {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) leads_here: bool,
    pub(super) names: &'a [String],
    pub(super) contacts: &'a [String],
    pub(super) directory: Option<&'a str>,
    pub(super) ca: Option<PathBuf>,
    /// The address people use, if it is told.
    pub(super) public_url: Option<&'a str>,
}

/// Files, or an authority that is asked; never both.
pub(super) struct Secured {
    pub(super) files: Option<TlsFiles>,
    pub(super) acme: Option<AcmeSettings>,
}

impl Secured {
    /// # Errors
    /// A sentence that names the option.
    pub(super) fn read(asked: Asked<'_>) -> anyhow::Result<Self> {
        let files = match (asked.certificate, asked.key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => anyhow::bail!("--tls-cert and --tls-key belong together"),
        };
        let acme = AcmeSettings::parse(asked.names, asked.contacts, asked.directory, asked.ca)?;
        ensure!(
            files.is_none() || acme.is_none(),
            "--tls-cert names a certificate and --acme gets one: choose one of the two"
        );
        let secured = Self { files, acme };
        let leads_nowhere = asked.leads_here && !secured.is_there();
        ensure!(!leads_nowhere, "--tls-redirect leads to TLS of this server: --tls-cert or --acme");
        let is_plain = asked.public_url.is_some_and(|url| url.starts_with("http://"));
        ensure!(
            !secured.is_there() || !is_plain,
            "--public-url is http:// and this server serves https:// (--tls-cert, --acme)"
        );
        Ok(secured)
    }

    pub(super) const fn is_there(&self) -> bool {
        self.files.is_some() || self.acme.is_some()
    }
}
