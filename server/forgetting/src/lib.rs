//! Memory that forgets: an allocator that clears each block before it is given back.
//!
//! An allocator hands freed memory to whoever asks next and leaves the old content in it until then, which may be hours.
//! For a server that promises to keep nothing, a message that was freed has to be gone. The crate depends on nothing
//! and decides nothing: it must not look at what it clears.
//!
//! Crates that do this were looked at and not taken: they wrap `realloc` by its default and leave the clearing to
//! stores that an optimiser may drop, or clear byte by byte, which costs several times as much.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, with every block cleared when it is freed, and also when it grows, shrinks or moves.
///
/// It covers what is allocated by Rust's global allocator. Libraries written in C have their own (`SQLite`: see the
/// store); for stacks there is [`clear_stack`], and the kernel's socket buffers nobody here can clear.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetting;

#[expect(unsafe_code, reason = "an allocator is an unsafe trait; there is no other place to clear what is freed")]
// SAFETY: every call is handed to `System`, whose contract is the same. Between, only bytes of a block that the caller
// owns are written, and only when the block is about to be given back.
unsafe impl GlobalAlloc for Forgetting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's, is as long as its layout says, and is not used behind this.
        unsafe {
            forget(block, layout.size());
            System.dealloc(block, layout);
        }
    }

    /// Always a new block: the system's `realloc` may move, and then leaves the old content behind.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `size`, rounded up to the alignment, does not overflow.
        let new = unsafe { System.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both blocks are at least so long and are two; the old one is the caller's to give back.
            unsafe {
                new.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
        }
        new
    }
}

/// Clears memory that is kept and used again, such as the spare part of a buffer.
pub fn clear(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

/// How much of a stack is cleared. What handles a text goes less deep, but for a page that is rendered. Without
/// optimisation every temporary has a place of its own, and frames are several times as large.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 256 } else { 64 } * 1024;

/// Clears what earlier calls have left on this thread's stack: short words, and the halves of longer ones that were
/// copied by wide registers. To be called where the thread has nothing to do, at a depth from which work is called.
#[expect(clippy::large_stack_arrays, reason = "it is the stack that is cleared")]
#[inline(never)]
pub fn clear_stack() {
    let mut below = [0_u8; STACK_BYTES];
    std::hint::black_box(&mut below);
}

/// Writes zeros that no optimiser takes away, over a block that is about to be freed.
///
/// # Safety
/// The block is valid for writes of `size` bytes.
#[expect(unsafe_code, reason = "the block is known by its address only, and the barrier is assembly")]
#[inline]
pub unsafe fn forget(block: *mut u8, size: usize) {
    // SAFETY: the caller's promise. The assembly is empty; for all that the compiler knows it reads the block, so the
    // stores before it stay (they would be dead before a call of `free`).
    unsafe {
        block.write_bytes(0, size);
        std::arch::asm!("/* {0} */", in(reg) block, options(nostack, preserves_flags, readonly));
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::{GlobalAlloc as _, Layout};

    use super::{Forgetting, clear};

    /// The block's bytes behind its first 64, in which the system's allocator keeps its own notes once it is free.
    fn behind_notes(block: *const u8, size: usize) -> Vec<u8> {
        #[expect(unsafe_code, reason = "whether freed memory is cleared can only be seen in freed memory")]
        // SAFETY: the block is freed but still mapped (small blocks stay in the process), it is read as bytes without a
        // value's type, and nothing else allocates between.
        (64..size).map(|at| unsafe { block.add(at).read_volatile() }).collect()
    }

    #[test]
    fn a_block_that_is_given_back_or_moved_is_cleared() {
        let (size, layout) = (4_096, Layout::from_size_align(4_096, 8).expect("is a layout"));
        #[expect(unsafe_code, reason = "an allocator is called by unsafe functions")]
        // SAFETY: each block is written within its size and given back once.
        let (moved, kept, freed) = unsafe {
            let block = Forgetting.alloc(layout);
            block.write_bytes(b'x', size);
            let larger = Forgetting.realloc(block, layout, 2 * size);
            let moved = behind_notes(block, size);
            let kept = std::slice::from_raw_parts(larger, size).to_vec();
            let doubled = Layout::from_size_align_unchecked(2 * size, 8);
            let smaller = Forgetting.realloc(larger, doubled, size);
            Forgetting.dealloc(smaller, layout);
            (moved, kept, behind_notes(smaller, size))
        };
        assert!(kept.iter().all(|byte| *byte == b'x'), "the content goes along");
        assert!(!moved.contains(&b'x') && !freed.contains(&b'x'));
    }

    #[test]
    fn what_is_kept_is_cleared_where_it_stands() {
        let mut bytes = *b"a message";
        clear(&mut bytes);
        assert_eq!(bytes, [0; 9]);
    }
}
