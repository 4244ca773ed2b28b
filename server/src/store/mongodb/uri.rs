//! The address of a MongoDB server, which may hold a password: it is parsed once and never printed whole.

use std::fmt;

use mongodb::options::ConnectionString;

/// The database where the address names none.
const DATABASE: &str = "whisperspace";

/// `mongodb://…` or `mongodb+srv://…`.
#[derive(Clone, PartialEq, Eq)]
pub struct MongoUri(String);

/// Why an address is none. The address is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAUri {
    /// It does not begin as an address of MongoDB does.
    #[error("the address of a MongoDB server is mongodb://HOST[:PORT][/DATABASE] or mongodb+srv://HOST[/DATABASE]")]
    Form,
    /// It begins like one, but the driver cannot parse it: waiting would not help.
    #[error(
        "a part of that MongoDB address is not valid: its user or password holds a character that has to be \
         percent-encoded, its port is none, or it has an option that the driver does not take"
    )]
    Part,
}

impl MongoUri {
    /// Takes an address that the driver understands. What it means (a host, a certificate's file) shows when it
    /// connects.
    ///
    /// # Errors
    /// [`NotAUri`], which says what one looks like.
    pub fn parse(text: &str) -> Result<Self, NotAUri> {
        let rest = ["mongodb://", "mongodb+srv://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let authority = rest.and_then(|rest| rest.split(['/', '?']).next()).ok_or(NotAUri::Form)?;
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        if hosts.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(NotAUri::Form);
        }
        // Its error may repeat the address, so it is not passed on.
        ConnectionString::parse(text).map_err(|_| NotAUri::Part)?;
        Ok(Self(text.to_owned()))
    }

    /// With everything in it: for the driver only.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// With three stars in place of the password, for a printed configuration.
    pub fn redacted(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return "mongodb://***".to_owned();
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        // Options may hold secrets, too (a key file's password, a token): only the name of the database is shown.
        let path = tail.split('?').next().unwrap_or_default();
        match authority.rsplit_once('@') {
            Some((_, hosts)) => format!("{scheme}://***@{hosts}{path}"),
            None => format!("{scheme}://{authority}{path}"),
        }
    }

    /// The database that is meant.
    pub(super) fn database(parsed: Option<String>) -> String {
        parsed.filter(|name| !name.is_empty()).unwrap_or_else(|| DATABASE.to_owned())
    }
}

impl fmt::Debug for MongoUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MongoUri(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_what_is_none() {
        for good in ["mongodb://h", "mongodb://h:1,i:2/db?replicaSet=r", "mongodb+srv://u:p@h.example/db"] {
            assert!(MongoUri::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "mongodb:", "mongodb://", "mongodb:///db", "mongodb://u:p@/db", "http://h", "mongodb://a b"] {
            assert_eq!(MongoUri::parse(bad), Err(NotAUri::Form), "{bad}");
        }
        for part in ["u:p@ss@h", "u:p/s@h", "u:p%@h", "h:99999", "h/?w=x&journal=maybe", "h/?authMechanism=X"] {
            let uri = format!("mongodb://{part}");
            assert_eq!(MongoUri::parse(&uri), Err(NotAUri::Part), "{uri}");
        }
        assert_eq!(MongoUri::parse("mongodb+srv://h.example:27017/db"), Err(NotAUri::Part));
    }

    #[test]
    fn no_form_of_it_shows_a_password() {
        for (uri, shown) in [
            ("mongodb://user:hunter2@h:1/db?appName=hunter2", "mongodb://***@h:1/db"),
            ("mongodb+srv://user:hunter2@h?authSource=hunter2", "mongodb+srv://***@h"),
            ("mongodb://user:hunt%40hunter2@h/db", "mongodb://***@h/db"),
            ("mongodb://h/db", "mongodb://h/db"),
        ] {
            let uri = MongoUri::parse(uri).unwrap();
            assert_eq!(uri.redacted(), shown);
            assert_eq!(format!("{uri:?}"), "MongoUri(…)");
        }
    }
}
