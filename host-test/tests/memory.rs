//! Memory that hostile plugins and files take: the process gets it back, whichever way they are called. Alone in its
//! binary: it is about the memory of the whole process.

use std::time::Duration;

use host_test::{
    crash, hostile_version, load, misdeed,
    ways::{Way, Ways},
};
use memory_stats::memory_stats;
use pointsman_host::{Host, Limits};

/// Memory that the allocator and the warm part of an instance may keep, in bytes: less than any of the misdeeds takes.
const KEPT: usize = 24 << 20;

/// Times that each misdeed is done in each way: what is lost each time adds up.
const TIMES: usize = 2;

const MISDEEDS: [&str; 12] = [
    "none",
    "loop_forever",
    "grow_memory",
    "trap",
    "recurse_forever",
    "long_string",
    "long_list",
    "not_utf8",
    "wild_pointer",
    "unknown_id",
    "ten_million_ids",
    "gigabyte_string",
];

fn resident() -> usize {
    memory_stats().expect("the system tells").physical_mem
}

#[test]
fn memory_comes_back() {
    let limits = Limits { time: Duration::from_millis(100), ..Limits::default() };
    let host = Host::new(limits).unwrap();
    // Enough memory to make what is then too much to return.
    let roomy = Host::new(Limits { memory: 2 << 30, time: Duration::from_secs(5), ..Limits::default() }).unwrap();
    let (mut ways, roomy) = (Ways::new(&host), load(&roomy, "guests/hostile.wasm"));
    // What each comes to is what other tests are about.
    let mut do_it = |way, word| drop(ways.call(way, &[], &misdeed(word)));
    for word in MISDEEDS {
        for way in Way::all() {
            do_it(way, word);
        }
    }
    let before = resident();

    for word in MISDEEDS {
        for way in Way::all() {
            for _ in 0..TIMES {
                do_it(way, word);
            }
            let after = resident();
            assert!(after < before + KEPT, "`{word}`, {way:?}: {before} bytes before, {after} after");
        }
    }
    // A gigabyte each.
    for _ in 0..2 {
        let _ = roomy.evaluate_cycle(&[], &misdeed("gigabyte_string"));
    }
    assert!(resident() < before + KEPT, "a gigabyte: {before} bytes before, {} after", resident());
    // What is refused before it is compiled, and what is compiled and then refused.
    for file in crash::files() {
        let loaded = resident();
        for _ in 0..TIMES {
            host.load_bytes(&file.name, &file.bytes).unwrap_err();
        }
        assert!(resident() < loaded + KEPT, "{}: {loaded} bytes before, {} after", file.name, resident());
    }
    for mode in ["loop-in-describe", "schema-long"] {
        let liar = host.load_bytes(mode, &hostile_version(mode)).unwrap();
        let loaded = resident();
        for _ in 0..TIMES {
            liar.describe().unwrap_err();
        }
        assert!(resident() < loaded + KEPT, "`{mode}`: {loaded} bytes before, {} after", resident());
    }
}
