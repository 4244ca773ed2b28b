//! Keys derived from the server's one secret, and what is made with them: member ids and message ids.
//!
//! The secret is drawn at the first start and kept in a file that only the owner can read.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chat::MessageIds;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use protocol::{MemberId, MessageId, Millis, Position};
use sha2::Sha256;

use crate::clock::{base64url, random};
use crate::store::{RoomId, UserId};

/// Bytes of the secret.
const SECRET_BYTES: usize = 32;

/// Everything that is derived from the secret.
#[derive(Clone)]
pub struct Keys(Arc<Derived>);

struct Derived {
    tokens: [u8; 32],
    members: [u8; 32],
    messages: [u8; 32],
}

impl Keys {
    /// Derives the keys.
    pub fn derive(secret: &[u8; SECRET_BYTES]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, secret);
        let derive = |purpose: &str| {
            let mut key = [0; 32];
            hkdf.expand(purpose.as_bytes(), &mut key).expect("32 bytes are within what HKDF-SHA256 gives");
            key
        };
        Self(Arc::new(Derived {
            tokens: derive("whisperspace token v1"),
            members: derive("whisperspace member v1"),
            messages: derive("whisperspace message v1"),
        }))
    }

    /// Reads the secret of the data folder, or draws and keeps one (mode 0600).
    ///
    /// # Errors
    /// A sentence that names the file and what to do.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        match std::fs::File::open(file) {
            Ok(mut open) => {
                let mode = open.metadata()?.permissions().mode();
                anyhow::ensure!(
                    mode.trailing_zeros() >= 6,
                    "{} can be read by others: run chmod 600 on it, or delete it to sign everybody out",
                    file.display()
                );
                let mut secret = Vec::new();
                open.read_to_end(&mut secret).with_context(|| format!("cannot read {}", file.display()))?;
                let secret = secret.as_slice().try_into().with_context(|| {
                    format!("{} is not a secret of {SECRET_BYTES} bytes: delete it to draw a new one", file.display())
                })?;
                Ok(Self::derive(secret))
            }
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => {
                let secret = random::<SECRET_BYTES>();
                let mut created = std::fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(file)
                    .with_context(|| format!("cannot create {}", file.display()))?;
                created.write_all(&secret).and_then(|()| created.sync_all())?;
                Ok(Self::derive(&secret))
            }
            Err(error) => Err(error).with_context(|| format!("cannot open {}", file.display())),
        }
    }

    /// The key that signs tokens.
    pub fn tokens(&self) -> &[u8] {
        &self.0.tokens
    }

    /// What others in a room see of a user: the same on return, unlinkable between rooms.
    pub fn member_id(&self, room: RoomId, user: UserId) -> MemberId {
        let mac = mac(&self.0.members, &[&room.0, &user.0]);
        MemberId::parse(&base64url(&mac)).expect("22 characters of base64url are a member id")
    }

    /// The maker of one room's message ids, its key bound to the room.
    pub fn message_ids(&self, room: RoomId) -> Box<dyn MessageIds> {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(&room.0), &self.0.messages)
            .expand(b"room", &mut key)
            .expect("32 bytes are within what HKDF-SHA256 gives");
        Box::new(RoomMessageIds { key })
    }
}

struct RoomMessageIds {
    key: [u8; 32],
}

impl MessageIds for RoomMessageIds {
    fn message_id(&self, position: Position, at: Millis, member: &MemberId) -> MessageId {
        let (epoch, seq, at) = (position.epoch.to_be_bytes(), position.seq.to_be_bytes(), at.to_be_bytes());
        let member = crate::clock::from_base64url(member.as_str()).unwrap_or_default();
        let tag = mac(&self.key, &[&epoch, &seq, &at, &member]);
        let bytes = [&epoch[..], &seq, &at, &member, &tag].concat();
        MessageId::parse(&base64url(&bytes)).expect("56 bytes in base64url are a message id")
    }
}

/// HMAC-SHA256 cut to 128 bits.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    let full = mac.finalize().into_bytes();
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}
