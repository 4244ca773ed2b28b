//! Keys and secrets as a file names them: in the environment or in files. They are never formatted.

use std::fmt;

/// The only way to what is outside of an application's file.
pub trait Sources {
    /// A variable of the environment, where it is set and not empty.
    fn variable(&self, name: &str) -> Option<String>;

    /// A file beside the application's.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn file(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// What a key is for: the algorithm is the key's, never the token's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSA with SHA-256.
    Rs256,
    /// The curve P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// What it is made of.
pub enum TokenMaterial {
    /// A secret.
    Secret(Vec<u8>),
    /// A public key in PEM.
    Pem(Vec<u8>),
    /// A set of public keys, JSON (RFC 7517).
    Jwks(Vec<u8>),
}

/// A key that verifies the application's tokens.
#[derive(Debug)]
pub struct TokenKey {
    /// What for.
    pub algorithm: TokenAlgorithm,
    /// What of.
    pub material: TokenMaterial,
}

/// What lets the application's backend in.
pub enum ApiKey {
    /// As `whisperspace apps key` gives it for the file.
    Hash(String),
    /// Itself, out of the environment.
    Key(String),
}

/// Where the application's backend is.
pub struct Backend {
    /// Its address, without a slash at its end.
    pub url: String,
    /// What calls are signed with.
    pub secret: Vec<u8>,
    /// Who vouches for its certificate, in PEM; the common authorities, where it is not said.
    pub authorities: Option<Vec<u8>>,
    /// How long an answer may take.
    pub timeout_ms: u64,
}

macro_rules! redacted {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

redacted!(TokenMaterial, ApiKey, Backend);
