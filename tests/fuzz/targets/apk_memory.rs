//! Alpine's database of installed packages, and how much memory its tables take.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use libfuzzer_sys::fuzz_target;
use muslrepair::resolve::ApkDatabase;

/// The system's allocator, which counts what is in use, and the most that was.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(now, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a byte of the text may take. The shortest line that counts has 3 bytes with its line feed, and its entry in a table
/// that grows by doubling takes 16, twice while it is moved; the text itself is held once.
const PER_BYTE: usize = 24;

/// What is taken whatever the text is.
const ALWAYS: usize = 64 << 10;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // Many times the text, as what grows too fast shows in large ones.
    let text = text.repeat(200);
    let before = IN_USE.load(Relaxed);
    MOST.store(before, Relaxed);
    let database = ApkDatabase::parse(&text);
    let taken = MOST.load(Relaxed).saturating_sub(before);
    assert!(taken <= text.len() * PER_BYTE + ALWAYS, "{taken} bytes for a text of {}", text.len());
    drop(database);
});
