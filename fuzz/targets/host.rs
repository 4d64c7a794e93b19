#![no_main]
#![allow(dead_code, reason = "each target uses a part of what they share")]

#[path = "../../host-test/tests/fuzz/alike.rs"]
mod alike;
#[path = "../../host-test/tests/fuzz/hosts.rs"]
mod hosts;
#[path = "../../hosts/loader/tests/support/promises.rs"]
mod promises;
#[path = "../../host-test/tests/fuzz/run.rs"]
mod run;
#[path = "../../hosts/loader/tests/support/structured.rs"]
mod structured;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let case = structured::case(bytes);
    alike::hold(&case);
    hosts::hold(&case);
});
