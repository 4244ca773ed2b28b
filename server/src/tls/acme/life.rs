//! What a certificate says of itself: from when until when it holds, and for which names. Checks no signature.

use std::collections::BTreeSet;

use anyhow::Context as _;
use protocol::Millis;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

/// From when until when a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) from: Millis,
    pub(super) until: Millis,
}

impl Life {
    /// When the next one is due: at two thirds.
    pub(super) const fn due(self) -> Millis {
        self.from.saturating_add(self.until.saturating_sub(self.from) / 3 * 2)
    }

    pub(super) const fn holds(self, now: Millis) -> bool {
        now < self.until
    }
}

/// Reads a certificate.
///
/// # Errors
/// It is none.
pub(super) fn read(certificate: &CertificateDer<'_>) -> anyhow::Result<(Life, BTreeSet<String>)> {
    let read = Certificate::from_der(certificate).context("that is no certificate")?.tbs_certificate;
    let at = |time: Time| Millis::try_from(time.to_unix_duration().as_millis()).unwrap_or(Millis::MAX);
    let life = Life { from: at(read.validity.not_before), until: at(read.validity.not_after) };
    let names = read.get::<SubjectAltName>().context("its names cannot be read")?;
    let names = names.into_iter().flat_map(|(_, names)| names.0);
    let names = names.filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
        _ => None,
    });
    Ok((life, names.collect()))
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;

    use super::{Life, read};

    #[test]
    fn the_next_one_is_due_at_two_thirds() {
        let life = Life { from: 1_000, until: 91_000 };
        assert_eq!(life.due(), 61_000);
        assert!(life.holds(90_999) && !life.holds(91_000));
        let strange = Life { from: 9, until: 3 };
        assert_eq!((strange.due(), strange.holds(5)), (9, false));
    }

    #[test]
    fn names_and_times_are_read() {
        let pem = include_bytes!("../../../tests/keys/tls.crt.pem");
        let (life, names) = read(&CertificateDer::from_pem_slice(pem).expect("is one")).expect("can be read");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["localhost"]);
        assert_eq!((life.until - life.from) / 86_400_000, 36_500);
        read(&CertificateDer::from_slice(b"none")).expect_err("is none");
    }
}
