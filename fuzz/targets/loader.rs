#![no_main]
#![allow(dead_code, reason = "each target uses a part of what they share")]

//! The loader by itself, with how much memory it takes.

#[path = "../../hosts/loader/tests/support/promises.rs"]
mod promises;
#[path = "../../hosts/loader/tests/support/structured.rs"]
mod structured;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// Memory that a file may take, in bytes, and bytes for each byte of it besides. Hosts give the loader eight times as
/// much, for what no small file does.
const BASE: usize = 8 << 20;
const FACTOR: usize = 64;

/// Where the files are put, if anywhere, for hosts in other languages to start from.
static FOLDER: LazyLock<Option<PathBuf>> = LazyLock::new(|| env::var_os("POINTSMAN_STRUCTURED").map(PathBuf::from));

#[global_allocator]
static MEMORY: Memory = Memory { taken: AtomicUsize::new(0), most: AtomicUsize::new(0) };

/// The system's memory, counted.
struct Memory {
    taken: AtomicUsize,
    most: AtomicUsize,
}

// SAFETY: all of it is the system's to do.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let taken = self.taken.fetch_add(layout.size(), Relaxed) + layout.size();
        self.most.fetch_max(taken, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.taken.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let case = structured::case(bytes);
    if let Some(folder) = &*FOLDER {
        let mut name = DefaultHasher::new();
        case.file.hash(&mut name);
        fs::write(folder.join(format!("{:016x}.wasm", name.finish())), &case.file).expect("it is a folder");
    }
    let before = MEMORY.taken.load(Relaxed);
    MEMORY.most.store(before, Relaxed);
    promises::hold(&case);
    let taken = MEMORY.most.load(Relaxed) - before;
    assert!(taken <= BASE + FACTOR * case.file.len(), "{taken} bytes for a file of {}", case.file.len());
});
