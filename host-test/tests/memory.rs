//! What hostile plugins take, the process gets back. Alone in its binary: it is about the memory of the whole process.

use std::time::Duration;

use host_test::{hostile_version, load, misdeed};
use memory_stats::memory_stats;
use pointsman::json::Request;
use pointsman_host::{Host, Limits, Plugin};

/// What the allocator and the warm part of an instance may keep, in bytes: less than any of the misdeeds takes.
const KEPT: usize = 24 << 20;

/// How often each misdeed is done: what is lost each time adds up.
const TIMES: usize = 10;

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

fn through_both_doors(plugin: &Plugin, word: &str) {
    // What each comes to is what other tests are about.
    let _ = plugin.evaluate_cycle(&[], &misdeed(word));
    let request = serde_json::to_string(&[Request { routes: vec![], spec: misdeed(word) }]).unwrap();
    let _ = plugin.evaluate_cycles_json(&request);
}

#[test]
fn memory_comes_back() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let host = Host::new(limits).unwrap();
    // Enough memory to make what is then too much to return.
    let roomy = Host::new(Limits { memory: 2 << 30, time: Duration::from_secs(5), ..Limits::default() }).unwrap();
    let (plugin, roomy) = (load(&host, "guests/hostile.wasm"), load(&roomy, "guests/hostile.wasm"));
    for word in MISDEEDS {
        through_both_doors(&plugin, word);
    }
    let before = resident();

    for word in MISDEEDS {
        for _ in 0..TIMES {
            through_both_doors(&plugin, word);
        }
        let after = resident();
        assert!(after < before + KEPT, "`{word}`: {before} bytes before, {after} after");
    }
    // A gigabyte each.
    for _ in 0..2 {
        let _ = roomy.evaluate_cycle(&[], &misdeed("gigabyte_string"));
    }
    assert!(resident() < before + KEPT, "a gigabyte: {before} bytes before, {} after", resident());
    for mode in ["loop-in-describe", "schema-long"] {
        let liar = host.load_bytes(mode, &hostile_version(mode)).unwrap();
        let loaded = resident();
        for _ in 0..TIMES {
            liar.describe().unwrap_err();
        }
        assert!(resident() < loaded + KEPT, "`{mode}`: {loaded} bytes before, {} after", resident());
    }
}
