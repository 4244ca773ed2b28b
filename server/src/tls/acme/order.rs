//! One order of a certificate: the authority names challenges, this server answers them, the authority looks, and gives the
//! certificate. Knows no file and no clock but the time that an order may take.

use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeHandle, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::failure::Failure;
use super::shown::Shown;

/// For a whole order.
const PATIENCE: Duration = Duration::from_mins(5);
/// How an authority is asked whether it has looked.
const ASKING: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).backoff(1.5).timeout(Duration::from_secs(90));

/// How a name is shown to be this server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By TLS at the server's own port (TLS-ALPN-01).
    Tls,
    /// By HTTP at the port of `--tls-redirect` (HTTP-01).
    Http,
}

/// The chain, and behind it its key, in PEM.
pub(super) async fn order(account: &Account, names: &[String], way: Way, shown: &Shown) -> Result<String, Failure> {
    let ordered = timeout(PATIENCE, begin(account, names, way, shown)).await;
    shown.forget_challenges();
    ordered.unwrap_or_else(|_| Err(Failure::Unanswered("the order took too long".to_owned())))
}

async fn begin(account: &Account, names: &[String], way: Way, shown: &Shown) -> Result<String, Failure> {
    let identifiers: Vec<_> = names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Invalid
            | AuthorizationStatus::Revoked
            | AuthorizationStatus::Expired
            | AuthorizationStatus::Deactivated => return Err(unexpected("an authorization that is over")),
        }
        let kind = match way {
            Way::Tls => ChallengeType::TlsAlpn01,
            Way::Http => ChallengeType::Http01,
        };
        let challenge = authorization.challenge(kind);
        let mut challenge = challenge.ok_or_else(|| unexpected("no challenge that this server can answer"))?;
        answer(&challenge, way, shown)?;
        challenge.set_ready().await?;
    }
    if order.poll_ready(&ASKING).await? == OrderStatus::Invalid {
        return Err(why(&mut order).await?);
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&ASKING).await?;
    Ok(format!("{}\n{key}", chain.trim_end()))
}

/// From now on this server has the answer.
fn answer(challenge: &ChallengeHandle<'_>, way: Way, shown: &Shown) -> Result<(), Failure> {
    let secret = challenge.key_authorization();
    match way {
        Way::Http => shown.answer_by_http(challenge.token.clone(), secret.as_str().to_owned()),
        Way::Tls => {
            let name = challenge.identifier().to_string();
            let key = proof(&name, secret.digest().as_ref())
                .map_err(|error| Failure::Unanswered(format!("a certificate for its challenge failed: {error:#}")))?;
            shown.answer_by_tls(name, key);
        }
    }
    Ok(())
}

/// The certificate that answers TLS-ALPN-01: of the name alone, with the digest in it (RFC 8737).
fn proof(name: &str, digest: &[u8]) -> anyhow::Result<CertifiedKey> {
    anyhow::ensure!(digest.len() == 32, "a digest has 32 bytes");
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not checked as others are: its extension is one that no client has to know.
    Ok(CertifiedKey::new(vec![certificate.der().clone()], ring::sign::any_supported_type(&key)?))
}

/// What the authority did not like, where the order itself does not say it.
async fn why(order: &mut Order) -> Result<Failure, Error> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let error = authorization.refresh().await?.challenges.iter().find_map(|challenge| challenge.error.clone());
        if let Some(problem) = error {
            return Ok(Failure::Refused(problem));
        }
    }
    Ok(unexpected("an order that is invalid, without saying why"))
}

fn unexpected(what: &str) -> Failure {
    Failure::Unanswered(format!("it answers with {what}"))
}

#[cfg(test)]
mod tests {
    use super::proof;
    use crate::tls::acme::life;

    #[test]
    fn a_proof_is_a_certificate_of_the_name_alone_with_the_digest_in_it() {
        let key = proof("chat.example", &[7; 32]).expect("can be made");
        let certificate = &key.cert[0];
        let (_, names) = life::read(certificate).expect("is a certificate");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["chat.example"]);
        // id-pe-acmeIdentifier, critical, an octet string of 32 bytes within one of 34.
        let extension = [&[6, 8, 43, 6, 1, 5, 5, 7, 1, 31, 1, 1, 255, 4, 34, 4, 32][..], &[7; 32]].concat();
        assert!(certificate.windows(extension.len()).any(|part| part == extension));
        proof("chat.example", &[7; 31]).expect_err("is no digest");
    }
}
