//! What an operator says about certificates by ACME. Reads no file and asks nobody.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use axum::http::Uri;
use tokio_rustls::rustls::pki_types::ServerName;

/// Where certificates come from when nobody says otherwise: Let's Encrypt.
pub const DEFAULT_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Names in one certificate, as Let's Encrypt has it.
const NAMES_MAX: usize = 100;
/// Ways to reach the operator.
const CONTACTS_MAX: usize = 10;

/// For which names, and from which authority.
#[derive(Clone, PartialEq, Eq)]
pub struct AcmeSettings {
    /// In lower case; there is one at least.
    pub(super) names: Vec<String>,
    pub(super) contacts: Vec<String>,
    pub(super) directory: Uri,
    /// Certificates in PEM that vouch for the authority, instead of the common ones.
    pub(super) ca: Option<PathBuf>,
}

impl AcmeSettings {
    /// Reads the options; `None` where no name is given.
    ///
    /// # Errors
    /// A sentence that names the option.
    pub fn parse(
        names: &[String],
        contacts: &[String],
        directory: Option<&str>,
        ca: Option<PathBuf>,
    ) -> anyhow::Result<Option<Self>> {
        if names.is_empty() {
            let is_alone = contacts.is_empty() && directory.is_none() && ca.is_none();
            ensure!(is_alone, "--acme-contact, --acme-directory and --acme-ca belong to --acme NAME");
            return Ok(None);
        }
        ensure!(names.len() <= NAMES_MAX, "--acme takes {NAMES_MAX} names at most");
        let mut read: Vec<String> = Vec::with_capacity(names.len());
        for given in names {
            let name = name(given)?;
            if !read.contains(&name) {
                read.push(name);
            }
        }
        ensure!(contacts.len() <= CONTACTS_MAX, "--acme-contact may be given {CONTACTS_MAX} times at most");
        for contact in contacts {
            let address = contact.strip_prefix("mailto:").filter(|address| address.contains('@'));
            ensure!(address.is_some(), "--acme-contact takes an address such as mailto:admin@example.org");
        }
        let directory: Uri = directory.unwrap_or(DEFAULT_DIRECTORY).parse().context("--acme-directory")?;
        let is_secure = directory.scheme_str() == Some("https") && directory.host().is_some();
        ensure!(is_secure, "--acme-directory takes an address that begins with https://");
        Ok(Some(Self { names: read, contacts: contacts.to_vec(), directory, ca }))
    }

    /// As they were given.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn contacts(&self) -> &[String] {
        &self.contacts
    }

    pub(crate) fn directory(&self) -> String {
        self.directory.to_string()
    }

    pub(crate) fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// What this authority's files are kept below: one that is only tried leaves nothing to another.
    pub(super) fn folder(&self, data_dir: &Path) -> PathBuf {
        let path = self.directory.path().trim_matches('/');
        let authority = self.directory.authority().map_or("", |authority| authority.as_str());
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let name: String = format!("{authority}/{path}").chars().map(plain).collect();
        data_dir.join("acme").join(name.trim_matches(['-', '.']))
    }
}

/// A name that an authority can look up and ask at.
fn name(given: &str) -> anyhow::Result<String> {
    let name = given.trim().to_ascii_lowercase();
    ensure!(!name.contains('*'), "--acme takes no wildcard such as '{given}': list each name");
    let is_known = matches!(ServerName::try_from(name.as_str()), Ok(ServerName::DnsName(_)));
    ensure!(
        is_known && name.contains('.') && !name.ends_with('.'),
        "--acme takes names such as chat.example.org (international ones as xn--…), not '{given}'"
    );
    Ok(name)
}

impl fmt::Debug for AcmeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AcmeSettings(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::AcmeSettings;

    fn parse(names: &[&str], contacts: &[&str], directory: Option<&str>) -> anyhow::Result<Option<AcmeSettings>> {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        AcmeSettings::parse(&owned(names), &owned(contacts), directory, None)
    }

    #[test]
    fn names_are_those_that_can_be_looked_up() {
        let settings = parse(&["Chat.Example", " www.chat.example", "chat.example"], &["mailto:a@b.example"], None);
        let settings = settings.expect("are names").expect("there are names");
        assert_eq!(settings.names, ["chat.example", "www.chat.example"]);
        for wrong in ["*.example.org", "localhost", "192.0.2.1", "[::1]", "a b.example", "", "x..example", "a.example."]
        {
            assert!(parse(&[wrong], &[], None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_belongs_to_no_name_or_cannot_be_used_is_named() {
        for (names, contacts, directory, told) in [
            (&[][..], &["mailto:a@b.example"][..], None, "belong to --acme"),
            (&["a.example"], &["a@b.example"], None, "--acme-contact"),
            (&["a.example"], &[], Some("http://ca.example/directory"), "https://"),
            (&["a.example"], &[], Some("ca example"), "--acme-directory"),
        ] {
            let error = parse(names, contacts, directory).expect_err(told);
            assert!(format!("{error:#}").contains(told), "{error:#}");
        }
        assert!(parse(&[], &[], None).expect("nothing is asked for").is_none());
    }

    #[test]
    fn each_authority_has_a_folder_of_its_own() {
        for (directory, folder) in [
            (None, "data/acme/acme-v02.api.letsencrypt.org-directory"),
            (Some("https://localhost:14000/dir"), "data/acme/localhost-14000-dir"),
            (Some("https://ca.example/../a/b/"), "data/acme/ca.example-..-a-b"),
        ] {
            let settings = parse(&["a.example"], &[], directory).expect("is valid").expect("has a name");
            assert_eq!(settings.folder(Path::new("data")), PathBuf::from(folder));
        }
    }
}
