//! Secrets as people type them, and the bytes of them that are hashed: the profile `OpaqueString` of RFC 8265.
//!
//! One keyboard writes "é" as one character and another as two, one writes a no-break space where another writes a
//! space: the person typed the same secret. Hashes that were made before this was so are of the bytes as typed, which is
//! why a secret knows both.

use super::{PASSWORD_CHARS, PIN_CHARS, form, line};
use crate::error::ErrorCode;

/// The bytes to hash, and those of an older hash where they differ.
#[derive(Clone, PartialEq, Eq)]
struct Prepared {
    form: Box<str>,
    as_typed: Option<Box<str>>,
}

impl Prepared {
    /// Spaces of every width become U+0020, then NFC. What is left out besides is said by `shown`.
    fn new(typed: &str, shown: impl Fn(char) -> bool) -> Self {
        let spaced: String =
            typed.chars().filter(|c| shown(*c)).map(|c| if line::is_separator(c) { ' ' } else { c }).collect();
        let form = form::composed(&spaced).into_owned();
        let as_typed = (form != typed).then(|| typed.into());
        Self { form: form.into(), as_typed }
    }

    fn tries(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.form).chain(&self.as_typed).map(|text| text.as_bytes())
    }
}

macro_rules! secret {
    ($name:ident) => {
        impl $name {
            /// The bytes to hash.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                self.0.form.as_bytes()
            }

            /// The bytes that a hash may be of: those above, and those that were typed where they differ.
            pub fn tries(&self) -> impl Iterator<Item = &[u8]> {
                self.0.tries()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

/// The PIN or passphrase of a room: 4-64 characters, of which those that show are compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Prepared);

impl Pin {
    /// Trims, and leaves out what does not show: people tell each other a PIN by eye and ear.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidPin`], also for controls.
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        let typed = typed.trim();
        let mut pin = Prepared::new(typed, |c| !line::is_unspoken(c));
        pin.form = pin.form.trim().into();
        let fits = PIN_CHARS.contains(&pin.form.chars().count()) && !pin.form.chars().any(char::is_control);
        if fits { Ok(Self(pin)) } else { Err(ErrorCode::InvalidPin) }
    }
}

secret!(Pin);

/// The password of an account: 8-256 characters, none of them left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Prepared);

impl Password {
    /// A password that may be chosen.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidPassword`].
    pub fn parse(typed: &str) -> Result<Self, ErrorCode> {
        let password = Self::tried(typed);
        let fits = PASSWORD_CHARS.contains(&password.0.form.chars().count());
        if fits { Ok(password) } else { Err(ErrorCode::InvalidPassword) }
    }

    /// A password to be compared: whatever was typed.
    #[must_use]
    pub fn tried(typed: &str) -> Self {
        Self(Prepared::new(typed, |_| true))
    }
}

secret!(Password);
