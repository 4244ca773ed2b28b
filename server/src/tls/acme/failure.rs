//! Why there is no new certificate, in words for the operator: what happened, and what to do. What an authority says is
//! bounded; the names and addresses in it are the operator's own.

use std::fmt;

use instant_acme::{Error, Problem};

/// Characters of what an authority says.
const TOLD_MAX: usize = 400;

/// See the module.
#[derive(Debug)]
pub(super) enum Failure {
    /// The authority says no.
    Refused(Problem),
    /// It does not answer, or not as it should.
    Unanswered(String),
    /// A file of the server's own.
    File(anyhow::Error),
}

impl Failure {
    /// An authority asks for this to be tried again with another nonce, which says nothing about the order.
    pub(super) fn is_bad_nonce(&self) -> bool {
        self.is("badNonce")
    }

    /// The authority does not know the account that is kept.
    pub(super) fn is_unknown_account(&self) -> bool {
        self.is("accountDoesNotExist")
    }

    fn is(&self, kind: &str) -> bool {
        match self {
            Self::Refused(problem) => kind_of(problem) == kind,
            Self::Unanswered(_) | Self::File(_) => false,
        }
    }

    /// What two failures have in common that are told as one.
    pub(super) fn sort(&self) -> String {
        match self {
            Self::Refused(problem) => kind_of(problem).to_owned(),
            Self::Unanswered(_) | Self::File(_) => self.to_string(),
        }
    }

    /// What the operator can do about it.
    pub(super) fn what_to_do(&self) -> &'static str {
        match self {
            Self::Refused(problem) => match kind_of(problem) {
                "connection" | "dns" | "unauthorized" | "tls" | "incorrectResponse" => {
                    "let each name of --acme resolve to this machine, and port 443 of it lead to --listen without \
                     anything else that speaks TLS between (or port 80 to --tls-redirect)"
                }
                "caa" => "allow this authority in the CAA record of the name",
                "rateLimited" => "wait: the authority limits how often it is asked for these names",
                "rejectedIdentifier" | "unsupportedIdentifier" | "malformed" => {
                    "see whether each name of --acme is one that this authority gives certificates for"
                }
                "invalidContact" | "unsupportedContact" => "give an address that is read as --acme-contact",
                "externalAccountRequired" => {
                    "choose another --acme-directory: this authority takes only accounts that were made on its pages"
                }
                _ => "see what the authority says; it is asked again",
            },
            Self::Unanswered(_) => {
                "see whether this machine reaches the address of --acme-directory (name server, firewall), and whether \
                 --acme-ca is needed to trust it"
            }
            Self::File(_) => "do what it says; it is tried again",
        }
    }
}

/// `badNonce` of `urn:ietf:params:acme:error:badNonce`.
fn kind_of(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
}

/// As much of a text from outside as a log line bears.
fn bounded(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(TOLD_MAX).collect()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::Refused(problem),
            other => Self::Unanswered(other.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => {
                let said = problem.detail.as_deref().unwrap_or("without a word");
                write!(f, "the authority refuses: {} ({})", bounded(said), bounded(kind_of(problem)))?;
                let more = problem.subproblems.first().map(ToString::to_string);
                more.map_or(Ok(()), |more| write!(f, "; {}", bounded(&more)))
            }
            Self::Unanswered(why) => write!(f, "the authority cannot be asked: {}", bounded(why)),
            Self::File(error) => write!(f, "{error:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use instant_acme::Problem;

    use super::{Failure, TOLD_MAX};

    fn refused(kind: &str, detail: &str) -> Failure {
        let kind = Some(format!("urn:ietf:params:acme:error:{kind}"));
        Failure::Refused(Problem { r#type: kind, detail: Some(detail.to_owned()), status: None, subproblems: vec![] })
    }

    #[test]
    fn it_says_what_happened_and_what_to_do() {
        let failure = refused("connection", "192.0.2.1: Connection refused");
        assert_eq!(failure.to_string(), "the authority refuses: 192.0.2.1: Connection refused (connection)");
        assert!(failure.what_to_do().contains("port 443"));
        assert!(refused("rateLimited", "x").what_to_do().starts_with("wait"));
        assert!(refused("somethingNew", "x").what_to_do().contains("asked again"));
        assert!(refused("badNonce", "x").is_bad_nonce() && refused("accountDoesNotExist", "x").is_unknown_account());
        assert!(Failure::Unanswered(String::new()).what_to_do().contains("--acme-ca"));
    }

    #[test]
    fn what_an_authority_says_is_bounded_and_one_line() {
        let told = refused("dns", &format!("a\nb{}", "x".repeat(100_000))).to_string();
        assert!(told.contains(": a bx") && told.chars().count() < TOLD_MAX + 50, "{}", told.len());
    }
}
