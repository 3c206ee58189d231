//! Snapshots that a relay sends to spectators.
#![no_main]

libfuzzer_sys::fuzz_target!(|input| fuzz::snapshots::check(input));
