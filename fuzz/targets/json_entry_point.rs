#![no_main]
#![allow(dead_code, reason = "each target uses a part of what they share")]

#[path = "../../tests/support/fuzz.rs"]
mod fuzz;
#[path = "../../tests/support/oracle/mod.rs"]
mod oracle;
#[path = "../../tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::json_entry_point(bytes));
