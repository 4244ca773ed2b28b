//! What waits to be written to one connection, bounded by bytes and time together.
//!
//! A reader that takes something is not slow, however much came at once: it may be behind by a whole backlog. One that
//! takes nothing is given less time the more waits for it. The time is an argument.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::Bytes;
use protocol::Limits;
use tokio::time::Instant;

/// Frames of one write.
const FRAMES: usize = 64;
/// Where there are few, the list of slices is short: filling it would cost more than sending them. A queue of so many is
/// not given back when it is empty: the next frame would need it.
const FRAMES_FEW: usize = 4;
/// More than this is more than one look of a reader brings.
const BEHIND_BYTES: usize = 16 * 1024;
/// With much behind it, a reader has this part of the usual time to take something.
const HASTE: u32 = 4;

/// Frames in their order, and how its reader gets on with them.
#[derive(Default)]
pub(super) struct Outbound {
    frames: VecDeque<Bytes>,
    /// Bytes of frames that were kept for the connection before it began: they were bounded then, and are not held
    /// against it now.
    owed: usize,
    /// Bytes behind those and not written, also of frames that the connection has in its hands.
    unwritten: usize,
    /// When the reader last took something, or something began to wait for it.
    moved_at: Option<Instant>,
}

/// The reader has to go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Outbound {
    /// For a connection that begins with these.
    pub(super) fn owing(frames: VecDeque<Bytes>) -> Self {
        let owed = frames.iter().map(Bytes::len).sum();
        Self { frames, owed, unwritten: 0, moved_at: None }
    }

    /// Whether more waits than is written at once.
    pub(super) const fn is_behind(&self) -> bool {
        self.waiting() > BEHIND_BYTES
    }

    /// Bytes that are not written.
    pub(super) const fn waiting(&self) -> usize {
        self.owed + self.unwritten
    }

    /// One more frame. `is_written_soon`: by the flusher, which looks at the time where the reader does not take it.
    pub(super) fn push(
        &mut self,
        frame: Bytes,
        limits: &Limits,
        is_written_soon: bool,
        now: impl FnOnce() -> Instant,
    ) -> Result<(), TooSlow> {
        let usual = bytes(limits.unwritten_bytes_max);
        self.unwritten += frame.len();
        if self.unwritten > usual.max(bytes(limits.backlog_bytes_max)) {
            return Err(TooSlow);
        }
        // The time is of interest only where much waits, or begins to.
        let begins_to_wait = self.moved_at.is_none() && !is_written_soon;
        if begins_to_wait || self.unwritten > usual {
            let now = now();
            let moved_at = *self.moved_at.get_or_insert(now);
            let patience = Duration::from_millis(limits.unwritten_ms_max) / HASTE;
            if self.unwritten > usual && now.saturating_duration_since(moved_at) > patience {
                return Err(TooSlow);
            }
        }
        self.frames.push_back(frame);
        Ok(())
    }

    /// Writes from the front until nothing waits or the line does not take all that it is given; then what is left of the
    /// frame that it took in part is the error.
    pub(super) fn write(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
        now: impl FnOnce() -> Instant,
    ) -> Result<(), Bytes> {
        let mut count = 0;
        let rest = loop {
            let (written, wanted) = match self.frames.len() {
                0 => break None,
                1 => write_first::<1>(&self.frames, &mut write),
                2..=FRAMES_FEW => write_first::<FRAMES_FEW>(&self.frames, &mut write),
                _ => write_first::<FRAMES>(&self.frames, &mut write),
            };
            count += written;
            let rest = self.forget(written);
            if written < wanted {
                break Some(rest);
            }
        };
        if self.frames.is_empty() && self.frames.capacity() > FRAMES_FEW {
            self.frames = VecDeque::new();
        }
        if rest.is_some() || count > 0 {
            self.wrote(count, now);
        }
        rest.map_or(Ok(()), Err)
    }

    /// The line has so many bytes from the front; answers what is left of the frame that it has in part.
    fn forget(&mut self, mut written: usize) -> Bytes {
        while let Some(first) = self.frames.pop_front() {
            if written < first.len() {
                if written > 0 {
                    return first.slice(written..);
                }
                self.frames.push_front(first);
                break;
            }
            written -= first.len();
        }
        Bytes::new()
    }

    /// Everything, to be written.
    pub(super) fn take(&mut self) -> Option<VecDeque<Bytes>> {
        (!self.frames.is_empty()).then(|| std::mem::take(&mut self.frames))
    }

    /// The reader took so many bytes of what was taken for it.
    pub(super) fn wrote(&mut self, count: usize, now: impl FnOnce() -> Instant) {
        let of_owed = count.min(self.owed);
        self.owed -= of_owed;
        self.unwritten = self.unwritten.saturating_sub(count - of_owed);
        self.moved_at = (self.owed + self.unwritten > 0).then(now);
    }

    /// Nothing of it is to be written.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Writes the first frames, as many as there are slices; how much was taken, and how much was there.
fn write_first<const N: usize>(
    frames: &VecDeque<Bytes>,
    write: &mut impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
) -> (usize, usize) {
    let (mut slices, mut filled, mut wanted) = ([IoSlice::new(&[]); N], 0, 0);
    for (slice, frame) in slices.iter_mut().zip(frames) {
        *slice = IoSlice::new(frame);
        filled += 1;
        wanted += frame.len();
    }
    (write(slices.get(..filled).unwrap_or_default()).unwrap_or(0), wanted)
}

fn bytes(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRAME: usize = 16 * 1024;

    fn frame() -> Bytes {
        Bytes::from(vec![b'x'; FRAME])
    }

    /// Pushes until the reader has to go; how many frames waited then. It takes `takes` of them before each push, and
    /// `between` passes.
    fn until_too_slow(takes: usize, between: Duration) -> Option<usize> {
        let (limits, mut now, mut out) = (Limits::default(), Instant::now(), Outbound::default());
        for pushed in 0..1_000 {
            if out.push(frame(), &limits, false, || now).is_err() {
                return Some(pushed);
            }
            out.take();
            now += between;
            if takes > 0 {
                out.wrote(takes, || now);
            }
        }
        None
    }

    #[test]
    fn a_burst_is_not_held_against_a_reader_and_has_an_end() {
        // Sixteen times what was a slow reader's end before.
        assert_eq!(until_too_slow(0, Duration::ZERO), Some(2 * 1024 * 1024 / FRAME));
        assert_eq!(until_too_slow(FRAME, Duration::from_secs(1)), None, "who keeps up is never slow");
        assert_eq!(until_too_slow(FRAME / 2, Duration::from_secs(1)), Some(255), "who falls behind is, at the end");
    }

    #[test]
    fn who_takes_nothing_has_less_time_the_more_waits() {
        // At 256 KiB, and 2.5 s after the first frame began to wait.
        assert_eq!(until_too_slow(0, Duration::from_millis(100)), Some(26));
        assert_eq!(until_too_slow(0, Duration::from_millis(500)), Some(16));
    }

    #[test]
    fn what_was_owed_from_before_is_not_counted() {
        let (limits, now) = (Limits::default(), Instant::now());
        let mut out = Outbound::owing((0..1_000).map(|_| frame()).collect());
        assert_eq!(out.push(frame(), &limits, false, || now), Ok(()));
        assert_eq!(out.take().map(|frames| frames.len()), Some(1_001));
        out.wrote(1_000 * FRAME, || now);
        let fits = bytes(limits.backlog_bytes_max) / FRAME;
        assert_eq!((1..2 * fits).find(|_| out.push(frame(), &limits, false, || now).is_err()), Some(fits));
    }

    proptest! {
        #[test]
        fn whatever_the_line_takes_each_byte_is_written_once(
            lens in prop::collection::vec(0_usize..40, 0..150),
            takes in prop::collection::vec(0_usize..300, 0..40),
        ) {
            let frames: Vec<Bytes> = lens.iter().zip(0_u8..).map(|(&len, byte)| vec![byte; len].into()).collect();
            let (limits, now, mut out) = (Limits::default(), Instant::now(), Outbound::default());
            let mut line = Vec::<u8>::new();
            for frame in &frames {
                prop_assert_eq!(out.push(frame.clone(), &limits, true, || now), Ok(()));
            }
            prop_assert!(out.moved_at.is_none(), "nobody looked at the time");
            for take in takes.into_iter().chain([usize::MAX]) {
                let written = out.write(|parts| {
                    let offered: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
                    let taken = take.min(offered.len());
                    line.extend(&offered[..taken]);
                    Ok(taken)
                }, || now);
                if let Err(rest) = written {
                    prop_assert_eq!(out.moved_at, Some(now));
                    out.wrote(rest.len(), || now);
                    line.extend(&rest);
                }
            }
            prop_assert_eq!(line, frames.concat());
            prop_assert!(out.frames.is_empty() && out.unwritten == 0 && out.moved_at.is_none());
        }
    }
}
