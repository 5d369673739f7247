//! Where the C code of tree-sitter takes memory for one file: a block per thread that is given back all at once.
//!
//! A tree is many small pieces that die together. Taking each from the general allocator and giving each back was a tenth of
//! all that parsing costs; here taking is an addition, and giving back is one store for the whole file. What does not
//! fit the block comes from Rust's own allocator, so that no file is too large.
//!
//! The only unsafe code of the crate. What it rests on: everything taken while an [`Entered`] lives is given up before the outermost one
//! of its thread ends ([`super::parser`] sees to that), and no tree leaves its thread.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Once;

/// Bytes of one thread's block; only what is touched becomes memory. A Python file of about 100 kB fits.
const BLOCK: usize = 4 << 20;

/// What C expects of any piece, and the room before each for its size.
const ALIGN: usize = 16;

/// The block of a thread, and how far it is taken.
struct Arena {
    start: Cell<*mut u8>,
    /// Offset of the first free byte; a multiple of [`ALIGN`].
    top: Cell<usize>,
    /// How many [`Entered`] live.
    depth: Cell<u32>,
    /// How many pieces that did not fit are not given back yet.
    outside: Cell<usize>,
}

thread_local! {
    static ARENA: Arena = const {
        Arena { start: Cell::new(ptr::null_mut()), top: Cell::new(0), depth: Cell::new(0), outside: Cell::new(0) }
    };
    /// Frees the block when the thread ends. Apart from [`ARENA`], which is thus reached without a check.
    static OWNER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// While it lives, what tree-sitter takes on this thread comes from the block.
pub(super) struct Entered(PhantomData<*const ()>);

impl Entered {
    pub(super) fn new() -> Entered {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let allocator = tree_sitter::Allocator { malloc, calloc, realloc, free };
            // SAFETY: one family, never null, aligned to 16; no tree-sitter object is made but through this module.
            unsafe { tree_sitter::set_allocator(Some(allocator)) };
        });
        ARENA.with(|arena| {
            if arena.start.get().is_null() {
                OWNER.with_borrow_mut(|block| {
                    block.reserve_exact(BLOCK + ALIGN);
                    let start = block.as_mut_ptr();
                    arena.start.set(start.wrapping_add(start.align_offset(ALIGN)));
                });
            }
            arena.depth.set(arena.depth.get() + 1);
        });
        Entered(PhantomData)
    }

    /// Whether all that is still taken will be given back with the block, so that nothing needs to be freed by itself.
    pub(super) fn holds_all(&self) -> bool {
        ARENA.with(|arena| arena.outside.get() == 0)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ARENA.with(|arena| {
            arena.depth.set(arena.depth.get() - 1);
            if arena.depth.get() == 0 {
                arena.top.set(0);
            }
        });
    }
}

impl Arena {
    /// A piece of the block, its size written before it; null if there is no room.
    fn take(&self, size: usize) -> *mut u8 {
        let top = self.top.get();
        let room = BLOCK - top;
        if self.depth.get() == 0 || size > room || padded(size) > room {
            return ptr::null_mut();
        }
        self.top.set(top + padded(size));
        // SAFETY: `top + padded(size)` lies inside the block, which lives as long as its thread.
        unsafe {
            let head = self.start.get().add(top);
            head.cast::<usize>().write(size);
            head.add(ALIGN)
        }
    }

    fn has(&self, piece: *mut u8) -> bool {
        (piece as usize).wrapping_sub(self.start.get() as usize) < BLOCK
    }

    /// Makes a piece of the block longer where it lies, if it is the last that was taken and there is room. Shorter it always is.
    fn grow(&self, piece: *mut u8, old: usize, new: usize) -> bool {
        if new <= old {
            return true;
        }
        if !self.is_last(piece, old) {
            return false;
        }
        let start = self.top.get() - padded(old);
        if new > BLOCK - start || padded(new) > BLOCK - start {
            return false;
        }
        self.top.set(start + padded(new));
        // SAFETY: every piece has room for its size before it.
        unsafe { piece.sub(ALIGN).cast::<usize>().write(new) };
        true
    }

    /// Whether the piece is the last that was taken.
    fn is_last(&self, piece: *mut u8, size: usize) -> bool {
        piece as usize - ALIGN + padded(size) == self.start.get() as usize + self.top.get()
    }
}

/// The bytes that a piece of `size` takes with its head.
fn padded(size: usize) -> usize {
    ALIGN + size.next_multiple_of(ALIGN)
}

fn layout(size: usize) -> Layout {
    match Layout::from_size_align(size.saturating_add(ALIGN), ALIGN) {
        Ok(layout) => layout,
        Err(_) => std::process::abort(),
    }
}

/// A piece from Rust's allocator, its size written before it.
fn outside(arena: &Arena, size: usize, taken: unsafe fn(Layout) -> *mut u8) -> *mut u8 {
    let layout = layout(size);
    // SAFETY: the layout is not empty, and its first 16 bytes have room for the size.
    unsafe {
        let head = taken(layout);
        if head.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        arena.outside.set(arena.outside.get() + 1);
        head.cast::<usize>().write(size);
        head.add(ALIGN)
    }
}

extern "C" fn malloc(size: usize) -> *mut c_void {
    ARENA.with(|arena| {
        let piece = arena.take(size);
        if piece.is_null() { outside(arena, size, alloc) } else { piece }.cast()
    })
}

extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else { std::process::abort() };
    ARENA.with(|arena| {
        let piece = arena.take(size);
        if piece.is_null() {
            return outside(arena, size, alloc_zeroed).cast();
        }
        // SAFETY: the piece has `size` bytes.
        unsafe { piece.write_bytes(0, size) };
        piece.cast()
    })
}

unsafe extern "C" fn realloc(piece: *mut c_void, size: usize) -> *mut c_void {
    if piece.is_null() {
        return malloc(size);
    }
    let piece = piece.cast::<u8>();
    ARENA.with(|arena| {
        // SAFETY: every piece has its size before it.
        let old = unsafe { piece.sub(ALIGN).cast::<usize>().read() };
        if arena.has(piece) && arena.grow(piece, old, size) {
            return piece.cast();
        }
        let new = malloc(size);
        // SAFETY: both have so many bytes, and a new piece overlaps none that lives.
        unsafe {
            ptr::copy_nonoverlapping(piece, new.cast(), old.min(size));
            free(piece.cast());
        }
        new
    })
}

unsafe extern "C" fn free(piece: *mut c_void) {
    if piece.is_null() {
        return;
    }
    let piece = piece.cast::<u8>();
    ARENA.with(|arena| {
        // SAFETY: every piece has its size before it.
        let size = unsafe { piece.sub(ALIGN).cast::<usize>().read() };
        if !arena.has(piece) {
            arena.outside.set(arena.outside.get() - 1);
            // SAFETY: `outside` took it with this layout.
            unsafe { dealloc(piece.sub(ALIGN), layout(size)) };
        } else if arena.is_last(piece, size) {
            arena.top.set(arena.top.get() - padded(size));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A piece whose bytes are all `with`.
    fn filled(size: usize, with: u8) -> *mut c_void {
        let piece = malloc(size);
        // SAFETY: it has so many bytes.
        unsafe { piece.cast::<u8>().write_bytes(with, size) };
        piece
    }

    fn holds(piece: *mut c_void, size: usize, with: u8) -> bool {
        // SAFETY: it has so many bytes, all written.
        unsafe { std::slice::from_raw_parts(piece.cast::<u8>(), size) }.iter().all(|&byte| byte == with)
    }

    fn taken() -> usize {
        ARENA.with(|arena| arena.top.get())
    }

    #[test]
    fn pieces_are_apart_and_aligned_and_given_back_together() {
        let entered = Entered::new();
        let pieces: Vec<_> = (0..200_u8).map(|n| (filled(usize::from(n), n), n)).collect();
        for &(piece, n) in &pieces {
            assert!(holds(piece, n.into(), n) && (piece as usize).is_multiple_of(ALIGN), "{n}");
        }
        assert!(entered.holds_all() && taken() > 200);
        drop(entered);
        assert_eq!(taken(), 0);
    }

    #[test]
    fn zeroed_pieces_are_zero_where_others_have_been() {
        for _ in 0..2 {
            let _entered = Entered::new();
            assert!(holds(calloc(9, 9), 81, 0));
            filled(500, 7);
        }
    }

    #[test]
    fn pieces_keep_what_they_hold_when_they_grow() {
        let entered = Entered::new();
        let first = filled(10, 1);
        // SAFETY: what is grown or freed was taken here, and is not used after.
        unsafe {
            let last = realloc(first, 1_000);
            assert!(last == first && holds(last, 10, 1), "the last one grows where it lies");
            filled(3, 2);
            let moved = realloc(last, 2_000);
            assert!(moved != last && holds(moved, 10, 1));
            let outside = realloc(moved, BLOCK);
            assert!(holds(outside, 10, 1) && !entered.holds_all());
            let wider = realloc(outside, 2 * BLOCK);
            assert!(holds(wider, 10, 1));
            free(wider);
            free(ptr::null_mut());
        }
        assert!(entered.holds_all());
    }

    #[test]
    fn what_was_taken_last_is_taken_again() {
        let _entered = Entered::new();
        let before = taken();
        // SAFETY: it is not used after.
        unsafe { free(filled(100, 1)) };
        assert_eq!(taken(), before);
    }

    #[test]
    fn a_full_block_is_no_end() {
        let entered = Entered::new();
        let pieces: Vec<_> = (0..80_u8).map(|n| filled(100_000, n)).collect();
        assert!(!entered.holds_all());
        for (n, piece) in (0..80).zip(pieces) {
            assert!(holds(piece, 100_000, n));
            // SAFETY: it is not used after.
            unsafe { free(piece) };
        }
        assert!(entered.holds_all());
    }

    #[test]
    fn without_a_file_nothing_of_the_block_is_taken() {
        let outer = Entered::new();
        let inner = Entered::new();
        drop(inner);
        filled(1, 1);
        assert!(outer.holds_all());
        drop(outer);
        let piece = filled(1, 1);
        assert_eq!(taken(), 0);
        // SAFETY: it is not used after.
        unsafe { free(piece) };
    }
}
