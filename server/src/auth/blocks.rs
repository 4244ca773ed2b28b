//! Memory for one hash, from the system, and back to it as soon as the hash is done.
//!
//! The allocator would keep it: glibc maps what is larger than any block that was given back before, and takes the rest
//! from arenas, one for each of the threads that ever hashed. A pool of buffers would spare the few milliseconds that
//! fresh pages cost, but holds what was derived from somebody's secret until the next one comes.

use std::ptr::{NonNull, null_mut};
use std::slice;

use argon2::Block;

#[cfg(target_os = "linux")]
const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_POPULATE;
#[cfg(not(target_os = "linux"))]
const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON;

/// So many blocks of argon2, zeroed at first.
#[derive(Debug)]
pub(super) struct Blocks {
    start: NonNull<Block>,
    count: usize,
}

impl Blocks {
    /// `None` where the system has no memory, or none was asked for.
    pub(super) fn map(count: usize) -> Option<Self> {
        let bytes = count.checked_mul(Block::SIZE).filter(|bytes| *bytes > 0)?;
        #[expect(unsafe_code, reason = "the standard library maps no memory")]
        // SAFETY: a private mapping of fresh memory at an address that the system chooses touches nothing that exists.
        let start = unsafe { libc::mmap(null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, FLAGS, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        Some(Self { start: NonNull::new(start.cast())?, count })
    }
}

impl AsMut<[Block]> for Blocks {
    fn as_mut(&mut self) -> &mut [Block] {
        #[expect(unsafe_code, reason = "the memory is not the allocator's")]
        // SAFETY: the mapping is as long as so many blocks, begins at a page and so is aligned for them, is zeroed,
        // which is a block of numbers, and is borrowed as long as the slice is.
        unsafe {
            slice::from_raw_parts_mut(self.start.as_ptr(), self.count)
        }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "the memory is not the allocator's")]
        // SAFETY: start and length are those of a mapping that nobody else knows; it is not used after this.
        unsafe {
            libc::munmap(self.start.as_ptr().cast(), self.count * Block::SIZE);
        }
    }
}

#[cfg(test)]
mod tests {
    use argon2::Block;

    use super::Blocks;

    #[test]
    fn blocks_are_zeroed_and_can_be_written() {
        let mut blocks = Blocks::map(100).expect("there is memory");
        assert_eq!(blocks.as_mut().len(), 100);
        let sum = |blocks: &mut Blocks| -> u64 { blocks.as_mut().iter().flat_map(AsRef::as_ref).sum() };
        assert_eq!(sum(&mut blocks), 0);
        blocks.as_mut()[99] = Block::new();
        assert!(Blocks::map(0).is_none() && Blocks::map(usize::MAX).is_none());
    }
}
