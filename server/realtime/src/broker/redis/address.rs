//! Where the engine is, as an operator says it. An address may hold a password: it is never shown.

use redis::{Client, IntoConnectionInfo as _, ProtocolVersion};

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
}
