//! `SQLite`'s own heap forgets, too: what it frees is cleared first, as the program's allocator does.
//!
//! It is written in C and asks C's allocator, through a table of functions that may be exchanged before the first use.
//! Only `free` and `realloc` are; the rest stays as `SQLite` brings it.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use rusqlite::ffi;

/// The functions that were there before.
struct Before {
    malloc: unsafe extern "C" fn(c_int) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void),
    size: unsafe extern "C" fn(*mut c_void) -> c_int,
}

static BEFORE: OnceLock<Before> = OnceLock::new();

/// Exchanges them, once, before the first connection. Returns whether freed memory is cleared from now on.
pub(super) fn forget_what_is_freed() -> bool {
    static DONE: OnceLock<bool> = OnceLock::new();
    *DONE.get_or_init(|| exchange() == Some(()))
}

#[expect(unsafe_code, reason = "the functions are set by a call of SQLite's C interface")]
fn exchange() -> Option<()> {
    let is_ok = |code: c_int| (code == ffi::SQLITE_OK).then_some(());
    // SAFETY: the table is a plain struct of pointers, for which zeros mean none; SQLite fills it.
    let mut methods: ffi::sqlite3_mem_methods = unsafe { std::mem::zeroed() };
    // SAFETY: the option takes a pointer to such a table and writes to it. Nobody uses SQLite yet: the call says so
    // otherwise, and changes nothing.
    is_ok(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods) })?;
    let before = Before { malloc: methods.xMalloc?, free: methods.xFree?, size: methods.xSize? };
    BEFORE.set(before).ok()?;
    methods.xFree = Some(free);
    methods.xRealloc = Some(realloc);
    // SAFETY: SQLite copies the table. The functions live as long as the program and may be called by any thread.
    is_ok(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) })?;
    // Small blocks come from a slab of each connection otherwise, and are freed into that without a call.
    // SAFETY: the option takes two integers.
    is_ok(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_LOOKASIDE, 0 as c_int, 0 as c_int) })
}

#[expect(unsafe_code, reason = "called by C")]
unsafe extern "C" fn free(block: *mut c_void) {
    let Some(before) = BEFORE.get().filter(|_| !block.is_null()) else { return };
    // SAFETY: SQLite frees what it was given by the functions before, whose size they know, and does not use it behind
    // this.
    unsafe {
        let size = (before.size)(block);
        forgetting::forget(block.cast(), usize::try_from(size).unwrap_or(0));
        (before.free)(block);
    }
}

#[expect(unsafe_code, reason = "called by C")]
unsafe extern "C" fn realloc(block: *mut c_void, size: c_int) -> *mut c_void {
    let Some(before) = BEFORE.get() else { return std::ptr::null_mut() };
    // SAFETY: both blocks are of the functions before and at least as long as what is copied; the old one is given back.
    unsafe {
        let new = (before.malloc)(size);
        if !new.is_null() && !block.is_null() {
            let bytes = (before.size)(block).min(size);
            new.cast::<u8>().copy_from_nonoverlapping(block.cast(), usize::try_from(bytes).unwrap_or(0));
            free(block);
        }
        new
    }
}
