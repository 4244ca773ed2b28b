//! What one node says to the others: a head of fixed length, and JSON where there is more to say.
//!
//! Nodes trust each other as far as the engine lets nobody else in; all the same, what cannot be read is passed over, and
//! each value goes through the parser of its type.

use bytes::Bytes;
use chat::{ChannelId, NodeId, People, RoomEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::broker::Word;

/// What this file writes. A node that speaks another version is not understood, and not answered.
const VERSION: u8 = 1;

/// Version, kind, node, run, number.
const HEAD_BYTES: usize = 2 + 8 + 8 + 8;

/// Where a node stands with what it has published to one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// One span of one node's subscription: numbers of two runs have nothing to do with each other.
    pub(super) run: u64,
    /// Events published in it, up to and with this one.
    pub(super) number: u64,
}

/// One thing that was said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    pub(super) from: NodeId,
    pub(super) place: Place,
    pub(super) content: Content,
}

/// What a parcel holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The JSON of a [`RoomEvent`], to be read where it is not the reader's own.
    Event(Vec<u8>),
    People(People),
    /// What the broker knows nothing of.
    Bytes(Bytes),
    /// The same, not numbered.
    Aside(Bytes),
    /// Its sender has told its own people something up to here of which it does not know whether others have heard it.
    Lost,
    /// To every node: its sender is there, and these are its places in topics where something was said lately.
    Alive(Vec<(ChannelId, Place)>),
    /// To every node: something has ended, or is called otherwise.
    Word(Word),
    /// To every node: its sender stops.
    Bye,
}

const EVENT: u8 = 1;
const PEOPLE: u8 = 2;
const ALIVE: u8 = 3;
const BYE: u8 = 4;
const WORD: u8 = 5;
const BYTES: u8 = 6;
const ASIDE: u8 = 7;
const LOST: u8 = 8;

/// An event whose place is not known yet: see [`put_place`].
pub(super) fn event(from: NodeId, event: &RoomEvent) -> Option<Vec<u8>> {
    with_json(EVENT, from, event)
}

/// As [`event`].
pub(super) fn people(from: NodeId, people: &People) -> Option<Vec<u8>> {
    with_json(PEOPLE, from, people)
}

pub(super) fn word(from: NodeId, word: &Word) -> Option<Vec<u8>> {
    with_json(WORD, from, word)
}

/// As [`event`].
pub(super) fn bytes(from: NodeId, said: &[u8]) -> Vec<u8> {
    with_bytes(BYTES, from, said)
}

/// As [`event`].
pub(super) fn aside(from: NodeId, said: &[u8]) -> Vec<u8> {
    with_bytes(ASIDE, from, said)
}

fn with_bytes(kind: u8, from: NodeId, said: &[u8]) -> Vec<u8> {
    let mut bytes = head(kind, from, Place { run: 0, number: 0 });
    bytes.extend_from_slice(said);
    bytes
}

fn with_json(kind: u8, from: NodeId, value: &impl Serialize) -> Option<Vec<u8>> {
    let mut bytes = head(kind, from, Place { run: 0, number: 0 });
    serde_json::to_writer(&mut bytes, value).ok()?;
    Some(bytes)
}

/// Writes the place into a head, so that what takes long is done before it is known.
pub(super) fn put_place(bytes: &mut [u8], place: Place) {
    if let Some(numbers) = bytes.get_mut(HEAD_BYTES - 16..HEAD_BYTES) {
        numbers[..8].copy_from_slice(&place.run.to_be_bytes());
        numbers[8..].copy_from_slice(&place.number.to_be_bytes());
    }
}

pub(super) fn lost(from: NodeId, place: Place) -> Vec<u8> {
    head(LOST, from, place)
}

pub(super) fn alive(from: NodeId, places: &[(ChannelId, Place)]) -> Vec<u8> {
    let mut bytes = head(ALIVE, from, Place { run: 0, number: 0 });
    for (channel, place) in places {
        bytes.extend_from_slice(&channel.0);
        bytes.extend_from_slice(&place.run.to_be_bytes());
        bytes.extend_from_slice(&place.number.to_be_bytes());
    }
    bytes
}

pub(super) fn bye(from: NodeId) -> Vec<u8> {
    head(BYE, from, Place { run: 0, number: 0 })
}

fn head(kind: u8, from: NodeId, place: Place) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES);
    bytes.extend_from_slice(&[VERSION, kind]);
    for number in [from.0, place.run, place.number] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes
}

/// `None` for what no node of this version has written.
pub(super) fn read(bytes: &[u8]) -> Option<Parcel> {
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let ([version, kind], numbers) = head.split_first_chunk::<2>()?;
    if *version != VERSION {
        return None;
    }
    let [from, run, number] = [number_at(numbers, 0)?, number_at(numbers, 8)?, number_at(numbers, 16)?];
    let content = match *kind {
        EVENT => Content::Event(rest.to_vec()),
        PEOPLE => Content::People(json(rest)?),
        ALIVE => Content::Alive(places(rest)?),
        BYTES => Content::Bytes(Bytes::copy_from_slice(rest)),
        ASIDE => Content::Aside(Bytes::copy_from_slice(rest)),
        BYE => Content::Bye,
        LOST => Content::Lost,
        WORD => Content::Word(json(rest)?),
        _ => return None,
    };
    Some(Parcel { from: NodeId(from), place: Place { run, number }, content })
}

pub(super) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

fn number_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|number| u64::from_be_bytes(*number))
}

fn places(bytes: &[u8]) -> Option<Vec<(ChannelId, Place)>> {
    let (each, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return None;
    }
    let place = |bytes: &[u8; 32]| {
        let channel = ChannelId(*bytes.first_chunk()?);
        Some((channel, Place { run: number_at(bytes, 16)?, number: number_at(bytes, 24)? }))
    };
    each.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let (from, place) = (NodeId(7), Place { run: 3, number: u64::MAX });
        let places = vec![(ChannelId([9; 16]), place), (ChannelId([1; 16]), Place { run: 0, number: 1 })];
        let mut asked = people(from, &People::Asked).expect("is JSON");
        put_place(&mut asked, place);
        let written = [alive(from, &places), bye(from), asked, lost(from, place)];
        let read_back: Vec<_> = written.iter().map(|bytes| read(bytes).expect("is read")).collect();
        assert_eq!(read_back[0].content, Content::Alive(places));
        assert_eq!(read_back[1].content, Content::Bye);
        assert_eq!(read_back[3], Parcel { from, place, content: Content::Lost });
        assert_eq!(read_back[2], Parcel { from, place, content: Content::People(People::Asked) });
        for bytes in &written {
            for end in 0..HEAD_BYTES {
                assert_eq!(read(&bytes[..end]), None, "a head cut off at {end}");
            }
            assert_eq!(read(&[&[VERSION + 1], &bytes[1..]].concat()), None, "another version");
        }
        assert_eq!(read(&[&written[0][..], b"x"].concat()), None, "half a place");
    }
}
