//! argon2id for passwords and PINs: off the runtime, as many at once as there are cores, with a short queue.
//!
//! Each works in memory that goes back to the system with it (`blocks.rs`), so the process holds as much of it as there
//! are secrets being hashed. A secret that nothing is known of costs the same as one that is: answers do not tell by
//! their time who exists.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use protocol::ErrorCode;
use tokio::sync::Semaphore;

use super::blocks::Blocks;
use crate::error::ApiError;
use realtime::clock::random;

/// 19 MiB, two passes, one lane: the first choice of OWASP's password storage cheat sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const OUTPUT_BYTES: usize = 32;

/// A well-formed hash of the same cost that no secret is known to have.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdC4uLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Secrets that may wait, for each one that can be hashed at once: about a second of work.
const WAITING_PER_PERMIT: usize = 24;
/// When to come back after the queue was full.
const RETRY_MS: u64 = 2_000;

#[derive(Debug)]
pub(super) struct Hashing {
    /// One for each secret being hashed or waiting for it.
    places: Arc<Semaphore>,
    permits: Arc<Semaphore>,
}

impl Hashing {
    pub(super) fn new(permits: usize) -> Self {
        let permits = permits.max(1);
        Self {
            places: Arc::new(Semaphore::new(permits * (1 + WAITING_PER_PERMIT))),
            permits: Arc::new(Semaphore::new(permits)),
        }
    }

    pub(super) async fn hash(&self, secret: Vec<u8>) -> Result<String, ApiError> {
        let salt = random::<16>();
        self.run(move || hash(&secret, &salt)).await?
    }

    pub(super) async fn verify(&self, secret: Vec<u8>, phc: Option<&str>) -> Result<bool, ApiError> {
        let known = phc.is_some();
        let phc = phc.unwrap_or(NOBODYS).to_owned();
        let equal = self.run(move || fits(&secret, &phc)).await??;
        Ok(equal && known)
    }

    /// The permit moves into the work: if the caller hangs up, the place is free only when the hash is done.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let overloaded = |_| ApiError::after(ErrorCode::Overloaded, RETRY_MS);
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(overloaded)?;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| ErrorCode::Internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Hashing copies the secret to the stack, in blocks.
            forgetting::clear_stack();
            drop((permit, place));
            done
        });
        done.await.map_err(|_| ErrorCode::Internal.into())
    }
}

/// The PHC string of a secret's hash.
pub(super) fn hash(secret: &[u8], salt: &[u8]) -> Result<String, ApiError> {
    let broken = |_| ApiError::from(ErrorCode::Internal);
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| ErrorCode::Internal)?;
    let salt = Salt::new(salt).map_err(|_| ErrorCode::Internal)?;
    let phc = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params).map_err(broken)?,
        salt: Some(salt),
        hash: Some(digest(&Argon2::new(algorithm, version, params), secret, &salt, OUTPUT_BYTES)?),
    };
    Ok(phc.to_string())
}

/// Whether a secret has this hash, by the algorithm and the cost that the hash names. A malformed hash matches no
/// secret.
fn fits(secret: &[u8], phc: &str) -> Result<bool, ApiError> {
    let Some((argon2, salt, expected)) = read(phc) else { return Ok(false) };
    // Compared in constant time.
    Ok(digest(&argon2, secret, &salt, expected.len())? == expected)
}

fn read(phc: &str) -> Option<(Argon2<'static>, Salt, Output)> {
    let phc = PasswordHash::new(phc).ok()?;
    let algorithm = Algorithm::try_from(phc.algorithm.as_str()).ok()?;
    let version = phc.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
    let params = Params::try_from(&phc).ok()?;
    Some((Argon2::new(algorithm, version, params), phc.salt?, phc.hash?))
}

fn digest(argon2: &Argon2<'_>, secret: &[u8], salt: &[u8], len: usize) -> Result<Output, ApiError> {
    let mut blocks =
        Blocks::map(argon2.params().block_count()).ok_or(ApiError::after(ErrorCode::Overloaded, RETRY_MS))?;
    let mut buffer = [0; Output::MAX_LENGTH];
    let out = buffer.get_mut(..len).ok_or(ErrorCode::Internal)?;
    argon2.hash_password_into_with_memory(secret, salt, out, &mut blocks).map_err(|_| ErrorCode::Internal)?;
    Output::new(out).map_err(|_| ErrorCode::Internal.into())
}

#[cfg(test)]
mod tests {
    use super::{Hashing, NOBODYS};
    use argon2::password_hash::phc::PasswordHash;
    use protocol::ErrorCode;

    #[tokio::test]
    async fn a_secret_is_known_by_its_hash_only() {
        let hashing = Hashing::new(2);
        let phc = hashing.hash(b"correct horse".to_vec()).await.expect("hashes");
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_ne!(phc, hashing.hash(b"correct horse".to_vec()).await.expect("hashes"));
        assert_eq!(hashing.verify(b"correct horse".to_vec(), Some(&phc)).await, Ok(true));
        assert_eq!(hashing.verify(b"correct  horse".to_vec(), Some(&phc)).await, Ok(false));
        assert_eq!(hashing.verify(Vec::new(), Some(&phc)).await, Ok(false));
        assert_eq!(hashing.verify(b"correct horse".to_vec(), Some("no hash")).await, Ok(false));
    }

    #[tokio::test]
    async fn nobodys_hash_costs_the_same_and_fits_nothing() {
        let phc = PasswordHash::new(NOBODYS).expect("is well-formed");
        let same_cost = NOBODYS.starts_with("$argon2id$v=19$m=19456,t=2,p=1$");
        assert!(same_cost && phc.hash.is_some_and(|hash| hash.len() == 32) && phc.salt.is_some());
        assert_eq!(Hashing::new(1).verify(b"anything".to_vec(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let hashing = Hashing::new(1);
        let many = (0..100).map(|_| hashing.verify(b"guess".to_vec(), None));
        let answers = futures::future::join_all(many).await;
        let refused =
            answers.iter().filter(|answer| answer.is_err_and(|failure| failure.code == ErrorCode::Overloaded));
        assert_eq!(refused.count(), 75);
    }
}
