//! Keys derived from the server's one secret, and what is made with them: member ids, message ids, and marks
//! of codes.
//!
//! The secret is drawn at the first start and kept in a file that only the owner can read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use chat::{ChannelId, MessageIds, Named};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use protocol::{InviteToken, MemberId, MessageId, Millis, RoomCode};
use sha2::Sha256;

use crate::rooms::ended::Mark;
use crate::store::UserId;
use realtime::address::Address;
use realtime::clock::{base64url, from_base64url, random};
use realtime::rate_limits::NameKey;

/// Bytes of the secret.
const SECRET_BYTES: usize = 32;
/// Bytes of a keyed hash, cut to 128 bits.
const TAG_BYTES: usize = 16;
/// Bytes that a message id says something with: the time, the random bits, the member.
const CLAIM_BYTES: usize = 8 + 8 + 16;
/// The same of a whisper: to whom comes behind it.
const WHISPER_BYTES: usize = CLAIM_BYTES + 16;
/// Characters of a mark of one day, of six bits each: enough that two people of a day do not share one.
pub(crate) const DAY_MARK_CHARS: usize = 12;
/// A day of UTC: so long a mark lasts.
pub(crate) const DAY_MS: u64 = 86_400_000;

/// Where the secret is.
pub(crate) fn file_of(data_dir: &Path) -> PathBuf {
    data_dir.join("secret")
}

/// Everything that is derived from the secret.
#[derive(Clone)]
pub struct Keys(Arc<Derived>);

struct Derived {
    tokens: [u8; 32],
    members: [u8; 32],
    messages: [u8; 32],
    ended: [u8; 32],
    bans: [u8; 32],
    invites: [u8; 32],
    nodes: [u8; 32],
    events: [u8; 32],
    operators: [u8; 32],
    names: [u8; 32],
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
            ended: derive("whisperspace ended room v1"),
            bans: derive("whisperspace ban v1"),
            invites: derive("whisperspace invite v1"),
            nodes: derive("whisperspace nodes v1"),
            events: derive("whisperspace events v1"),
            operators: derive("whisperspace operator v1"),
            names: derive("whisperspace account name v1"),
        }))
    }

    /// Reads the secret of the data folder, or draws and keeps one (mode 0600).
    ///
    /// # Errors
    /// A sentence that names the file and what to do.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        match File::open(file) {
            Ok(open) => read(open, file),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                let secret = random::<SECRET_BYTES>();
                match keep(&secret, file).with_context(|| {
                    format!("cannot write {}: make room or let this user write there, or choose another folder with --data-dir", file.display())
                })? {
                    Kept::Ours => Ok(Self::derive(&secret)),
                    Kept::Theirs => read(File::open(file)?, file),
                }
            }
            Err(error) => Err(error).with_context(|| format!("cannot open {}", file.display())),
        }
    }

    /// The key that signs tokens.
    pub fn tokens(&self) -> &[u8] {
        &self.0.tokens
    }

    /// The key that signs sessions of operators, and nothing of people.
    pub(crate) fn operators(&self) -> &[u8] {
        &self.0.operators
    }

    /// What stands for the hash of an operator's password.
    pub(crate) fn operator_mark(&self, phc: &str) -> String {
        base64url(&mac(&self.0.operators, &[b"password", phc.as_bytes()]))
    }

    /// What others in a room see of a user: the same on return, unlinkable between rooms.
    pub fn member_id(&self, room: ChannelId, user: UserId) -> MemberId {
        let mac = mac(&self.0.members, &[&room.0, &user.0]);
        MemberId::parse(&base64url(&mac)).expect("22 characters of base64url are a member id")
    }

    /// What stands for the code of a room that has ended.
    pub(crate) fn ended_mark(&self, code: RoomCode) -> Mark {
        mac(&self.0.ended, &[code.as_str().as_bytes()])
    }

    /// Where somebody comes from, as a ban of one room knows it.
    pub(crate) fn ban_mark(&self, room: ChannelId, address: Address) -> chat::Mark {
        chat::Mark(mac(&self.0.bans, &[&room.0, &address.hashed()]))
    }

    /// What stands for the token of one room's invite.
    pub(crate) fn invite_mark(&self, room: ChannelId, token: &InviteToken) -> chat::InviteMark {
        chat::InviteMark(mac(&self.0.invites, &[&room.0, token.as_str().as_bytes()]))
    }

    /// Under which the tries at an account's password are counted. `folded`: what all spellings of the name have in common.
    pub(crate) fn name_key(&self, folded: &str) -> NameKey {
        let mac = mac(&self.0.names, &[folded.as_bytes()]);
        NameKey(mac.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)))
    }

    /// The broker's channel of an application.
    pub(crate) fn app_topic(&self, app: &str) -> ChannelId {
        ChannelId(mac(&self.0.nodes, &[b"application ", app.as_bytes()]))
    }

    /// Names the nodes that have this secret, between them; it says nothing of it.
    pub fn deployment(&self) -> String {
        base64url(&mac(&self.0.nodes, &[b"deployment"]))
    }

    /// What stands for a person or a room in the event log of one day, and before operators: the same all day and on every node, another on the
    /// next day.
    pub fn day_mark(&self, day: u64, id: &[u8; 16]) -> String {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(&day.to_be_bytes()), &self.0.events)
            .expand(b"day", &mut key)
            .expect("32 bytes are within what HKDF-SHA256 gives");
        let mut mark = base64url(&mac(&key, &[id]));
        mark.truncate(DAY_MARK_CHARS);
        mark
    }

    /// The maker of one room's message ids, its key bound to the room.
    pub fn message_ids(&self, room: ChannelId) -> RoomMessageIds {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(&room.0), &self.0.messages)
            .expand(b"room", &mut key)
            .expect("32 bytes are within what HKDF-SHA256 gives");
        RoomMessageIds { keyed: keyed(&key) }
    }
}

/// The secret in a file that is there. One that is cut short was left by a start on a full disk, or by a damaged disk.
fn read(mut open: File, file: &Path) -> anyhow::Result<Keys> {
    let mode = open.metadata()?.permissions().mode();
    anyhow::ensure!(
        mode.trailing_zeros() >= 6,
        "{} can be read by others: run chmod 600 on it, or delete it to sign everybody out",
        file.display()
    );
    let mut secret = Vec::new();
    open.read_to_end(&mut secret).with_context(|| format!("cannot read {}", file.display()))?;
    let length = secret.len();
    let secret = secret.as_slice().try_into().with_context(|| {
        format!(
            "the secret has {length} bytes instead of {SECRET_BYTES}, as a start on a full disk leaves it: restore it \
             from a copy, or make room, delete it (rm '{}') and start again; then a new one is drawn, and everybody is \
             signed out",
            file.display()
        )
    })?;
    Ok(Keys::derive(secret))
}

/// Whose secret the file holds in the end.
enum Kept {
    Ours,
    /// Another server that starts at the same moment was faster.
    Theirs,
}

/// Writes the secret beside its place and gives it its name when all of it is on the disk: there is a whole secret or none.
fn keep(secret: &[u8; SECRET_BYTES], file: &Path) -> io::Result<Kept> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".new-{}", std::process::id()));
    let beside = Path::new(&beside);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(beside)
        .and_then(|mut new| new.write_all(secret).and_then(|()| new.sync_all()));
    // A link, because a rename would replace what another server has drawn meanwhile.
    let kept = written.and_then(|()| match std::fs::hard_link(beside, file) {
        Ok(()) => Ok(Kept::Ours),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Kept::Theirs),
        // Some file systems have no links.
        Err(_) => std::fs::rename(beside, file).map(|()| Kept::Ours),
    });
    let _ = std::fs::remove_file(beside);
    let kept = kept?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Not every file system syncs a folder.
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Err(error),
        Ok(()) | Err(_) => Ok(kept),
    }
}

/// The ids of one room's messages: base64url of when it was sent (milliseconds since the Unix epoch), 64 random bits, who
/// sent it, and an HMAC of these three by the room's key. So an id says by itself who wrote what it names, where and when,
/// to the server alone, and no index of messages is needed to believe it. That of a whisper says to whom it went, too.
pub struct RoomMessageIds {
    /// The key as HMAC needs it, made once a room.
    keyed: Hmac<Sha256>,
}

impl MessageIds for RoomMessageIds {
    fn message_id(&self, at: Millis, random: u64, member: &MemberId) -> MessageId {
        self.tagged(claim(at, random, member))
    }

    fn whisper_id(&self, at: Millis, random: u64, member: &MemberId, to: &MemberId) -> MessageId {
        let mut claim = claim(at, random, member);
        claim.extend(bytes_of(to));
        self.tagged(claim)
    }

    /// Takes the same time whichever byte is wrong.
    fn verify(&self, id: &MessageId) -> Option<Named> {
        // What is of another length is neither kind, and no tag of one kind fits the other: a claim is as long as its kind.
        let said = from_base64url::<{ CLAIM_BYTES + TAG_BYTES }>(id.as_str()).map(Vec::from);
        let whispered = || from_base64url::<{ WHISPER_BYTES + TAG_BYTES }>(id.as_str()).map(Vec::from);
        let bytes = said.or_else(whispered)?;
        let (claim, tag) = bytes.split_at(bytes.len() - TAG_BYTES);
        self.keyed.clone().chain_update(claim).verify_truncated_left(tag).ok()?;
        let at = Millis::from_be_bytes(claim[..8].try_into().ok()?);
        let by = MemberId::parse(&base64url(&claim[16..CLAIM_BYTES])).ok()?;
        let to = claim.get(CLAIM_BYTES..).filter(|to| !to.is_empty());
        let to = to.map(|to| MemberId::parse(&base64url(to))).transpose().ok()?;
        Some(Named { at, by, to })
    }
}

impl RoomMessageIds {
    /// A claim and its tag, as they travel.
    fn tagged(&self, mut claim: Vec<u8>) -> MessageId {
        let tag = short(self.keyed.clone().chain_update(&claim));
        claim.extend(tag);
        MessageId::parse(&base64url(&claim)).expect("64 bytes at most, in base64url, are a message id")
    }
}

/// When a message was sent, the bits that it alone has, and by whom.
fn claim(at: Millis, random: u64, member: &MemberId) -> Vec<u8> {
    [at.to_be_bytes(), random.to_be_bytes()].into_iter().flatten().chain(bytes_of(member)).collect()
}

fn bytes_of(member: &MemberId) -> [u8; 16] {
    from_base64url(member.as_str()).unwrap_or_default()
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as hmac::Mac>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; TAG_BYTES] {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    short(mac)
}

fn short(mac: Hmac<Sha256>) -> [u8; TAG_BYTES] {
    let full = mac.finalize().into_bytes();
    let mut short = [0; TAG_BYTES];
    short.copy_from_slice(&full[..TAG_BYTES]);
    short
}

impl std::fmt::Debug for RoomMessageIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RoomMessageIds(…)")
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chat::{ChannelId, MessageIds as _, Named};
    use protocol::{MemberId, MessageId, Millis};

    use super::{Keys, RoomMessageIds};
    use crate::store::UserId;

    const AT: Millis = 1_795_219_261_000;
    const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    fn one_message(secret: u8, room: u8) -> (RoomMessageIds, MemberId, MessageId) {
        let (keys, room) = (Keys::derive(&[secret; 32]), ChannelId([room; 16]));
        let (ids, member) = (keys.message_ids(room), keys.member_id(room, UserId([7; 16])));
        let id = ids.message_id(AT, 0x0123_4567_89AB_CDEF, &member);
        (ids, member, id)
    }

    #[test]
    fn an_id_tells_its_own_room_when_and_by_whom_it_was_sent() {
        let (ids, member, id) = one_message(1, 2);
        assert_eq!(id.as_str().len(), 64);
        assert!(ids.verify(&id) == Some(Named { at: AT, by: member.clone(), to: None }));
        assert!(ids.message_id(AT, 0x0123_4567_89AB_CDEF, &member) == id, "the same on every node");
        assert!(ids.message_id(AT, 0, &member) != id, "two messages of one moment have two ids");
    }

    #[test]
    fn another_room_and_another_server_refuse_it() {
        let (_, _, id) = one_message(1, 2);
        for (secret, room) in [(1, 3), (2, 2)] {
            assert!(one_message(secret, room).0.verify(&id).is_none());
        }
    }

    #[test]
    fn a_changed_bit_anywhere_is_refused() {
        let (ids, _, id) = one_message(1, 2);
        assert_eq!(altered(&id).filter(|changed| ids.verify(changed).is_some()).count(), 0);
    }

    /// Each id in which one bit is another.
    fn altered(id: &MessageId) -> impl Iterator<Item = MessageId> {
        let bits = (0..id.as_str().len()).flat_map(|place| (0..6).map(move |bit| (place, bit)));
        bits.map(|(place, bit)| {
            let mut text = id.as_str().as_bytes().to_vec();
            let value = BASE64URL.iter().position(|letter| *letter == text[place]).expect("is base64url");
            text[place] = BASE64URL[value ^ (1 << bit)];
            MessageId::parse(std::str::from_utf8(&text).expect("is ASCII")).expect("has the shape")
        })
    }

    fn one_whisper(secret: u8, room: u8) -> (RoomMessageIds, [MemberId; 2], MessageId) {
        let (ids, member, _) = one_message(secret, room);
        let to = Keys::derive(&[secret; 32]).member_id(ChannelId([room; 16]), UserId([8; 16]));
        let id = ids.whisper_id(AT, 0x0123_4567_89AB_CDEF, &member, &to);
        (ids, [member, to], id)
    }

    #[test]
    fn the_id_of_a_whisper_tells_between_whom_it_was() {
        let (ids, [by, to], id) = one_whisper(1, 2);
        assert_eq!(id.as_str().len(), 86);
        assert!(ids.verify(&id) == Some(Named { at: AT, by, to: Some(to) }));
        assert!(one_message(1, 3).0.verify(&id).is_none() && one_message(2, 2).0.verify(&id).is_none());
        assert_eq!(altered(&id).filter(|changed| ids.verify(changed).is_some()).count(), 0);
    }

    #[test]
    fn neither_kind_of_id_is_made_into_the_other() {
        let (ids, _, whisper) = one_whisper(1, 2);
        let (_, _, said) = one_message(1, 2);
        // Both say the same as far as they can: of one moment, by one person.
        let (said, whisper) = (said.as_str(), whisper.as_str());
        for text in [&whisper[..64], &[said, &whisper[64..]].concat(), &[&whisper[..64], &said[42..]].concat()] {
            assert!(ids.verify(&MessageId::parse(text).expect("has the shape")).is_none(), "{text}");
        }
    }

    #[test]
    fn a_mark_is_the_same_all_day_and_another_for_each_day_person_and_secret() {
        let (one, other) = (Keys::derive(&[1; 32]), Keys::derive(&[2; 32]));
        let mut marks = BTreeSet::new();
        for day in 20_000..20_040 {
            for person in 0..20 {
                let mark = one.day_mark(day, &[person; 16]);
                assert_eq!(mark, Keys::derive(&[1; 32]).day_mark(day, &[person; 16]));
                assert_eq!(mark.len(), 12);
                assert!(marks.insert(mark) && marks.insert(other.day_mark(day, &[person; 16])));
            }
        }
    }

    #[test]
    fn what_is_no_id_of_ours_is_refused() {
        let (ids, _, id) = one_message(1, 2);
        let (whole, zeros) = (id.as_str(), "A".repeat(64));
        for text in ["m", &whole[..63], &whole[..60], &format!("{whole}A"), &format!("{whole}AAAA"), &zeros] {
            assert!(ids.verify(&MessageId::parse(text).expect("has the shape")).is_none(), "{text}");
        }
    }
}
