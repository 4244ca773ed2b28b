//! A name for one request from outside, or for the connection that it opened: what is logged on its way can be found by it.
//!
//! It goes along with the work that is done for the request, also where that becomes a task of its own ([`carried`]). It
//! says nothing of whoever asks.

use std::future::Future;

use crate::clock::random;

/// Characters of a name that somebody else may choose.
const CHARS_MIN: usize = 8;
const CHARS_MAX: usize = 36;
/// Random bytes of one that is drawn here; each is two characters.
const DRAWN_BYTES: usize = 8;

tokio::task_local! {
    static CURRENT: Option<RequestId>;
}

/// Such a name: 8 to 36 letters, digits and hyphens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    chars: [u8; CHARS_MAX],
    length: u8,
}

impl RequestId {
    /// A new one: 16 random characters.
    pub fn draw() -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
        let (mut chars, mut length) = ([0; CHARS_MAX], 0);
        for (pair, byte) in chars.chunks_exact_mut(2).zip(random::<DRAWN_BYTES>()) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xF)]);
            length += 2;
        }
        Self { chars, length }
    }

    /// One that somebody else has chosen; `None` where it is none.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let is_plain = text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        if !is_plain || !(CHARS_MIN..=CHARS_MAX).contains(&text.len()) {
            return None;
        }
        let mut chars = [0; CHARS_MAX];
        chars.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { chars, length: u8::try_from(text.len()).ok()? })
    }

    /// That of the request for which this is done, where there is one.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|id| *id).ok().flatten()
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.chars.get(..self.length.into()).and_then(|chars| std::str::from_utf8(chars).ok()).unwrap_or_default()
    }

    /// Work that is done for this request.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(Some(self), work)
    }
}

/// Work that becomes a task of its own: what is logged there belongs to the request for which it was begun, if there is one.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(RequestId::current(), work)
}

impl std::fmt::Debug for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{RequestId, carried};

    #[test]
    fn one_is_drawn_that_could_have_been_sent() {
        let (one, other) = (RequestId::draw(), RequestId::draw());
        assert_eq!(one.as_str().len(), 16);
        assert!(one != other && RequestId::parse(one.as_str().as_bytes()) == Some(one));
    }

    #[test]
    fn what_proxies_send_is_taken_and_nothing_that_could_be_a_text() {
        for well in ["a1b2c3d4", "0f8fad5b-d9cb-469f-a165-70867728950e", "65535f65535f65535f65535f65535f00"] {
            assert_eq!(RequestId::parse(well.as_bytes()).map(|id| id.as_str().to_owned()).as_deref(), Some(well));
        }
        for ill in ["", "1234567", "two words", "a1b2c3d4\n", "a1b2c3d4\"", "a1b2c3d4é", &"a".repeat(37)] {
            assert_eq!(RequestId::parse(ill.as_bytes()), None, "{ill}");
        }
    }

    #[tokio::test]
    async fn it_goes_along_with_the_work() {
        assert_eq!(RequestId::current(), None);
        let id = RequestId::draw();
        let seen = id.scope(async {
            let lost = tokio::spawn(async { RequestId::current() });
            let kept = tokio::spawn(carried(async { RequestId::current() }));
            (RequestId::current(), kept.await.ok(), lost.await.ok())
        });
        assert_eq!(seen.await, (Some(id), Some(Some(id)), Some(None)));
    }
}
