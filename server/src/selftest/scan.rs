//! Looks for secrets in the memory of another process, as it stands in `/proc/PID/mem`: plain, as UTF-16, as hexadecimal
//! digits and as base64, whole and in parts.
//!
//! It runs in a process of its own, so that it cannot find what it is looking for in itself.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What is read at once.
const CHUNK_BYTES: usize = 1 << 20;
const PAGE_BYTES: usize = 4096;
const PAGE_OF_ZEROS: [u8; PAGE_BYTES] = [0; PAGE_BYTES];
/// Each form is looked for in pieces so long: what was half overwritten is found, and nothing is by chance.
const PIECE_BYTES: usize = 15;
/// Places that are told; there may be more.
const FOUND_MAX: usize = 1_000;
/// What is shown around a place.
const AROUND_BYTES: usize = 48;

/// A random word that was typed somewhere.
pub struct Canary {
    /// What it stands for.
    pub what: &'static str,
    /// The word.
    pub text: String,
}

impl Canary {
    /// Random letters; at least 30 of them are found whole.
    pub fn new(what: &'static str, letters: usize) -> Self {
        let mut text = String::with_capacity(letters);
        while text.len() < letters {
            // 234 is nine times 26: each letter is as likely as another.
            let drawn = realtime::clock::random::<16>().into_iter().filter(|byte| *byte < 234);
            text.extend(drawn.map(|byte| char::from(b'a' + byte % 26)).take(letters - text.len()));
        }
        Self { what, text }
    }
}

/// One place.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// Which secret.
    pub what: &'static str,
    /// In which form.
    pub form: &'static str,
    /// Where it stands.
    pub address: u64,
    /// What the kernel calls that memory.
    pub region: String,
    /// What stands around it.
    pub around: String,
}

/// What a search has found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How much memory was looked through.
    pub bytes: u64,
    /// How many secrets were looked for.
    pub secrets: usize,
    /// The places, one for each stretch of memory that holds one.
    pub found: Vec<Found>,
}

struct Piece {
    secret: usize,
    form: &'static str,
    bytes: Vec<u8>,
}

/// What is looked for.
pub struct Search {
    names: Vec<&'static str>,
    pieces: Vec<Piece>,
    by_start: HashMap<[u8; 4], Vec<usize>>,
    /// A bit for each possible start, by its hash: most memory is passed over by it.
    starts: Vec<u64>,
}

impl Search {
    /// For these secrets.
    pub fn new<'a>(canaries: impl IntoIterator<Item = &'a Canary>) -> Self {
        let mut search =
            Self { names: Vec::new(), pieces: Vec::new(), by_start: HashMap::new(), starts: vec![0; 1 << 10] };
        for (secret, canary) in canaries.into_iter().enumerate() {
            search.names.push(canary.what);
            for (form, bytes) in forms(&canary.text) {
                for piece in bytes.chunks_exact(PIECE_BYTES) {
                    search.add(Piece { secret, form, bytes: piece.to_vec() });
                }
            }
        }
        search
    }

    fn add(&mut self, piece: Piece) {
        let Some(start) = piece.bytes.first_chunk::<4>() else { return };
        let hash = hash(*start);
        self.starts[hash >> 6] |= 1 << (hash & 63);
        self.by_start.entry(*start).or_default().push(self.pieces.len());
        self.pieces.push(piece);
    }

    /// Looks through the writable memory of a process.
    ///
    /// # Errors
    /// The kernel does not show it to this one.
    pub fn process(&self, pid: u32) -> io::Result<Report> {
        let (maps, memory) =
            (std::fs::read_to_string(format!("/proc/{pid}/maps"))?, File::open(format!("/proc/{pid}/mem"))?);
        let mut report = Report { secrets: self.names.len(), ..Report::default() };
        for region in maps.lines().filter_map(Region::parse) {
            self.region(&memory, &region, &mut report);
        }
        Ok(report)
    }

    fn region(&self, memory: &File, region: &Region<'_>, report: &mut Report) {
        let (mut at, mut chunk) = (region.start, Vec::new());
        while at < region.end {
            let wanted = usize::try_from(region.end - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            // Some of it belongs to the piece before: what stands across the border is in one of the two.
            chunk.resize(wanted, 0);
            let read = match memory.read_at(&mut chunk, at) {
                // It was given back meanwhile.
                Err(_) | Ok(0) => return,
                Ok(read) => read,
            };
            self.bytes(&chunk[..read], at, region.name, report);
            report.bytes += read as u64;
            let overlap = if at + read as u64 == region.end { 0 } else { PIECE_BYTES.min(read - 1) };
            at += (read - overlap) as u64;
        }
    }

    /// Looks through bytes that begin at an address.
    fn bytes(&self, bytes: &[u8], address: u64, region: &str, report: &mut Report) {
        let mut until = 0;
        for (page, content) in bytes.chunks(PAGE_BYTES).enumerate() {
            // No piece begins in zeros.
            if *content == PAGE_OF_ZEROS[..content.len()] {
                continue;
            }
            let begin = page * PAGE_BYTES;
            let end = bytes.len().min(begin + PAGE_BYTES + PIECE_BYTES);
            for (offset, start) in bytes[begin..end].windows(4).enumerate().take(PAGE_BYTES) {
                let hash = hash([start[0], start[1], start[2], start[3]]);
                if self.starts[hash >> 6] >> (hash & 63) & 1 == 0 {
                    continue;
                }
                let at = begin + offset;
                let Some(piece) = self.piece_at(&bytes[at..]).filter(|_| at >= until) else { continue };
                // The pieces of one copy are one place.
                until = at + 4 * PIECE_BYTES;
                if report.found.len() < FOUND_MAX {
                    report.found.push(Found {
                        what: self.names[piece.secret],
                        form: piece.form,
                        address: address + at as u64,
                        region: region.to_owned(),
                        around: around(bytes, at),
                    });
                }
            }
        }
    }

    fn piece_at(&self, bytes: &[u8]) -> Option<&Piece> {
        let candidates = self.by_start.get(bytes.first_chunk::<4>()?)?;
        candidates.iter().map(|&piece| &self.pieces[piece]).find(|piece| bytes.starts_with(&piece.bytes))
    }
}

fn hash(start: [u8; 4]) -> usize {
    (u32::from_le_bytes(start).wrapping_mul(0x9E37_79B1) >> 16) as usize
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

/// In which forms a word may stand. Inside a longer text, base64 shifts it by none, one or two bytes, and its first and
/// last digits depend on the neighbours.
fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let mut forms = vec![
        ("plain", bytes.to_vec()),
        ("hex", hex(bytes, b"0123456789abcdef")),
        ("hex", hex(bytes, b"0123456789ABCDEF")),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ];
    for (before, first) in [(0, 0), (1, 2), (2, 3)] {
        let digits = STANDARD_NO_PAD.encode([&vec![0; before][..], bytes].concat());
        let whole = (before + bytes.len()) / 3 * 4;
        forms.push(("base64", digits.as_bytes().get(first..whole).unwrap_or_default().to_vec()));
    }
    forms
}

fn around(bytes: &[u8], at: usize) -> String {
    let around = &bytes[at.saturating_sub(AROUND_BYTES)..bytes.len().min(at + 2 * AROUND_BYTES)];
    around.iter().map(|&byte| if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' }).collect()
}

struct Region<'a> {
    start: u64,
    end: u64,
    name: &'a str,
}

impl<'a> Region<'a> {
    /// Of a line of `maps`; `None` where the memory cannot be written, and so holds nothing that was not in a file.
    fn parse(line: &'a str) -> Option<Self> {
        let mut columns = line.splitn(6, ' ');
        let (range, rights) = (columns.next()?, columns.next()?);
        let name = columns.nth(3).unwrap_or_default().trim();
        let (start, end) = range.split_once('-')?;
        let address = |digits| u64::from_str_radix(digits, 16).ok();
        rights.starts_with("rw").then_some(Self { start: address(start)?, end: address(end)?, name })
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Canary({})", self.what)
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Search({} secrets)", self.names.len())
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, form, address, region, around } = self;
        let region = if region.is_empty() { "anonymous memory" } else { region };
        write!(f, "{what} ({form}) at {address:#x} in {region}: {around}")
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, Canary, Report, Search, forms, hash};

    fn count(search: &Search, bytes: &[u8]) -> usize {
        let mut report = Report::default();
        search.bytes(bytes, 0, "a test", &mut report);
        report.found.len()
    }

    #[test]
    fn a_secret_is_found_in_every_form_wherever_it_stands() {
        let canary = Canary::new("a test", 32);
        let search = Search::new([&canary]);
        for (form, bytes) in forms(&canary.text) {
            for offset in [0, 1, 4_080, 4_095, 8_191] {
                let mut memory = vec![0; 20_000];
                memory[offset..offset + bytes.len()].copy_from_slice(&bytes);
                assert_eq!(count(&search, &memory), 1, "{form} at {offset}");
            }
        }
        let (half, text) = (&canary.text[..16], canary.text.as_bytes());
        assert_eq!(count(&search, format!("xx{half}").as_bytes()), 1, "half of it is enough");
        assert_eq!(count(&search, &text.iter().rev().copied().collect::<Vec<_>>()), 0);
        assert_eq!(count(&search, &vec![b'a'; 50_000]), 0);
    }

    #[test]
    fn another_process_is_looked_through_as_far_as_it_may_write() {
        let canary = Canary::new("a test", 32);
        // Across the border of what is read at once.
        let mut memory = vec![b'.'; 3 * CHUNK_BYTES];
        for end in 1..3 {
            let at = end * CHUNK_BYTES - 8;
            memory[at..at + 32].copy_from_slice(canary.text.as_bytes());
        }
        let report = Search::new([&canary]).process(std::process::id()).expect("one's own memory can be read");
        assert!(report.found.len() >= 2 && report.bytes > 3 << 20, "{report:?}");
        assert!(hash(*b"aaaa") < 1 << 16);
        drop(memory);
    }
}
