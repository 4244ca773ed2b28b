//! Where the engine is, as an operator says it. An address may hold a password: it is never shown.

use redis::{Client, IntoConnectionInfo as _, ProtocolVersion, TlsCertificates};

const PEM_BEGINS: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The address of a Redis or Valkey server.
#[derive(Clone)]
pub struct RedisAddress {
    client: Client,
    shown: String,
    text: String,
}

/// Why an address is none, in a sentence that does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAddress {
    /// Another scheme, or several hosts.
    #[error(
        "--broker takes redis://HOST:PORT or rediss://HOST:PORT of one Redis or Valkey server, with USER:PASSWORD@ where \
         it wants them; addresses of sentinels and clusters are not taken: give the address of the primary"
    )]
    Shape,
    /// What the client would not take.
    #[error("--broker is no address of a Redis server")]
    Unusable,
    /// An authority for a line without TLS, or none at all.
    #[error("--broker-ca takes a file of certificates in PEM, and a --broker that begins with rediss://")]
    Authority,
}

impl RedisAddress {
    /// Reads what `--broker` takes.
    ///
    /// # Errors
    /// See [`NoAddress`].
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(NoAddress::Shape)?;
        let hosts = rest.split(['/', '?']).next().unwrap_or_default();
        let hosts = hosts.rsplit('@').next().unwrap_or_default();
        if !matches!(scheme, "redis" | "rediss") || hosts.is_empty() || hosts.contains(',') {
            return Err(NoAddress::Shape);
        }
        let info = text.into_connection_info().map_err(|_| NoAddress::Unusable)?;
        // Pushes come on the line of the commands, so that the two are lost together.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings)).map_err(|_| NoAddress::Unusable)?;
        Ok(Self { client, shown: format!("{scheme}://{hosts}"), text: text.to_owned() })
    }

    /// The same, where the server's certificate is to be of one of these authorities (PEM) and of no other.
    ///
    /// # Errors
    /// [`NoAddress::Authority`].
    pub fn trusting(self, authorities: &[u8]) -> Result<Self, NoAddress> {
        if !authorities.windows(PEM_BEGINS.len()).any(|window| window == PEM_BEGINS) {
            return Err(NoAddress::Authority);
        }
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(authorities.to_vec()) };
        let client = Client::build_with_tls(self.client.get_connection_info().clone(), certificates);
        Ok(Self { client: client.map_err(|_| NoAddress::Authority)?, ..self })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Without user, password and database.
    pub fn redacted(&self) -> &str {
        &self.shown
    }
}

impl PartialEq for RedisAddress {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for RedisAddress {}

impl std::fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisAddress(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_is_taken_and_its_password_never_shown() {
        let address = RedisAddress::parse("rediss://sam:s3cret@redis.example:6380/2").expect("is one");
        assert_eq!(address.redacted(), "rediss://redis.example:6380");
        assert!(!format!("{address:?}").contains("s3cret"));
        for wrong in ["", "redis", "redis://", "redis://a:1,b:2", "redis+sentinel://a:1/main", "http://a:1"] {
            assert_eq!(RedisAddress::parse(wrong), Err(NoAddress::Shape), "{wrong}");
        }
        assert_eq!(RedisAddress::parse("redis://a:port"), Err(NoAddress::Unusable));
    }

    #[test]
    fn an_authority_is_a_certificate_and_for_tls() {
        let authority = include_bytes!("../../../../tests/keys/tls.crt.pem");
        let secure = RedisAddress::parse("rediss://a:1").expect("is one");
        assert_eq!(secure.clone().trusting(authority), Ok(secure.clone()));
        assert_eq!(secure.trusting(b"no certificate"), Err(NoAddress::Authority));
        let plain = RedisAddress::parse("redis://a:1").expect("is one");
        assert_eq!(plain.trusting(authority), Err(NoAddress::Authority));
    }
}
